"""WeightNorm's scales, its start from the first batch, and its two forms of a Dense layer."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.layers import ImageConv2D, KernelWrapper, WeightNorm
from tfgan_improved.ops import first_batch

layers = keras.layers
RANDOM = np.random.default_rng(0)
POINTS, IMAGES = RANDOM.normal(1.0, 2.0, (37, 5)).astype("float32"), RANDOM.normal(
    1.0, 2.0, (9, 6, 7, 3)).astype("float32")
LAYERS = {
    "dense": (layers.Dense, {}, POINTS),
    "dense of a map": (layers.Dense, {}, IMAGES),
    "conv": (layers.Conv2D, {"kernel_size": 3, "padding": "same"}, IMAGES),
    "strided conv": (layers.Conv2D, {"kernel_size": 3, "strides": 2}, IMAGES),
    "transposed": (layers.Conv2DTranspose, {"kernel_size": 5, "strides": 2, "padding": "same"}, IMAGES),
    "conv of images": (ImageConv2D, {"kernel_size": 4, "strides": 2, "padding": "same"}, IMAGES),
}


@pytest.fixture(params=LAYERS)
def case(request):
    """(a function that makes the layer, its input)."""
    kind, settings, x = LAYERS[request.param]
    keras.utils.set_random_seed(0)
    start = keras.initializers.RandomNormal(0.3, 0.5)
    return lambda **more: kind(4, kernel_initializer=start, bias_initializer=start, **settings, **more), x


def before_activation(wrapper, x):
    """What the layer makes of x, with its effective kernel in a plain layer without activation."""
    config = wrapper.layer.get_config() | {"activation": "linear", "dtype": "float32"}
    plain = type(wrapper.layer).from_config(config)
    plain.build(x.shape)
    plain.kernel.assign(wrapper.effective(tf.convert_to_tensor(wrapper.kernel.value), False))
    if plain.bias is not None:
        plain.bias.assign(wrapper.layer.bias.value)
    return np.asarray(plain(x)).reshape(-1, 4).astype("float64")


@pytest.mark.parametrize("more", [{}, {"use_bias": False}, {"activation": "relu"}, {"dtype": "mixed_bfloat16"}],
                         ids=["plain", "no bias", "activation", "bfloat16"])
@pytest.mark.parametrize("deviation", [2.5, 0.1])
def test_the_first_batch_gives_each_unit_its_mean_and_deviation(case, more, deviation):
    make, x = case
    wrapper = WeightNorm(make(**more), scale=False, start=1.0, deviation=deviation)
    wrapper.build(x.shape)
    t = before_activation(wrapper, x)
    mean, spread = t.mean(axis=0), t.std(axis=0)
    assert np.abs(mean).max() > 0.1 and np.abs(spread / deviation - 1).max() > 0.1
    bias = None if wrapper.layer.bias is None else wrapper.layer.bias.numpy()
    kernel = wrapper.kernel.numpy()
    with first_batch.scope():
        y = wrapper(x, training=True)
    rough = 1e-2 if more.get("dtype") else 1e-4
    np.testing.assert_allclose(wrapper.g, deviation / spread, rtol=rough)
    np.testing.assert_array_equal(wrapper.kernel, kernel)
    if bias is not None:
        np.testing.assert_allclose(wrapper.layer.bias, (bias - mean) * deviation / spread, rtol=rough,
                                   atol=10 * rough * deviation)
    t = before_activation(wrapper, x)
    np.testing.assert_allclose(t.std(axis=0), deviation, rtol=rough)
    np.testing.assert_allclose(t.mean(axis=0) / deviation, mean / spread if bias is None else 0, atol=10 * rough)
    np.testing.assert_array_equal(wrapper(x, training=True), y)  # it goes on with what it then computes
    want = np.maximum(t, 0) if more.get("activation") else t
    np.testing.assert_allclose(np.asarray(tf.cast(y, tf.float32)).reshape(-1, 4), want, atol=60 * rough * deviation)


def test_only_in_that_pass_and_only_with_a_deviation(case):
    make, x = case
    for deviation, scope in ((1.0, False), (0.0, True)):
        wrapper = WeightNorm(make(), deviation=deviation)
        assert wrapper.starts_from_data == (deviation > 0)
        before = wrapper(x), wrapper.g.numpy(), wrapper.layer.bias.numpy()
        if scope:
            with first_batch.scope():
                wrapper(x, training=True)
        wrapper(x, training=True)
        for value, old in zip((wrapper(x), wrapper.g, wrapper.layer.bias), before):
            np.testing.assert_array_equal(value, old)


def test_a_unit_that_does_not_vary_keeps_its_scale():
    wrapper = WeightNorm(layers.Dense(2, bias_initializer="ones"), start=1.0, deviation=1.0)
    wrapper.build((None, 2))
    wrapper.kernel.assign([[1.0, 0.0], [0.0, 1.0]])
    with first_batch.scope():
        wrapper(np.array([[3.0, 1.0], [3.0, 5.0]], "float32"))
    np.testing.assert_allclose(wrapper.g, [1.0, 0.5], rtol=1e-5)
    np.testing.assert_allclose(wrapper(np.array([[3.0, 1.0], [3.0, 5.0]], "float32")), [[0, -1], [0, 1]], atol=1e-5)


def test_layers_behind_see_what_they_will_see(case):
    make, x = case
    inputs = keras.Input(x.shape[1:])
    first = WeightNorm(make(activation="relu"), deviation=1.0)
    last = WeightNorm(layers.Dense(3), scale=True, start=1.0, deviation=0.1, name="last")
    model = keras.Model(inputs, last(layers.Flatten()(first(inputs))))
    with first_batch.scope():
        model(x, training=True)
    y = np.asarray(model(x))
    np.testing.assert_allclose(y.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(y.std(axis=0), 0.1, rtol=1e-4)


@pytest.mark.parametrize("start, epsilon", [(0.0, 1e-6), (1.0, 0.0), (2.5, 1.0)])
@pytest.mark.parametrize("scale", [False, True])
def test_scales_start_where_asked_and_are_trained_if_asked(case, start, epsilon, scale):
    make, x = case
    wrapper = WeightNorm(make(), scale=scale, start=start, epsilon=epsilon)
    wrapper.build(x.shape)
    kernel = wrapper.kernel.numpy().astype("float64")
    axes = tuple(axis for axis in range(kernel.ndim) if axis != wrapper.units_axis % kernel.ndim)
    lengths = np.sqrt((kernel**2).sum(axis=axes, keepdims=True) + epsilon)
    np.testing.assert_allclose(wrapper.g, start or lengths.ravel(), rtol=1e-5)
    np.testing.assert_allclose(wrapper.effective(wrapper.kernel.value, False),
                               kernel * (start / lengths if start else 1), rtol=1e-5, atol=1e-7)
    assert any(variable is wrapper.g for variable in wrapper.trainable_variables) == scale


def slopes(wrapper, call, x):
    """y, the gradients of a loss by x and all weights, and those of a penalty on the slope by x."""
    x = tf.constant(x)
    weights = [variable.value for variable in (wrapper.kernel, wrapper.g, wrapper.layer.bias)]
    with tf.GradientTape(persistent=True) as tape:
        with tf.GradientTape() as inner:
            inner.watch(x)
            tape.watch(x)
            y = call(x)
            loss = tf.reduce_sum(tf.sin(tf.cast(y, tf.float32)))
        slope = inner.gradient(loss, x)
        penalty = tf.reduce_sum(slope**2)
    first, second = (tape.gradient(total, [x, *weights]) for total in (loss, penalty))
    return [np.asarray(tf.cast(value, tf.float32)) for value in (y, *first, *second)]


@pytest.mark.parametrize("activation", [None, "softplus"])
@pytest.mark.parametrize("kind, rough", [("float32", 1e-4), ("mixed_bfloat16", 4e-2)])
@pytest.mark.parametrize("x", [POINTS, IMAGES], ids=["points", "map"])
def test_a_scaled_output_is_a_scaled_kernel_in_value_and_two_derivatives(x, kind, rough, activation):
    keras.utils.set_random_seed(0)
    x = x * 0.2
    wrapper = WeightNorm(layers.Dense(4, dtype=kind, activation=activation, bias_initializer="ones"))
    wrapper.build(x.shape)
    wrapper.g.assign([0.5, 1.0, 1.5, 2.0])
    by_output = slopes(wrapper, wrapper, x)
    by_kernel = slopes(wrapper, lambda x: KernelWrapper.call(wrapper, x), x)
    assert len(by_output) == 9
    for got, want in zip(by_output, by_kernel):
        assert np.abs(want).max() > 1e-3
        np.testing.assert_allclose(got, want, atol=rough * np.abs(want).max())


def test_a_dense_layer_without_bias_and_with_a_penalty_on_its_activity():
    x = POINTS
    bare = WeightNorm(layers.Dense(4, use_bias=False), start=2.0)
    np.testing.assert_allclose(bare(x), KernelWrapper.call(bare, x), rtol=1e-4, atol=1e-5)
    penalized = WeightNorm(layers.Dense(4, activity_regularizer=keras.regularizers.L2(1.0)))
    y = penalized(x)
    np.testing.assert_allclose(penalized.losses[0], np.sum(np.square(y)) / len(x), rtol=1e-5)


def test_a_started_network_is_saved_and_cloned(case, tmp_path):
    make, x = case
    inputs = keras.Input(x.shape[1:])
    model = keras.Model(inputs, WeightNorm(
        make(), scale=False, start=1.0, deviation=0.5, epsilon=0.0, name="layer")(inputs))
    with first_batch.scope():
        model(x, training=True)
    model.save(tmp_path / "model.keras")
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    for again in (keras.models.load_model(tmp_path / "model.keras"), copy):
        np.testing.assert_array_equal(again(x), model(x))
        layer = again.get_layer("layer")
        assert (layer.scale, layer.start, layer.deviation, layer.epsilon) == (False, 1.0, 0.5, 0.0)
        assert len(again.trainable_variables) == 2  # the scales stay fixed


@pytest.mark.parametrize("settings", [{"start": -1.0}, {"deviation": -0.1}, {"epsilon": -1e-6}])
def test_negative_settings_are_refused(settings):
    with pytest.raises(ValueError, match="start, deviation and epsilon of WeightNorm must be at least 0; received "):
        WeightNorm(layers.Dense(1), **settings)


def test_a_table_of_vectors_does_not_start_from_data():
    wrapper, numbers = WeightNorm(layers.Embedding(3, 2), deviation=1.0), np.array([0, 2, 2])
    want = np.asarray(wrapper(numbers))
    with first_batch.scope():
        np.testing.assert_array_equal(wrapper(numbers, training=True), want)
    np.testing.assert_array_equal(wrapper(numbers), want)
    assert not wrapper.starts_from_data
