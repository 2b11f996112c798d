import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.layers import ImageConv2D, ImageConv2DTranspose, LeakyReLU

KINDS = [(ImageConv2D, keras.layers.Conv2D, 12, 3), (ImageConv2D, keras.layers.Conv2D, 12, 8),
         (ImageConv2DTranspose, keras.layers.Conv2DTranspose, 6, 8)]


def pair(kind, plain, side, channels, size, stride):
    """Our layer and Keras's with the same weights, and an input."""
    filters, sides = 5 if channels < 5 else 2, side if isinstance(side, tuple) else (side, side)
    x = tf.constant(np.random.default_rng(0).normal(size=(3, *sides, channels)).astype("float32"))
    layers = [each(filters, size, strides=stride, padding="same", bias_initializer="ones") for each in (kind, plain)]
    for layer in layers:
        layer(x)
    layers[0].set_weights(layers[1].get_weights())
    return layers, x


def derivatives(layer, x, **settings):
    """y, its gradients to x and the weights, and those of a penalty on the gradient to x."""
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, **settings)
            total = tf.reduce_sum(tf.sin(y))
        slope = tape.gradient(total, x)
        penalty = tf.reduce_sum(slope**2)
    second = outer.gradient(penalty, [x, layer.kernel.value])
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(tf.sin(layer(x, **settings)))
    return [y, slope, *second, *tape.gradient(total, [layer.kernel.value, layer.bias.value])]


def compare(results):
    for ours, theirs in zip(*results, strict=True):
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4 * max(1.0, float(tf.reduce_max(tf.abs(theirs)))))


@pytest.mark.parametrize("size,stride", [(4, 2), (2, 2), (6, 2), (3, 3), (5, 2), (3, 1)])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("kind,plain,side,channels", KINDS)
def test_values_and_gradients_are_those_of_keras(kind, plain, side, channels, training, size, stride):
    layers, x = pair(kind, plain, side, channels, size, stride)
    compare([derivatives(layers[0], x, training=training), derivatives(layers[1], x)])


@pytest.mark.parametrize("size,stride", [(4, 2), (2, 2), (6, 2), (3, 3), (9, 3), (8, 4)])
@pytest.mark.parametrize("sides", [(5, 7), (7, 6), (1, 11)])
def test_sides_need_no_multiples_of_the_stride(sides, size, stride):
    layers, x = pair(ImageConv2D, keras.layers.Conv2D, sides, 1, size, stride)
    compare([derivatives(layers[0], x, training=True), derivatives(layers[1], x)])


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize("kind,plain,channels", [(kind, plain, channels) for kind, plain, _, channels in KINDS])
def test_sides_may_be_known_only_when_it_runs(kind, plain, channels, jit):
    size, stride = (3, 1) if channels > 4 and kind is ImageConv2D else (4, 2)
    layers, x = pair(kind, plain, (5, 7), channels, size, stride)
    run = tf.function(lambda x: derivatives(layers[0], x, training=True), jit_compile=jit,
                      input_signature=[tf.TensorSpec((None, None, None, channels))])
    compare([run(x), derivatives(layers[1], x)])


def test_it_trains_behind_another_convolution_on_odd_maps():
    model = keras.Sequential([keras.Input((7, 7, 1)), keras.layers.Conv2D(1, 3, padding="same"),
                              ImageConv2D(2, 4, strides=2, padding="same")])
    before = model.layers[0].kernel.numpy()
    model.compile("sgd", "mse")
    model.fit(np.ones((2, 7, 7, 1)), np.ones((2, 4, 4, 2)), verbose=0)
    assert (model.layers[0].kernel.numpy() != before).any()


@pytest.mark.parametrize("training", [True, False])
def test_channels_first_is_left_to_keras(training):
    layers = [kind(2, 3, padding="same", data_format="channels_first") for kind in (ImageConv2D, keras.layers.Conv2D)]
    x = np.random.default_rng(0).normal(size=(3, 6, 4, 5)).astype("float32")
    for layer in layers:
        layer.build(x.shape)
    layers[0].set_weights(layers[1].get_weights())
    np.testing.assert_allclose(layers[0](x, training=training), layers[1](x), rtol=1e-4, atol=1e-5)


def test_the_matrix_product_is_what_runs():
    layer = ImageConv2DTranspose(1, 4, strides=2, padding="same")
    layer.build((None, 7, 7, 8))
    graph = tf.function(layer).get_concrete_function(tf.TensorSpec((2, 7, 7, 8))).graph
    kinds = {node.op for node in graph.as_graph_def(add_shapes=False).node}
    kinds |= {node.op for f in graph.as_graph_def().library.function for node in f.node_def}
    assert "MatMul" in kinds and "Conv2DBackpropInput" not in kinds


def test_leaky_relu_and_its_gradients():
    x = tf.constant([[-2.0, -0.5, 0.5, 3.0]])
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = LeakyReLU(0.2)(x)
            total = tf.reduce_sum(y**2)
        slope = tape.gradient(total, x)
    np.testing.assert_allclose(y, [[-0.4, -0.1, 0.5, 3.0]], rtol=1e-6)
    np.testing.assert_allclose(slope, [[-0.16, -0.04, 1.0, 6.0]], rtol=1e-6)
    np.testing.assert_allclose(outer.gradient(slope, x), [[0.08, 0.08, 2.0, 2.0]], rtol=1e-6)


def test_leaky_relu_refuses_a_slope_that_flips_the_sign():
    with pytest.raises(ValueError, match="slope.*received -0.1"):
        LeakyReLU(-0.1)
