"""VirtualBatchNorm against its source's formulas written in NumPy, with its gradients, and what follows of them."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.layers import VirtualBatchNorm
from tfgan_improved.layers.virtual_batch_norm import live_pass, reference_pass

SHAPES = [((7, 5), (3, 5)), ((5, 4, 3, 2), (3, 4, 3, 2)), ((1, 2, 2, 3), (4, 2, 2, 3)), ((2, 1, 1, 4), (1, 1, 1, 4))]


def example(shape, seed=0, mean=2.0):
    return np.random.default_rng(seed).normal(mean, 3.0, size=shape)


def oracle(reference, x, gamma, beta, epsilon=1e-5):
    """(normalized reference, normalized x) by the released code's raw moments, in float64."""
    space = tuple(range(1, x.ndim - 1))
    mean_r, square_r = reference.mean((0, *space)), (reference**2).mean((0, *space))
    mean_i, square_i = x.mean(space, keepdims=True), (x**2).mean(space, keepdims=True)
    n = len(reference)
    mean, square = mean_i / (n + 1) + mean_r * n / (n + 1), square_i / (n + 1) + square_r * n / (n + 1)
    return (gamma * (reference - mean_r) / np.sqrt(epsilon + square_r - mean_r**2) + beta,
            gamma * (x - mean) / np.sqrt(epsilon + square - mean**2) + beta)


def built(channels, dtype="float32", **kwargs):
    layer = VirtualBatchNorm(gamma_initializer=keras.initializers.RandomNormal(1.0, 0.3, seed=1), dtype=dtype, **kwargs)
    layer.build((None, channels))
    if layer.beta is not None:
        layer.beta.assign(example((channels,), seed=2))
    return layer


def both(layer, reference, x):
    with reference_pass() as kept:
        first = layer(reference)
    with live_pass(kept):
        return first, layer(x)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shapes", SHAPES, ids=str)
def test_both_passes_match_numpy(shapes, dtype):
    reference, x, layer = example(shapes[0]), example(shapes[1], seed=1, mean=1.0), built(shapes[0][-1], dtype)
    want = oracle(reference, x, layer.gamma.numpy(), layer.beta.numpy())
    for got, right in zip(both(layer, reference.astype(dtype), x.astype(dtype)), want, strict=True):
        np.testing.assert_allclose(got, right, rtol=0, atol=1e-4 if dtype == "float32" else 1e-10)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shapes", SHAPES, ids=str)
def test_gradients_match_numpy_also_through_the_reference(shapes, dtype):
    layer = built(shapes[0][-1], dtype)
    values = [example(shapes[0]), example(shapes[1], seed=1, mean=1.0), layer.gamma.numpy().astype("float64"),
              layer.beta.numpy().astype("float64")]
    weights = example(shapes[0], seed=3), example(shapes[1], seed=4)

    def total(*values):
        return sum((np.tanh(part / 3.0) * weight).sum() for part, weight in zip(oracle(*values), weights))

    reference, x = (tf.constant(value, dtype) for value in values[:2])
    with tf.GradientTape() as tape:
        tape.watch([reference, x])
        score = sum(tf.reduce_sum(tf.tanh(part / 3.0) * weight) for part, weight in zip(
            both(layer, reference, x), weights))
    got = tape.gradient(score, [reference, x, layer.gamma.value, layer.beta.value])
    for index, gradient in enumerate(got):
        want = np.zeros_like(values[index])
        for place in np.ndindex(want.shape):
            moved = [[value.copy() for value in values] for _ in range(2)]
            moved[0][index][place] += 1e-5
            moved[1][index][place] -= 1e-5
            want[place] = (total(*moved[0]) - total(*moved[1])) / 2e-5
        np.testing.assert_allclose(gradient, want, rtol=0, atol=np.abs(want).max() * (
            2e-4 if dtype == "float32" else 1e-7) + 1e-7)


