"""The convolutional pair of semi-supervised CIFAR-10 and SVHN: its sizes, its start and its noise."""

import functools

import keras
import numpy as np
import pytest

from tfgan_improved import networks
from tfgan_improved.layers import BatchNorm, Dropout, GaussianNoise, MinibatchDiscrimination, WeightNorm
from tfgan_improved.networks import VERDICTS
from tfgan_improved.ops import first_batch, noise

SHAPE = (32, 32, 3)
CLASS_LOGITS = functools.partial(VERDICTS.find("class_logits"), classes=10)


def images(rows, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (rows, *SHAPE)).astype("float32")


def discriminator(head=None, **settings):
    keras.utils.set_random_seed(0)
    return networks.NoisyConv(**settings).discriminator(SHAPE, head=head, verdict=CLASS_LOGITS)


def parameters(network):
    return sum(int(np.prod(weight.shape)) for weight in network.trainable_weights)


@pytest.mark.parametrize("width", [96, 64])
def test_ds_layers_are_those_of_the_code(width):
    d, double = discriminator(width=width), 2 * width
    maps = [layer.output.shape[1:] for layer in d.layers if layer.name.startswith("conv_")]
    assert maps == [(32, 32, width)] * 2 + [(16, 16, width)] + [(16, 16, double)] * 2 + [(8, 8, double)] + [
        (6, 6, double)] * 3
    channels = [(9, 3, width), (9, width, width), (9, width, width), (9, width, double), (9, double, double),
                (9, double, double), (9, double, double), (1, double, double), (1, double, double), (1, double, 10)]
    assert parameters(d) == sum(k * a * b + b for k, a, b in channels) + 10
    assert d.output["features"].shape == (None, double)
    assert [layer.rate for layer in d.layers if isinstance(layer, Dropout)] == [0.2, 0.5, 0.5]
    names = [layer.name for layer in d.layers]
    assert names.index("leaky_3") + 1 == names.index("dropout_4") == names.index("conv_5") - 1
    assert names.index("leaky_7") + 1 == names.index("dropout_8") == names.index("conv_9") - 1
    assert names.index("mean") > names.index("leaky_11")


def test_gs_layers_are_those_of_the_code():
    g = networks.NoisyConv().generator(SHAPE, 100, norm=functools.partial(BatchNorm, scale=False))
    assert parameters(g) == 100 * 8192 + 8192 + 25 * (512 * 256 + 256 * 128 + 128 * 3) + 256 + 128 + 3 + 3
    sizes = [g.get_layer(name).output.shape[1:] for name in ("map_4", "up_8", "up_16", "up_32")]
    assert sizes == [(4, 4, 512), (8, 8, 256), (16, 16, 128), (32, 32, 3)]
    made = g(np.random.default_rng(0).uniform(size=(3, 100)))
    assert made.shape == (3, *SHAPE) and np.abs(made).max() <= 1
    assert g.get_layer("up_32").deviation == 0.1 and g.get_layer("up_32").scale


@pytest.mark.parametrize("head", [None, MinibatchDiscrimination(kernels=6, dims=2, weight_norm=True)],
                         ids=["plain", "minibatch"])
def test_after_the_first_batch_every_unit_is_standardized(head):
    d, x = discriminator(head, width=4), images(40)
    layers = [layer for layer in d.layers if isinstance(layer, WeightNorm)]
    assert len(layers) == 10 and layers[-1].kernel.shape == (8 + 6 * (head is not None), 10)
    read = keras.Model(d.input, [layer.output for layer in layers])
    with first_batch.scope(), noise.scope(noise.root(0)):
        d(x, training=True)
    with noise.scope(noise.root(0)):
        outputs = read(x, training=True)
    for y, layer in zip(outputs, layers):
        y, want = np.asarray(y).reshape(-1, y.shape[-1]), 0.1 if layer.name == "classes" else 1.0
        np.testing.assert_allclose(y.mean(axis=0), 0, atol=1e-3 * want)
        np.testing.assert_allclose(y.std(axis=0), want, rtol=1e-3)
    assert [weight.path for weight in d.trainable_weights if weight.name == "g"] == ["classes/g"]


def test_g_starts_from_data_too():
    g = networks.NoisyConv().generator(SHAPE, 10, norm=functools.partial(BatchNorm, scale=False))
    z = np.random.default_rng(0).uniform(size=(20, 10)).astype("float32")
    assert first_batch.wanted(g)
    with first_batch.scope():
        made = g(z, training=True)
    values = np.arctanh(np.clip(made, -0.999999, 0.999999)).reshape(-1, 3)
    np.testing.assert_allclose(values.std(axis=0), 0.1, rtol=1e-3)
    np.testing.assert_allclose(values.mean(axis=0), 0, atol=1e-3)


def test_noise_takes_the_place_of_dropout_where_asked_and_both_are_off_outside_training():
    d, x = discriminator(width=4, input_dropout=0.0, input_noise=0.2, dropout=0.0), images(3)
    assert [layer.deviation for layer in d.layers if isinstance(layer, GaussianNoise)] == [0.2]
    np.testing.assert_array_equal(d(x)["classes"], d(x)["classes"])
    with noise.scope(noise.root(0)):
        first, second = d(x, training=True)["classes"], d(x, training=True)["classes"]
    assert np.abs(first - second).max() > 1e-5
    silent = discriminator(width=4, input_dropout=0.0, dropout=0.0)
    np.testing.assert_array_equal(silent(x, training=True)["classes"], silent(x)["classes"])
    np.testing.assert_array_equal(silent(x)["classes"], d(x)["classes"])


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 16, 3), (2,)])
def test_other_sizes_are_refused(shape):
    for build in (lambda: networks.NoisyConv().discriminator(shape), lambda: networks.NoisyConv().generator(shape, 5)):
        with pytest.raises(ValueError, match="NoisyConv wants images of 32 x 32; received shape .*; set image_size"):
            build()


@pytest.mark.parametrize("settings, told", [
    ({"width": 0}, "received width=0"), ({"input_noise": -1.0}, "input_noise=-1.0"),
    ({"dropout": 1.0}, "dropout=1.0"), ({"input_dropout": -0.5}, "input_dropout=-0.5")])
def test_senseless_settings_are_refused(settings, told):
    with pytest.raises(ValueError, match=f"NoisyConv wants .*{told}"):
        networks.NoisyConv(**settings)
