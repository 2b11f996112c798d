"""NoiseMapDCGAN: sizes, parameter counts at the paper's size, where each part of z goes, initialization, refusals."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved import networks
from tfgan_improved.layers import CrossBatchNorm, MinibatchHalves, SpectralNorm, VirtualBatchNorm
from tfgan_improved.networks import NoiseMapDCGAN, verdicts
from tfgan_improved.spec import SpecError
from tfgan_improved.training.average import average_of

SMALL = NoiseMapDCGAN(width=4, vector=6)
SHAPE = (16, 16, 2)
MAPS = {4: (4, 4, 4), 8: (8, 8, 4), 16: (16, 16, 2)}  # size: shape of its noise map
LATENT = 6 + 64 + 256 + 512


def trainable(model):
    return sum(int(np.prod(v.shape)) for v in model.trainable_variables)


@pytest.fixture
def unmade():
    """Networks are described, not made; what waits to be made is forgotten, or the next scope would make it."""
    with keras.StatelessScope(initialize_variables=False):
        yield
    keras.utils.clear_session()


@pytest.fixture(autouse=True)
def _seeded():
    keras.utils.set_random_seed(0)


def test_at_128_it_is_the_released_codes_pair(unmade):
    family, shape = NoiseMapDCGAN(), (128, 128, 3)
    maps = 64 * 16 + 64 * 64 + 32 * 256 + 16 * 1024 + 8 * 4096 + 8 * 16384
    assert family.latent_size(shape) == 201_728 == 8192 + maps
    generator = family.generator(shape, 201_728, norm=lambda: VirtualBatchNorm(reference=16))
    inside = ((512 + 64, 256), (256 + 64, 128), (128 + 32, 64), (64 + 16, 64), (64 + 8, 64))
    kernels = 8192 * 8192 + 25 * sum(a * b for a, b in inside) + 25 * (64 + 8) * 3
    assert trainable(generator) == kernels + 3 + 2 * (512 + 256 + 128 + 64 + 64 + 64)
    assert [generator.get_layer(f"norm_{4 << level}").output.shape[1:] for level in range(6)] == [
        (4, 4, 512), (8, 8, 256), (16, 16, 128), (32, 32, 64), (64, 64, 64), (128, 128, 64)]
    verdict = functools.partial(verdicts.explicit_classes, classes=1000)
    discriminator = family.discriminator(shape, norm=CrossBatchNorm, head=MinibatchHalves(), verdict=verdict)
    widths = (3, 64, 128, 256, 256, 256, 512, 512)
    kernels = 9 * sum(a * b for a, b in zip(widths, widths[1:])) + 4 * 4 * 512 * 2560
    after = 2560 * 300 * 50 + (2560 + 600) * 1001 + 1001
    assert trainable(discriminator) == kernels + 2 * (sum(widths[1:]) + 2560) + after
    sizes = [discriminator.get_layer(f"leaky_{index}").output.shape[1] for index in range(1, 8)]
    assert sizes == [64, 32, 16, 16, 16, 8, 4]
    outputs = {name: part.shape for name, part in discriminator.output.items()}
    assert outputs == {"features": (None, 2560), "classes": (None, 1001), "logits": (None, 1)}


@pytest.mark.parametrize("size, widths, convolutions", [
    (8, [8, 4], [4, 4, 4]), (16, [8, 4, 2], [4, 8, 8, 8]), (32, [8, 4, 2, 1], [4, 8, 16, 16, 16]),
    (64, [8, 4, 2, 1, 1], [4, 8, 16, 16, 16, 32]), (256, [8, 4, 2, 1, 1, 1, 1], [4, 8, 16, 16, 16, 32, 32, 32])])
def test_depth_follows_the_size(unmade, size, widths, convolutions):
    shape = (size, size, 1)
    generator, discriminator = SMALL.generator(shape, SMALL.latent_size(shape)), SMALL.discriminator(shape)
    channels = [generator.get_layer(f"relu_{4 << level}").output.shape[-1] for level in range(len(widths))]
    assert channels == [4 * width for width in widths] and generator.output_shape == (None, *shape)
    assert [layer.filters for layer in discriminator.layers if layer.name.startswith("conv_")] == convolutions
    assert discriminator.get_layer("flat").input.shape[1:3] == (4, 4)


def test_every_part_of_z_reaches_its_map_and_no_other():
    network, z = SMALL.generator(SHAPE, LATENT), np.random.default_rng(0).normal(size=(2, LATENT)).astype("float32")
    names = ["vector", *(f"noise_{size}" for size in MAPS)]
    parts = keras.Model(network.input, {name: network.get_layer(name).output for name in names})(z)
    np.testing.assert_array_equal(parts["vector"], z[:, :6])
    rest = np.concatenate([tf.reshape(parts[f"noise_{size}"], (2, -1)) for size in MAPS], axis=1)
    np.testing.assert_array_equal(rest, z[:, 6:])
    assert {size: parts[f"noise_{size}"].shape[1:] for size in MAPS} == MAPS
    images = [network(z).numpy()]
    for first in (0, 6, 6 + 64, 6 + 64 + 256):
        moved = z.copy()
        moved[:, first] += 3.0
        images.append(network(moved).numpy())
    assert all(np.abs(image - images[0]).max() > 1e-6 for image in images[1:])
    # a number of the last map moves what its 5x5 kernel reaches, a number of the vector all
    assert [int((image != images[0]).any(-1)[0].sum()) for image in (images[1], images[4])] == [256, 9]


def test_weights_start_as_in_the_code():
    generator = NoiseMapDCGAN(width=16, vector=40).generator(SHAPE, 40 + 256 + 1024 + 2048, norm=VirtualBatchNorm)
    discriminator = NoiseMapDCGAN(width=16).discriminator(SHAPE, norm=CrossBatchNorm)
    for name, deviation in (("dense", 0.02), ("up_8", 0.02), ("up_16", 0.02), ("to_image", 0.075)):
        kernel = generator.get_layer(name).kernel.numpy()
        assert abs(kernel.std() / deviation - 1) < 0.06 and abs(kernel.mean()) < 0.1 * deviation
        assert np.abs(kernel).max() > 2.2 * deviation
    np.testing.assert_allclose(generator.get_layer("to_image").bias, -0.45)
    assert generator.get_layer("up_8").bias is None and generator.get_layer("dense").bias is None
    for index in range(1, 5):
        kernel = discriminator.get_layer(f"conv_{index}").kernel.numpy()
        assert np.abs(kernel).max() < 0.0401 and 0.9 < kernel.std() / (0.02 * 0.88) < 1.1
        assert discriminator.get_layer(f"conv_{index}").bias is None
    for layer in (generator.get_layer("norm_4"), discriminator.get_layer("norm_dense")):
        gamma = layer.gamma.numpy()
        assert 0.014 < gamma.std() < 0.026 and abs(gamma.mean() - 1) < 0.01
    assert 0.015 < discriminator.get_layer("dense").kernel.numpy().std() < 0.025


def test_noise_is_on_the_image_in_training_only():
    network, x = SMALL.discriminator(SHAPE), tf.zeros((2, *SHAPE))
    np.testing.assert_array_equal(network(x)["logits"], network(x)["logits"])
    assert (network(x, training=True)["features"].numpy() != network(x, training=True)["features"].numpy()).any()
    noisy = keras.Model(network.input, network.get_layer("image_noise").output)(tf.zeros((50, *SHAPE)), training=True)
    assert abs(float(tf.math.reduce_std(noisy)) - 0.1) < 0.002
    silent = NoiseMapDCGAN(width=4, noise=0.0).discriminator(SHAPE)
    np.testing.assert_array_equal(silent(x, training=True)["logits"], silent(x)["logits"])


def test_every_kernel_is_wrapped():
    wrapped = [layer.name for network in (SMALL.generator(SHAPE, LATENT, wrap=SpectralNorm),
                                          SMALL.discriminator(SHAPE, wrap=SpectralNorm))
               for layer in network.layers if isinstance(layer, SpectralNorm)]
    assert wrapped == ["dense", "up_8", "up_16", "to_image", *(f"conv_{index}" for index in range(1, 5)), "dense",
                       "logits"]


@pytest.mark.parametrize("settings", [{"classes": 3}, {"norm": CrossBatchNorm}], ids="-".join)
def test_it_is_saved_copied_and_compiled(settings, tmp_path):
    networks = [SMALL.generator(SHAPE, LATENT, **settings), SMALL.discriminator(SHAPE, **settings)]
    labels = tf.constant([0, 2, 1, 0])
    for network, x in zip(networks, (tf.random.stateless_normal((4, LATENT), (1, 2)),
                                     tf.random.stateless_uniform((4, *SHAPE), (1, 2), -1, 1))):
        inputs = [x, labels] if settings.get("classes") else x
        want = keras.tree.flatten(network(inputs))
        assert {part.dtype for part in want} == {tf.float32} and len(network.inputs) == 1 + ("classes" in settings)
        network.save(tmp_path / "network.keras")
        others = keras.models.load_model(tmp_path / "network.keras"), average_of(network), tf.function(
            network, jit_compile=True)
        for other, exact in zip(others, (True, True, False)):
            for one, two in zip(keras.tree.flatten(other(inputs)), want):
                np.testing.assert_allclose(one, two, rtol=0 if exact else 1e-4, atol=0 if exact else 1e-5)


def test_labels_change_the_images():
    network, z = SMALL.generator(SHAPE, LATENT, classes=3), tf.zeros((2, LATENT))
    images = network([z, tf.constant([0, 1])]).numpy()
    assert np.abs(images[0] - images[1]).max() > 1e-4


@pytest.mark.parametrize("shape", [(12, 12, 3), (4, 4, 3), (32, 16, 3), (28, 28, 1), (2,), (0, 0, 1)])
def test_other_shapes_are_refused(shape):
    for build in (lambda: SMALL.generator(shape, 10), lambda: SMALL.discriminator(shape),
                  lambda: SMALL.latent_size(shape)):
        with pytest.raises(ValueError, match="whose size is 4 x 2.k, such as 32 or 128; received shape"):
            build()


@pytest.mark.parametrize("latent", [LATENT - 1, LATENT + 1, 6, 100])
def test_a_z_of_another_size_is_refused_with_the_right_one(latent):
    with pytest.raises(ValueError) as error:
        SMALL.generator(SHAPE, latent)
    assert str(error.value) == (
        "NoiseMapDCGAN with width 4 wants a z of 838 numbers, 6 and 832 for its noise maps; "
        f"received {latent}; give a latent such as uniform:838, or other values of width and vector")


@pytest.mark.parametrize("text", ["width=0", "vector=0", "embedding=0", "noise=-0.1"])
def test_impossible_settings_are_refused(text):
    with pytest.raises(SpecError, match="wants width, vector and embedding of at least 1 and noise >= 0; received"):
        networks.NETWORKS.make(f"noise_map_dcgan:{text}")