def test_an_example_feels_the_reference_and_itself_but_no_other():
    layer, reference, x = built(3), example((6, 4, 4, 3)).astype("float32"), example((5, 4, 4, 3), 1).astype("float32")
    y = both(layer, reference, x)[1].numpy()
    others = np.concatenate([x[:1], 100.0 * x[1:]])
    np.testing.assert_array_equal(both(layer, reference, others)[1][0], y[0])
    np.testing.assert_allclose(both(layer, reference, x[:1])[1][0], y[0], rtol=1e-6, atol=1e-6)
    assert np.abs(both(layer, 1.1 * reference, x)[1] - y).max() > 0.01
    own = x.copy()
    own[0, 0, 0] += 10.0  # moves the rest of the same example
    assert np.abs(both(layer, reference, own)[1][0, 1:] - y[0, 1:]).max() > 0.01


@pytest.mark.parametrize("shape", [(4, 3), (4, 2, 2, 3)])
def test_a_large_reference_gives_fixed_statistics(shape):
    layer, x = built(3), example(shape, seed=1, mean=1.0).astype("float32")
    errors = []
    for rows in (4, 40_000):
        reference = example((rows, *shape[1:])).astype("float32")
        axes = tuple(range(len(shape) - 1))
        mean, variance = reference.mean(axes, dtype="float64"), reference.var(axes, dtype="float64")
        want = layer.gamma.numpy() * (x - mean) / np.sqrt(variance + 1e-5) + layer.beta.numpy()
        errors.append(np.abs(both(layer, reference, x)[1] - want).max())
    assert errors[0] > 0.05 and errors[1] < 1e-3


@pytest.mark.parametrize("shape", [(6, 3), (6, 4, 4, 3)])
def test_a_large_mean_costs_no_accuracy(shape):
    """Where raw moments in float32 would lose the variance: (3000 / 3)^2 is 2^20."""
    layer = built(3)
    reference, x = (example(shape, seed, 3000.0).astype("float32") for seed in (0, 1))
    want = oracle(reference.astype("float64"), x.astype("float64"), layer.gamma.numpy(), layer.beta.numpy())
    for got, right in zip(both(layer, reference, x), want):
        np.testing.assert_allclose(got, right, rtol=0, atol=2e-3)


def derivatives(layer, reference, x, call):
    """First derivatives of a score, and the second ones that a gradient penalty needs."""
    variables = [layer.gamma.value, layer.beta.value]
    with tf.GradientTape() as outer:
        outer.watch([reference, x])
        with tf.GradientTape() as inner:
            inner.watch([reference, x])
            score = sum(tf.reduce_sum(tf.tanh(part / 3.0) * tf.cos(part)) for part in call(layer, reference, x))
        slopes = inner.gradient(score, [reference, x])
        penalty = sum(tf.reduce_sum(tf.sin(slope)) for slope in slopes)
    return [*slopes, *outer.gradient(penalty, [reference, x, *variables])]


def formula(layer, reference, x):
    """The released code's, written out, so that every derivative of it is right."""
    space = list(range(1, x.shape.rank - 1))
    n, gamma, beta = reference.shape[0], layer.gamma.value, layer.beta.value
    mean_r, square_r = tf.reduce_mean(reference, [0, *space]), tf.reduce_mean(tf.square(reference), [0, *space])
    mean_i, square_i = (tf.reduce_mean(part, space, keepdims=True) for part in (x, tf.square(x)))
    mean, square = (mean_i + n * mean_r) / (n + 1), (square_i + n * square_r) / (n + 1)
    return (gamma * (reference - mean_r) / tf.sqrt(1e-5 + square_r - mean_r**2) + beta,
            gamma * (x - mean) / tf.sqrt(1e-5 + square - mean**2) + beta)


