"""Self-attention against its formula."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.layers import SelfAttention, SpectralNorm

FORMS = {"released": SelfAttention.released, "reported": SelfAttention.reported}


def made(form, shape=(5, 6, 16), dtype="float64", wrap=None, gamma=0.7):
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(dtype)
    layer = FORMS[form](shape[-1], wrap)
    x = tf.constant(np.random.default_rng(0).normal(size=(3, *shape)), dtype.removeprefix("mixed_"))
    layer(x)
    layer.gamma.assign(gamma)
    for weight in layer.trainable_variables[1:]:
        if "bias" in weight.path:
            weight.assign(np.random.default_rng(1).normal(size=weight.shape))
    keras.config.set_dtype_policy("float32")
    return layer, x


def formula(x, weights, pool, gamma):
    """The layer in NumPy; `weights` maps a role to its kernel (c, f) and bias."""
    n, h, w, c = x.shape

    def seen(role, x):
        kernel, bias = weights[role]
        return x @ kernel + bias

    def pooled(x):
        high, wide = h // pool, w // pool
        x = x[:, :high * pool, :wide * pool].reshape(n, high, pool, wide, pool, -1).max((2, 4))
        return x.reshape(n, high * wide, -1)

    scores = np.einsum("nif,njf->nij", seen("query", x).reshape(n, h * w, -1), pooled(seen("key", x)))
    share = np.exp(scores - scores.max(-1, keepdims=True))
    o = (share / share.sum(-1, keepdims=True)) @ pooled(seen("value", x))
    o = seen("mix", o) if "mix" in weights else o
    return x + gamma * o.reshape(n, h, w, c)


def weights_of(layer):
    roles = {role: getattr(layer, role) for role in ("query", "key", "value", "mix") if getattr(layer, role)}
    return {role: (np.asarray(part.kernel)[0, 0], 0.0 if part.bias is None else np.asarray(part.bias))
            for role, part in roles.items()}


@pytest.mark.parametrize("form, shape", [("released", (5, 6, 16)), ("released", (4, 7, 3)), ("reported", (3, 5, 8))])
def test_value_and_gradient_are_the_formulas(form, shape):
    layer, x = made(form, shape)
    direction = tf.constant(np.random.default_rng(2).normal(size=x.shape))
    kernel = layer.query.kernel
    turn = np.random.default_rng(3).normal(size=kernel.shape)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
        total = tf.reduce_sum(y * direction)
    slopes = tape.gradient(total, [x, kernel.value, layer.gamma.value])
    weights = weights_of(layer)

    def value(step_x=0.0, step_kernel=0.0, step_gamma=0.0):
        moved = weights | {"query": (weights["query"][0] + step_kernel * turn[0, 0], weights["query"][1])}
        got = formula(x.numpy() + step_x * direction.numpy(), moved, layer.pool, 0.7 + step_gamma)
        return got, (got * direction.numpy()).sum()

    np.testing.assert_allclose(y, value()[0], rtol=1e-9, atol=1e-12)
    h, wanted = 1e-5, []
    for name in ("step_x", "step_kernel", "step_gamma"):
        wanted.append((value(**{name: h})[1] - value(**{name: -h})[1]) / (2 * h))
    got = [float(tf.reduce_sum(slopes[0] * direction)), float(np.sum(slopes[1] * turn)), float(slopes[2])]
    np.testing.assert_allclose(got, wanted, rtol=1e-6)


def test_the_second_derivative_is_that_of_the_first():
    layer, x = made("released", (4, 4, 8))
    direction = tf.constant(np.random.default_rng(2).normal(size=x.shape))

    def slope(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = tf.reduce_sum(tf.sin(layer(x)))
        return tape.gradient(total, x)

    with tf.GradientTape() as tape:
        tape.watch(x)
        length = tf.reduce_sum(tf.square(slope(x)))
    got = float(tf.reduce_sum(tape.gradient(length, x) * direction))
    ahead, behind = (float(tf.reduce_sum(tf.square(slope(x + h * direction)))) for h in (1e-6, -1e-6))
    np.testing.assert_allclose(got, (ahead - behind) / 2e-6, rtol=1e-5)


@pytest.mark.parametrize("form, count", [("released", 5 * 32**2 // 4 + 1), ("reported", 32**2 * 5 // 4 + 40 + 1)])
def test_it_starts_as_the_identity_with_the_papers_number_of_parameters(form, count):
    layer = FORMS[form](32)
    x = np.random.default_rng(0).normal(size=(2, 4, 4, 32)).astype("float32")
    np.testing.assert_array_equal(layer(x), x)
    assert layer.count_params() == count


def test_an_image_attends_to_itself_only_and_far_positions_count():
    layer, x = made("released")
    np.testing.assert_allclose(layer(x)[:1], layer(x[:1]), rtol=1e-9)
    moved = x.numpy()
    moved[:, 0, 0] += 3.0
    assert np.abs(np.asarray(layer(moved) - layer(x)))[:, -1, -1].max() > 1e-3


def test_its_convolutions_are_wrapped_and_restored(tmp_path):
    layer, x = made("released", dtype="float32", wrap=SpectralNorm)
    assert all(isinstance(getattr(layer, role), SpectralNorm) for role in ("query", "key", "value", "mix"))
    inputs = keras.Input(x.shape[1:])
    model = keras.Model(inputs, layer(inputs))
    want = model(x, training=True)
    u = np.asarray(layer.query.u)
    model(x, training=True)
    assert not np.array_equal(u, layer.query.u)
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(again(x), model(x))
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    np.testing.assert_array_equal(copy(x), model(x))
    assert want.shape == x.shape


def test_the_softmax_is_full_precision_in_mixed():
    layer, x = made("released", dtype="mixed_bfloat16")
    full, _ = made("released", dtype="float32")
    full.set_weights(layer.get_weights())
    y = layer(x)
    assert y.dtype == tf.bfloat16 and {v.dtype for v in layer.variables} == {"float32"}
    np.testing.assert_allclose(tf.cast(y, tf.float32), full(tf.cast(x, tf.float32)), atol=0.05)


@pytest.mark.parametrize("wrap", [None, SpectralNorm])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dtype", ["float64", "bfloat16", "float16", "mixed_bfloat16"])
def test_its_precision_is_that_of_its_convolutions(form, dtype, wrap):
    layer, full = (FORMS[form](8, wrap, dtype=each) for each in (dtype, "float32"))
    x = tf.constant(np.random.default_rng(0).normal(size=(2, 4, 4, 8)), layer.compute_dtype)
    layer(x), full(x)
    layer.gamma.assign(0.7)
    full.set_weights(layer.get_weights())
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
        total = tf.reduce_sum(y)
    slopes = tape.gradient(total, [x, *(v.value for v in layer.trainable_variables)])
    assert y.dtype == slopes[0].dtype == layer.compute_dtype
    assert {weight.dtype for weight in layer.weights} == {layer.variable_dtype}
    assert all(np.isfinite(tf.cast(slope, tf.float32)).all() for slope in slopes)
    np.testing.assert_allclose(tf.cast(y, tf.float32), full(tf.cast(x, tf.float32)), atol=0.1 if wrap else 0.05)
    assert type(layer).from_config(layer.get_config()).query.dtype_policy.name == layer.query.dtype_policy.name


def test_what_does_not_fit_is_told():
    convolution = keras.layers.Conv2D
    with pytest.raises(ValueError, match=r"wants shape \(n, h, w, c\); received \(None, 8\)"):
        SelfAttention.released(8)(keras.Input((8,)))
    with pytest.raises(ValueError, match="adds 5 channels to 8 and compares queries of 2 with keys of 2"):
        SelfAttention(convolution(2, 1), convolution(2, 1), convolution(5, 1))(keras.Input((4, 4, 8)))
    with pytest.raises(ValueError, match="compares queries of 2 with keys of 3"):
        SelfAttention(convolution(2, 1), convolution(3, 1), convolution(8, 1))(keras.Input((4, 4, 8)))
    for pool in (0, 1.5, True, "2"):
        with pytest.raises(ValueError, match="pool of SelfAttention must be a whole number of at least 1; received"):
            SelfAttention(convolution(2, 1), convolution(2, 1), convolution(8, 1), pool=pool)
    with pytest.raises(ValueError, match="cannot pool 2 x 2 positions"):
        SelfAttention.released(8)(keras.Input((1, 4, 8)))
    for form, channels in (("released", 8.0), ("reported", -8)):
        with pytest.raises(ValueError, match=f"a whole number of at least one channel; received {channels}"):
            FORMS[form](channels)
    with pytest.raises(ValueError, match="wants layers for query, key and value"):
        SelfAttention(None, convolution(2, 1), convolution(8, 1))


@pytest.mark.parametrize("form", FORMS)
def test_sides_may_be_known_only_when_it_runs(form, tmp_path):
    layer, x = made(form, (4, 6, 8), "float32")
    inputs = keras.Input((None, None, 8))
    model = keras.Model(inputs, layer(inputs))
    late = tf.function(model, input_signature=[tf.TensorSpec((None, None, None, 8))])
    np.testing.assert_allclose(late(x), layer(x), rtol=1e-5, atol=1e-6)
    model.export(tmp_path / "exported", verbose=False)
    exported = tf.saved_model.load(tmp_path / "exported")
    np.testing.assert_allclose(exported.serve(x), layer(x), rtol=1e-5, atol=1e-6)
    if layer.pool > 1:
        with pytest.raises(ValueError, match=r"cannot pool 2 x 2 positions of shape \(1, 1, 4, 8\)"):
            model(np.ones((1, 1, 4, 8), "float32"))
