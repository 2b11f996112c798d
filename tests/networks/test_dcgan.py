"""DCGAN: sizes, parameter counts, shapes of the conditional form, initialization."""

import time

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved import networks
from tfgan_improved.layers import BatchNorm, MinibatchDiscrimination, SpectralNorm
from tfgan_improved.networks.dcgan import base_and_levels


def trainable(model):
    return sum(int(np.prod(v.shape)) for v in model.trainable_variables)


def channels(model, prefix):
    return [layer.filters for layer in model.layers if layer.name.startswith(prefix)]


def test_at_28_it_is_the_benchmarks_network():
    family = networks.DCGAN()
    assert trainable(family.generator((28, 28, 1), 100, norm=BatchNorm)) == 759_681
    assert trainable(family.discriminator((28, 28, 1), norm=BatchNorm)) == 138_689


@pytest.mark.parametrize(("size", "want"), [
    (8, (4, 1)), (10, (5, 1)), (24, (6, 2)), (28, (7, 2)), (32, (4, 3)), (48, (6, 3)), (64, (4, 4)), (128, (4, 5)),
    (224, (7, 5)), (256, (4, 6)), (512, (4, 7))])
def test_depth_follows_the_size(size, want):
    assert base_and_levels((size, size, 3)) == want


@pytest.mark.parametrize(("shape", "message"), [
    ((30, 30, 1), "received 30; the nearest are 28 and 32"), ((36, 36, 1), "received 36; the nearest are 32 and 40"),
    ((100, 100, 3), "received 100; the nearest are 96 and 112"), ((7, 7, 1), "received 7; the smallest is 8"),
    ((1, 1, 1), "received 1; the smallest is 8"),
    ((28, 32, 1), r"wants square images .* received shape \(28, 32, 1\)"), ((2,), r"received shape \(2,\)")])
def test_refuses_other_shapes(shape, message):
    for build in (lambda: networks.DCGAN().generator(shape, 10), lambda: networks.DCGAN().discriminator(shape)):
        with pytest.raises(ValueError, match=message):
            build()


def test_every_refused_size_names_the_true_neighbours():
    allowed = [size for size in range(1, 300) if size >= 8 and any(
        size == base * 2**k for base in (4, 5, 6, 7) for k in range(1, 8))]
    for size in set(range(9, 256)) - set(allowed):
        below, above = max(s for s in allowed if s < size), min(s for s in allowed if s > size)
        with pytest.raises(ValueError, match=f"received {size}; the nearest are {below} and {above}$"):
            base_and_levels((size, size, 1))


@pytest.fixture
def unmade():
    """Networks are described, not made; what waits to be made is forgotten, or the next scope would make it."""
    with keras.StatelessScope(initialize_variables=False):
        yield
    keras.utils.clear_session()


def test_channels_double_up_to_the_limit(unmade):
    assert channels(networks.DCGAN().discriminator((64, 64, 3)), "down_") == [64, 128, 256, 512]
    assert channels(networks.DCGAN().discriminator((256, 256, 3)), "down_") == [64, 128, 256, 512, 1024, 1024]
    generator = networks.DCGAN(width=32, max_width=128).generator((128, 128, 3), 100)
    assert channels(generator, "up_") == [128, 128, 64, 32, 3]


def test_d_may_have_a_width_of_its_own(unmade):
    family = networks.DCGAN(width=4, d_width=6, max_width=16)
    assert channels(family.discriminator((64, 64, 3)), "down_") == [6, 12, 16, 16]
    assert channels(family.generator((64, 64, 3), 8), "up_") == [16, 8, 4, 3]
    with pytest.raises(ValueError, match="d_width up to it.*d_width=17"):
        networks.DCGAN(width=4, d_width=17, max_width=16)


def test_counting_parameters_of_a_big_network_is_quick(unmade):
    start = time.perf_counter()
    count = trainable(networks.DCGAN(width=256, max_width=4096).discriminator(
        (256, 256, 3), norm=BatchNorm, wrap=SpectralNorm))
    assert time.perf_counter() - start < 5
    assert count > 300e6  # over a gigabyte, were it made


def test_biases_only_where_no_norm_follows():
    family = networks.DCGAN(width=8)
    biases = {norm: [layer.name for model in (family.generator((16, 16, 1), 9, norm=norm), family.discriminator(
        (16, 16, 1), norm=norm)) for layer in model.layers if getattr(layer, "bias", None) is not None]
        for norm in (BatchNorm, None)}
    assert biases[BatchNorm] == ["up_16", "down_8", "logits"]
    assert biases[None] == ["dense", "up_8", "up_16", "down_8", "down_4", "logits"]


def test_initial_weights_are_dcgans_and_follow_the_seed():
    def weights(seed):
        keras.utils.set_random_seed(seed)
        return networks.DCGAN().generator((32, 32, 3), 100, norm=BatchNorm).get_weights()

    first, again, other = weights(0), weights(0), weights(1)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not any(np.array_equal(a, b) for a, b in zip(first, other) if a.ndim > 1)
    for kernel in (w for w in first if w.ndim > 1 and w.size > 10_000):
        assert abs(kernel.std() / 0.02 - 1) < 0.02
        assert abs(kernel.mean()) < 0.001
    generator = networks.DCGAN().generator((32, 32, 3), 100, norm=BatchNorm)
    gammas = np.concatenate([v.numpy() for v in generator.trainable_variables if v.name == "gamma"])
    assert abs(gammas.std() / 0.02 - 1) < 0.15
    assert abs(gammas.mean() - 1) < 0.005