@pytest.mark.parametrize(("shapes", "jit"), [(SHAPES[0], None), (SHAPES[1], None), (SHAPES[1], True)], ids=str)
def test_derivatives_of_both_orders_match_the_formula(shapes, jit):
    layer = built(shapes[0][-1])
    reference, x = (tf.constant(example(shape, seed), "float32") for seed, shape in enumerate(shapes))
    want = derivatives(layer, reference, x, formula)
    got = tf.function(lambda: derivatives(layer, reference, x, both), jit_compile=jit)()
    for one, other in zip(got, want, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-3, atol=5e-5 * float(tf.reduce_max(tf.abs(other))))


@pytest.mark.parametrize("shape", [(32, 4), (8, 3, 3, 4)])
@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "bfloat16"])
def test_statistics_are_float32_in_less(shape, dtype):
    reference, x = (100.0 + example(shape, seed, 0.0) / 3.0 for seed in (0, 1))  # bfloat16 would lose the deviation
    layer = VirtualBatchNorm(dtype=dtype)
    got = both(layer, tf.cast(reference, tf.bfloat16), tf.cast(x, tf.bfloat16))
    assert [part.dtype for part in got] == [tf.bfloat16] * 2
    assert {weight.dtype for weight in layer.weights} == {layer.variable_dtype}
    seen = [np.asarray(tf.cast(tf.cast(part, tf.bfloat16), tf.float64)) for part in (reference, x)]
    for one, other in zip(got, oracle(*seen, 1.0, 0.0)):
        np.testing.assert_allclose(tf.cast(one, tf.float64), other, atol=0.02, rtol=0.01)


def test_a_layer_used_twice_recalls_in_the_order_of_keeping():
    layer, reference, x = built(3), example((6, 3)).astype("float32"), example((4, 3), seed=1).astype("float32")
    with reference_pass() as kept:
        first = layer(reference)
        layer(first * first)
    with live_pass(kept):
        y = layer(x)
        got = layer(y * y)
    want = both(layer, first * first, y * y)[1]
    np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-5)
    assert np.abs(both(layer, reference, y * y)[1] - want).max() > 0.1 and not kept


def test_by_itself_it_takes_the_batch_for_the_reference():
    layer, x = built(3), example((6, 2, 2, 3)).astype("float32")
    np.testing.assert_array_equal(layer(x), both(layer, x, x)[0])
    both(layer, x, x)
    np.testing.assert_array_equal(layer(2.0 * x), both(layer, 2.0 * x, x)[0])  # nothing is left of the passes


def test_batch_size_may_be_unknown():
    layer = built(2)
    spec = tf.TensorSpec((None, 4, 3, 2))
    call = tf.function(lambda reference, x: both(layer, reference, x)[1], input_signature=[spec, spec])
    reference, x = example((5, 4, 3, 2)), example((3, 4, 3, 2), seed=1)
    want = oracle(reference, x, layer.gamma.numpy(), layer.beta.numpy())[1]
    np.testing.assert_allclose(call(reference.astype("float32"), x.astype("float32")), want, atol=1e-4)


def test_without_center_and_scale_nothing_is_trained():
    layer = VirtualBatchNorm(center=False, scale=False)
    reference, x = example((5, 2, 2, 3)), example((3, 2, 2, 3), seed=1)
    got = both(layer, reference.astype("float32"), x.astype("float32"))
    for one, other in zip(got, oracle(reference, x, 1.0, 0.0)):
        np.testing.assert_allclose(one, other, atol=1e-4)
    assert layer.weights == []


def test_refuses_what_it_cannot_normalize():
    with pytest.raises(ValueError, match=r"wants shape \(n, c\) or \(n, h, w, c\); received \(2, 3, 4\)"):
        VirtualBatchNorm()(np.ones((2, 3, 4), "float32"))
    for reference in (0, 2.5, "a"):
        with pytest.raises(ValueError, match=f"rows, must be a whole number, at least 1; received {reference!r}"):
            VirtualBatchNorm(reference=reference)
    with pytest.raises(ValueError, match="epsilon of VirtualBatchNorm must be above 0; received -1"):
        VirtualBatchNorm(epsilon=-1)
