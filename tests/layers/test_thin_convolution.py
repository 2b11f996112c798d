import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.layers import ImageConv2D, ImageConv2DTranspose, LeakyReLU

KINDS = [(ImageConv2D, keras.layers.Conv2D, 12, 3), (ImageConv2D, keras.layers.Conv2D, 12, 8),
         (ImageConv2DTranspose, keras.layers.Conv2DTranspose, 6, 8)]


def pair(kind, plain, side, channels, size, stride):
    """Our layer and Keras's with the same weights, and an input."""
    filters = 5 if channels < 5 else 2
    x = tf.constant(np.random.default_rng(0).normal(size=(3, side, side, channels)).astype("float32"))
    layers = [each(filters, size, strides=stride, padding="same", bias_initializer="ones") for each in (kind, plain)]
    for layer in layers:
        layer(x)
    layers[0].set_weights(layers[1].get_weights())
    return layers, x


@pytest.mark.parametrize("size,stride", [(4, 2), (2, 2), (6, 2), (3, 3), (5, 2), (3, 1)])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("kind,plain,side,channels", KINDS)
def test_values_and_gradients_are_those_of_keras(kind, plain, side, channels, training, size, stride):
    layers, x = pair(kind, plain, side, channels, size, stride)
    results = []
    for layer, settings in zip(layers, ({"training": training}, {})):
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = layer(x, **settings)
                total = tf.reduce_sum(tf.sin(y))
            slope = tape.gradient(total, x)
            penalty = tf.reduce_sum(slope**2)
        second = outer.gradient(penalty, [x, *layer.trainable_variables[:1]])
        with tf.GradientTape() as tape:
            total = tf.reduce_sum(tf.sin(layer(x, **settings)))
        results.append([y, slope, *second, *tape.gradient(total, layer.trainable_variables)])
    for ours, theirs in zip(*results):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)


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