def test_outputs_and_their_ranges():
    generator = networks.DCGAN(width=8).generator((24, 24, 1), 10, norm=BatchNorm)
    images = generator(100 * tf.random.normal((4, 10)))
    assert images.shape == (4, 24, 24, 1)
    assert tf.reduce_max(tf.abs(images)) <= 1.0
    out = networks.DCGAN(width=8).discriminator((24, 24, 1), norm=BatchNorm)(images)
    assert sorted(out) == ["features", "logits"]
    assert (out["logits"].shape, out["features"].shape) == ((4, 1), (4, 6 * 6 * 16))


def test_conditional_networks_use_their_labels():
    family, z, labels = networks.DCGAN(width=8), tf.random.normal((4, 10)), tf.constant([0, 1, 2, 2])
    generator = family.generator((16, 16, 3), 10, classes=3, norm=BatchNorm)
    images = generator([z, labels])
    assert np.abs(images - generator([z, labels[::-1]])).max() > 1e-6
    discriminator = family.discriminator((16, 16, 3), classes=3, norm=BatchNorm)
    out, moved = discriminator([images, labels]), discriminator([images, labels[::-1]])
    np.testing.assert_allclose(out["features"], moved["features"])
    table = discriminator.get_layer("label_projection").embeddings.numpy()
    judge = discriminator.get_layer("logits")
    features = out["features"].numpy()
    want = features @ judge.kernel.numpy() + judge.bias.numpy() + np.sum(table[labels] * features, 1, keepdims=True)
    np.testing.assert_allclose(out["logits"], want, rtol=1e-4, atol=1e-5)


def test_d_refuses_what_is_no_class():
    discriminator = networks.DCGAN(width=4).discriminator((8, 8, 1), classes=3)
    images, told = np.zeros((2, 8, 8, 1), "float32"), "labels of 'label_projection' must be"
    for labels, range_ in (([0, -1], "from 0 to 2"), ([0, 3], "from 0 to 2"), ([0.0, 1.5], "whole numbers")):
        with pytest.raises(ValueError, match=f"{told} {range_}"):
            discriminator.get_layer("label_projection")(tf.constant(labels))
    assert discriminator([images, np.array([0, 2], "int32")])["logits"].shape == (2, 1)


def test_wrap_reaches_every_weighted_layer_but_gs_label_vector():
    family, wrapped = networks.DCGAN(width=8), []

    def wrap(layer):
        wrapped.append(layer.name)
        return SpectralNorm(layer)

    family.generator((16, 16, 1), 10, classes=3, norm=BatchNorm, wrap=wrap)
    assert wrapped == ["dense", "up_8", "up_16"]
    wrapped.clear()
    family.discriminator((16, 16, 1), classes=3, wrap=wrap)
    assert wrapped == ["down_8", "down_4", "logits", "label_projection"]


def test_head_sits_between_features_and_logits():
    discriminator = networks.DCGAN(width=8).discriminator((16, 16, 1), head=MinibatchDiscrimination(kernels=5, dims=2))
    assert discriminator(tf.zeros((3, 16, 16, 1)))["features"].shape == (3, 4 * 4 * 16)
    assert discriminator.get_layer("logits").kernel.shape == (4 * 4 * 16 + 5, 1)


def test_refuses_senseless_widths():
    with pytest.raises(ValueError, match="received width=0"):
        networks.DCGAN(width=0)
    with pytest.raises(ValueError, match="max_width=32"):
        networks.DCGAN(width=64, max_width=32)


def test_at_64_it_counts_as_the_generalized_dcgan_with_its_biases_at_the_ends(unmade):
    family = networks.DCGAN(width=64)
    assert trainable(family.generator((64, 64, 3), 100, norm=BatchNorm)) == 3_576_704 + 3
    assert trainable(family.discriminator((64, 64, 3), norm=BatchNorm)) == 2_765_568 + 64 + 1


def test_attention_and_dropout_stand_where_they_are_told():
    family = networks.DCGAN(width=4, attention=8, dropout=0.5)
    generator = family.generator((32, 32, 1), 10, norm=BatchNorm, wrap=SpectralNorm)
    discriminator = family.discriminator((32, 32, 1), norm=BatchNorm, wrap=SpectralNorm)
    for network, channels in ((generator, 8), (discriminator, 8)):
        assert network.get_layer("attention_8").output.shape == (None, 8, 8, channels)
        assert isinstance(network.get_layer("attention_8").query, SpectralNorm)
    names = [layer.name for layer in discriminator.layers]
    assert [name for name in names if "dropout" in name] == ["dropout_8", "dropout_4"]
    assert names.index("norm_8") < names.index("dropout_8") < names.index("leaky_8") < names.index("attention_8")
    images = tf.ones((2, 32, 32, 1))
    first, other = (discriminator(images, training=True)["logits"].numpy() for _ in range(2))
    assert (first != other).any()
    np.testing.assert_array_equal(*(discriminator(images)["logits"].numpy() for _ in range(2)))
    with pytest.raises(ValueError, match="attention of DCGAN must be the size of a map, 4, 8, 16; received 32"):
        networks.DCGAN(attention=32).generator((32, 32, 1), 10)
    with pytest.raises(ValueError, match="dropout from 0 to below 1; received attention=0, dropout=1.0"):
        networks.DCGAN(dropout=1.0)
