"""A convolution and an enlargement or a mean in one, against Keras's two layers."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.layers import GlobalSum, PooledConv2D, SpectralNorm, UpConv2D

layers = keras.layers


def two(kind, convolution):
    if kind is UpConv2D:
        return keras.Sequential([layers.UpSampling2D(2), convolution])
    return keras.Sequential([convolution, layers.AveragePooling2D(2)])


@pytest.mark.parametrize("kind", [UpConv2D, PooledConv2D])
@pytest.mark.parametrize("size, shape", [(3, (4, 6, 2)), (1, (2, 2, 3)), (5, (6, 4, 1)), (3, (2, 2, 2))])
def test_value_and_gradients_are_those_of_the_two_layers(kind, size, shape):
    keras.utils.set_random_seed(0)
    one, plain = kind(3, size), layers.Conv2D(3, size, padding="same")
    pair = two(kind, plain)
    x = tf.constant(np.random.default_rng(0).normal(size=(2, *shape)).astype("float32"))
    assert pair(x).shape == one(x).shape == one.compute_output_shape(x.shape)
    plain.set_weights([plain.kernel.numpy(), np.array([0.5, -1.0, 2.0])])
    one.set_weights(plain.get_weights())
    found = []
    for model, variables in ((one, one.trainable_variables), (pair, plain.trainable_variables)):
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = model(x)
                total = tf.reduce_sum(tf.sin(y))
            slope = tape.gradient(total, x)
            both = total + tf.reduce_sum(tf.square(slope))
        found.append([y, slope, *outer.gradient(both, [x, *(v.value for v in variables)])])
    for got, want in zip(*found, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", [UpConv2D, PooledConv2D])
def test_spectral_norm_divides_the_small_kernel(kind):
    keras.utils.set_random_seed(0)
    wrapped, plain = SpectralNorm(kind(4), power_iterations=50), layers.Conv2D(4, 3, padding="same")
    x = np.random.default_rng(0).normal(size=(2, 4, 4, 3)).astype("float32")
    y, pair = wrapped(x), two(kind, plain)
    pair(x)
    sigma = np.linalg.svd(np.asarray(wrapped.kernel).reshape(27, 4), compute_uv=False)[0]
    plain.set_weights([np.asarray(wrapped.kernel) / sigma, np.zeros(4)])
    np.testing.assert_allclose(y, pair(x), rtol=1e-3, atol=1e-5)


def test_activations_come_last():
    x = np.random.default_rng(0).normal(size=(2, 4, 4, 3)).astype("float32")
    for kind in (UpConv2D, PooledConv2D):
        bare, active = kind(2), kind(2, activation="relu")
        bare(x), active(x)
        active.set_weights(bare.get_weights())
        np.testing.assert_allclose(active(x), np.maximum(bare(x), 0))


@pytest.mark.parametrize("settings", [{"kernel_size": 4}, {"kernel_size": (3, 5)}, {"strides": 2}, {"groups": 2},
                                      {"padding": "valid"}, {"dilation_rate": 2}])
def test_what_it_cannot_be_is_told(settings):
    with pytest.raises(ValueError, match="UpConv2D (wants an odd square kernel, stride 1|knows no dilation)"):
        UpConv2D(4, **settings)


def test_odd_maps_are_told():
    with pytest.raises(ValueError, match=r"maps of even sides; received shape \(None, 5, 4, 3\)"):
        PooledConv2D(2)(keras.Input((5, 4, 3)))


def test_odd_maps_are_told_where_sides_are_known_late():
    layer = PooledConv2D(2)
    layer.build((None, None, None, 3))
    with pytest.raises(ValueError, match=r"maps of even sides; received shape \(1, 5, 4, 3\)"):
        layer(np.ones((1, 5, 4, 3), "float32"))
    late = tf.function(layer, input_signature=[tf.TensorSpec((None, None, None, 3))])
    assert late(np.ones((1, 6, 4, 3), "float32")).shape == (1, 3, 2, 2)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"maps of even sides; received\] \[4 5\]"):
        late(np.ones((1, 4, 5, 3), "float32"))


def test_an_enlargement_needs_no_sides():
    layer, x = UpConv2D(2), np.random.default_rng(0).normal(size=(2, 3, 5, 3)).astype("float32")
    layer.build((None, None, None, 3))
    late = tf.function(layer, input_signature=[tf.TensorSpec((None, None, None, 3))])
    assert late(x).shape == (2, 6, 10, 2)
    np.testing.assert_allclose(late(x), layer(x), rtol=1e-5, atol=1e-6)


def test_the_global_sum():
    x = np.random.default_rng(0).normal(size=(3, 4, 5, 6)).astype("float32")
    np.testing.assert_allclose(GlobalSum()(x), x.sum((1, 2)), rtol=1e-5, atol=1e-5)
    half = tf.ones((2, 64, 64, 1), tf.bfloat16)  # in bfloat16 a sum of ones ends at 256
    assert GlobalSum(dtype="float32")(half).numpy().tolist() == [[4096.0]] * 2
    with pytest.raises(ValueError, match=r"wants shape \(n, h, w, c\); received \(None, 4\)"):
        GlobalSum()(keras.Input((4,)))
