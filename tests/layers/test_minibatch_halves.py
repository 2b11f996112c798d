"""MinibatchHalves against the released ImageNet code's formula in NumPy, and its properties."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.layers import MinibatchHalves
from tfgan_improved.ops import closeness


def oracle(x, t, kernels, dims):
    """As the code has it: a mask over all pairs, zero on the diagonal, divided by its sum over one half."""
    half = len(x) // 2
    m = (x.astype("float64") @ np.asarray(t, "float64")).reshape(len(x), kernels, dims)
    e = np.exp(-np.abs(m[:, None] - m[None]).sum(-1))
    mask = 1.0 - np.eye(len(x))
    both = [(e * mask[:, :, None])[:, part].sum(1) / mask[:, part].sum() for part in (slice(half), slice(half, None))]
    return np.concatenate(both, axis=1)


def rows(n):
    return np.random.default_rng(n).normal(size=(n, 4)).astype("float32")


@pytest.mark.parametrize("n", [2, 6, 22, 80])
def test_value(n):
    x, layer = rows(n), MinibatchHalves(kernels=3, dims=2)
    got = np.asarray(layer(x))
    np.testing.assert_array_equal(got[:, :4], x)
    np.testing.assert_allclose(got[:, 4:], oracle(x, layer.T, 3, 2), rtol=1e-5, atol=1e-9)


def test_gradient():
    """Along a random direction of the input and T, in float64, in blocks and not."""
    x, random = rows(10).astype("float64"), np.random.default_rng(0)
    layer = MinibatchHalves(kernels=3, dims=2, dtype="float64")
    layer.build(x.shape)
    values = [x, np.asarray(layer.T)]
    steps = [random.normal(size=value.shape) for value in values]
    with tf.GradientTape() as tape:
        variable = tf.Variable(x)
        total = tf.reduce_sum(tf.sin(50.0 * layer(variable)[:, 4:]))
    gradients = tape.gradient(total, [variable, layer.T.value])

    def loss(t):
        moved = [value + t * step for value, step in zip(values, steps)]
        return np.sin(50.0 * oracle(*moved, 3, 2)).sum()

    got = sum((np.asarray(a) * b).sum() for a, b in zip(gradients, steps, strict=True))
    np.testing.assert_allclose(got, (loss(1e-6) - loss(-1e-6)) / 2e-6, rtol=1e-6)


def test_blocks_give_the_same(monkeypatch):
    x, layer = tf.constant(rows(36)), MinibatchHalves(kernels=3, dims=2)

    def both():
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x)
            total = tf.reduce_sum(tf.sin(50.0 * y))
        return y, *tape.gradient(total, [x, layer.T.value])

    want = both()
    monkeypatch.setattr(closeness, "SMALL", 0)
    for a, b in zip(both(), want, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_sixteen_equal_real_and_generated_rows_of_the_code():
    """n = 16: the divisor is 496, not the 15 or 16 others of a row."""
    y = np.asarray(MinibatchHalves(kernels=2, dims=3)(np.ones((32, 4), "float32")))[:, 4:]
    np.testing.assert_allclose(y[:16], [[15 / 496] * 2 + [16 / 496] * 2] * 16, rtol=1e-6)
    np.testing.assert_allclose(y[16:], [[16 / 496] * 2 + [15 / 496] * 2] * 16, rtol=1e-6)


def test_starts_as_the_code_does():
    keras.utils.set_random_seed(0)
    layer = MinibatchHalves()
    layer.build((None, 64))
    assert [(v.name, v.shape) for v in layer.weights] == [("T", (64, 15_000))]
    assert np.std(layer.T) == pytest.approx(0.02, rel=0.01)


def test_any_even_batch_in_one_trace_and_no_odd_one():
    layer = MinibatchHalves(kernels=3, dims=2)
    function = tf.function(layer, input_signature=[tf.TensorSpec((None, 4))])
    for n in (2, 38):
        np.testing.assert_allclose(function(rows(n))[:, 4:], oracle(rows(n), layer.T, 3, 2), rtol=1e-5, atol=1e-9)
    with pytest.raises(tf.errors.InvalidArgumentError, match="received an odd number of rows; give D both parts"):
        function(rows(5))


def test_mixed_precision_saving_and_shapes(tmp_path):
    inputs = keras.Input((4,))
    model = keras.Model(inputs, MinibatchHalves(3, 2, dtype="mixed_bfloat16")(inputs))
    want = model(rows(6))
    assert model.output_shape == (None, 10) and want.shape == (6, 10) and want.dtype == tf.bfloat16
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "model.keras")(rows(6)), want)


def test_refuses_odd_batches_other_ranks_and_sizes():
    with pytest.raises(ValueError, match="wants n real and then n generated rows; received 5 rows; give D both parts"):
        MinibatchHalves(3, 2)(rows(5))
    with pytest.raises(ValueError, match=r"MinibatchHalves wants rank 2, \(n, f\); received shape \(2, 3, 4\)"):
        MinibatchHalves()(np.ones((2, 3, 4), "float32"))
    with pytest.raises(ValueError, match="MinibatchHalves must be whole numbers, at least 1; received 300, 0"):
        MinibatchHalves(dims=0)
