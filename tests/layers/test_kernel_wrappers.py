"""SpectralNorm and WeightNorm against NumPy, the SVD and automatic differentiation of their formulas."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.layers import KernelWrapper, SpectralNorm, WeightNorm

layers = keras.layers


@pytest.fixture(autouse=True)
def _seeded():
    keras.utils.set_random_seed(0)


def cases():
    """name -> (layer, input, how its kernel becomes (inputs, units) in NumPy, what the layer does with a kernel)."""
    rng = np.random.default_rng(0)
    image = rng.normal(size=(3, 6, 6, 4)).astype("float32")
    return {
        "dense": (layers.Dense(7), rng.normal(size=(3, 5)).astype("float32"), lambda w: w, lambda x, w: x @ w),
        "conv": (layers.Conv2D(7, 3, padding="same"), image, lambda w: w.reshape(-1, 7),
                 lambda x, w: tf.nn.conv2d(x, w, 1, "SAME")),
        "transposed": (layers.Conv2DTranspose(7, 4, strides=2, padding="same"), image,
                       lambda w: w.transpose(0, 1, 3, 2).reshape(-1, 7),
                       lambda x, w: tf.nn.conv2d_transpose(x, w, (3, 12, 12, 7), 2)),
        "embedding": (layers.Embedding(7, 4), np.array([0, 3, 6, 3]), lambda w: w.T, lambda x, w: tf.gather(w, x)),
    }


@pytest.fixture(params=cases())
def case(request):
    return cases()[request.param]


def effective(wrapper, training=False):
    return wrapper.effective(tf.convert_to_tensor(wrapper.kernel.value), training)


def test_sigma_reaches_the_svd(case):
    layer, x, to_matrix, _ = case
    wrapper = SpectralNorm(layer)
    for _ in range(200):
        wrapper(x, training=True)
    largest = np.linalg.svd(to_matrix(wrapper.kernel.numpy()), compute_uv=False)[0]
    np.testing.assert_allclose(wrapper.kernel.numpy() / largest, effective(wrapper), rtol=1e-4, atol=1e-6)
    values = np.linalg.svd(to_matrix(effective(wrapper).numpy()), compute_uv=False)
    np.testing.assert_allclose(values[0], 1.0, rtol=1e-4)


def test_one_step_of_power_iteration_is_the_papers(case):
    layer, x, to_matrix, call = case
    wrapper = SpectralNorm(layer)
    wrapper.build(x.shape)
    raw, u = wrapper.kernel.numpy(), wrapper.u.numpy()
    y = wrapper(x, training=True)
    w = to_matrix(raw).astype("float64")
    v = w @ u / np.linalg.norm(w @ u)
    u = w.T @ v / np.linalg.norm(w.T @ v)
    np.testing.assert_allclose(wrapper.u, u, rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(wrapper.kernel, raw)  # a reparametrisation leaves the kernel alone
    np.testing.assert_allclose(y, call(x, raw / np.float32(v @ w @ u)), rtol=1e-3, atol=1e-5)


def test_gradient_is_that_of_the_formula_with_u_and_v_constant(case):
    layer, x, to_matrix, call = case
    wrapper = SpectralNorm(layer)
    wrapper.build(x.shape)
    raw, u = wrapper.kernel.numpy(), wrapper.u.numpy()
    w = to_matrix(raw)
    v = w @ u / np.linalg.norm(w @ u)
    u = w.T @ v / np.linalg.norm(w.T @ v)

    @tf.function
    def gradient():
        with tf.GradientTape() as tape:
            total = tf.reduce_sum(tf.sin(wrapper(x, training=True)))
        return tape.gradient(total, wrapper.kernel.value)

    outer = np.tensordot(v, u, 0)  # d sigma / d matrix
    kernel = tf.Variable(raw)
    with tf.GradientTape() as tape:
        columns = kernel if raw.ndim == 2 else tf.reshape(kernel, (-1, 7))
        if isinstance(layer, layers.Conv2DTranspose):
            columns = tf.reshape(tf.transpose(kernel, (0, 1, 3, 2)), (-1, 7))
        if isinstance(layer, layers.Embedding):
            columns = tf.transpose(kernel)
        total = tf.reduce_sum(tf.sin(call(x, kernel / tf.reduce_sum(columns * outer))))
    np.testing.assert_allclose(gradient(), tf.convert_to_tensor(tape.gradient(total, kernel)), rtol=1e-3, atol=1e-4)


def test_u_moves_in_training_only(case):
    layer, x, *_ = case
    wrapper = SpectralNorm(layer)
    wrapper.build(x.shape)
    before = wrapper.u.numpy()
    np.testing.assert_array_equal(wrapper(x), wrapper(x, training=False))
    np.testing.assert_array_equal(wrapper.u, before)
    wrapper(x, training=True)
    assert np.abs(wrapper.u.numpy() - before).max() > 1e-3


def test_a_kernel_of_zeros_is_normalized_once_it_is_no_longer_zeros():
    layer, x = SpectralNorm(keras.layers.Dense(3, kernel_initializer="zeros")), np.eye(4, dtype="float32")
    for _ in range(3):
        with tf.GradientTape() as tape:
            total = tf.reduce_sum(layer(x, training=True))
        assert np.isfinite(tape.gradient(total, layer.layer.kernel.value)).all()
    kernel = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
    layer.layer.kernel.assign(kernel)
    for _ in range(60):
        got = layer(x, training=True)
    np.testing.assert_allclose(got, kernel / np.linalg.svd(kernel)[1][0], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("dtype, epsilon", [("float32", 0.0), ("float16", 1e-12)])
def test_a_kernel_of_zeros_has_a_gradient_where_epsilon_is_nothing(dtype, epsilon):
    layer = SpectralNorm(layers.Dense(2, kernel_initializer="zeros", use_bias=False, dtype=dtype), epsilon=epsilon)
    x = tf.ones((2, 3), dtype)
    layer(x, training=True)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(layer(x, training=True))
    np.testing.assert_array_equal(tf.cast(tape.gradient(total, layer.kernel.value), tf.float32), np.full((3, 2), 2.0))


def test_a_kernel_of_zeros_stays_finite():
    wrapper = SpectralNorm(layers.Dense(3, kernel_initializer="zeros"))
    np.testing.assert_array_equal(wrapper(np.ones((2, 4), "float32"), training=True), 0.0)


def test_weight_norm_starts_as_the_layer_alone(case):
    layer, x, *_ = case
    alone = layer(x)
    np.testing.assert_allclose(WeightNorm(layer)(x), alone, rtol=1e-4, atol=1e-5)


def test_weight_norm_matches_numpy(case):
    layer, x, to_matrix, call = case
    wrapper = WeightNorm(layer)
    wrapper.build(x.shape)
    g = np.linspace(0.5, 2.0, 7).astype("float32")
    wrapper.g.assign(g)
    lengths = np.sqrt((to_matrix(wrapper.kernel.numpy()) ** 2).sum(0) + 1e-6)
    got = to_matrix(effective(wrapper).numpy())
    np.testing.assert_allclose(got, to_matrix(wrapper.kernel.numpy()) * (g / lengths), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(got, axis=0), g, rtol=5e-3)  # each unit has the length g, but for epsilon
    np.testing.assert_allclose(wrapper(x), call(x, effective(wrapper)), rtol=1e-3, atol=1e-5)


def test_weight_norm_trains_kernel_and_length():
    wrapper, x = WeightNorm(layers.Dense(3)), np.ones((2, 4), "float32")
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(tf.sin(wrapper(x)))
    variables = wrapper.trainable_variables
    gradients = dict(zip([v.name for v in variables], tape.gradient(total, variables), strict=True))
    assert sorted(gradients) == ["bias", "g", "kernel"]
    raw = wrapper.kernel.numpy()  # V's gradient is orthogonal to V: its length does not change the layer
    np.testing.assert_allclose((gradients["kernel"] * raw).numpy().sum(0), 0.0, atol=1e-4)
    assert np.abs(gradients["g"]).min() > 1e-3
    fixed = WeightNorm(layers.Dense(3), scale=False)
    fixed(x)
    assert sorted(v.name for v in fixed.trainable_variables) == ["bias", "kernel"]


@pytest.mark.parametrize("wrap", [SpectralNorm, WeightNorm])
def test_the_raw_kernel_is_what_is_regularized(wrap):
    square = keras.regularizers.L2(1.0)
    layer = layers.Dense(3, kernel_regularizer=square, activity_regularizer=square)
    wrapper = wrap(layer)
    y = wrapper(np.ones((2, 4), "float32"), training=True)
    kernel, activity = np.sum(np.square(layer.kernel)), np.sum(np.square(y)) / 2
    np.testing.assert_allclose(sum(float(loss) for loss in wrapper.losses), kernel + activity, rtol=1e-5)


@pytest.mark.parametrize("wrap", [SpectralNorm, WeightNorm])
def test_mixed_precision_normalizes_in_float32(wrap):
    wrapper = wrap(layers.Conv2D(4, 3, dtype="mixed_bfloat16"))
    seen, effective_kernel = [], wrapper.effective
    wrapper.effective = lambda kernel, training: seen.append(effective_kernel(kernel, training)) or seen[-1]
    y = wrapper(np.ones((2, 5, 5, 3), "float32"), training=True)
    assert (y.dtype, seen[0].dtype, wrapper.kernel.dtype) == (tf.bfloat16, tf.float32, "float32")


@pytest.mark.parametrize("wrap", [SpectralNorm, WeightNorm])
def test_works_statelessly(wrap):
    """Inside another stateless scope, the values given there are used for all of the layer's variables."""
    wrapper, x = wrap(layers.Dense(3)), np.ones((2, 4), "float32")
    want = wrapper(x) + 5.0
    values = [v.value + (5.0 if v.name == "bias" else 0.0) for v in wrapper.trainable_variables]
    got, _ = wrapper.stateless_call(values, [v.value for v in wrapper.non_trainable_variables], x)
    np.testing.assert_allclose(got, want, rtol=1e-5)


def test_refuses_other_layers():
    for layer in (layers.ReLU(), layers.DepthwiseConv2D(3)):
        with pytest.raises(TypeError, match="SpectralNorm wants a Dense, .* which have one kernel; received <"):
            SpectralNorm(layer)
    with pytest.raises(ValueError, match="SpectralNorm wants power_iterations of at least 1 .* power_iterations=0"):
        SpectralNorm(layers.Dense(1), power_iterations=0)
    for iterations in (1.5, "a", None):
        with pytest.raises(ValueError, match=rf"\(a whole number\) .* received power_iterations={iterations!r}"):
            SpectralNorm(layers.Dense(1), power_iterations=iterations)
    with pytest.raises(ValueError, match="received .*epsilon=nan"):
        SpectralNorm(layers.Dense(1), epsilon=float("nan"))


def test_takes_the_layers_name():
    assert SpectralNorm(layers.Dense(1, name="judge")).name == "judge"
    assert issubclass(WeightNorm, KernelWrapper)
