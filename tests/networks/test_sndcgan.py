"""SN-DCGAN and the five-block DCGAN: sizes, parameter counts, strides, initial weights, what they refuse."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved import networks
from tfgan_improved.layers import BatchNorm, InstanceNorm, LayerNorm, SpectralNorm, WeightNorm
from tfgan_improved.ops import kernels


def trainable(model):
    return sum(int(np.prod(v.shape)) for v in model.trainable_variables)


@pytest.fixture
def unmade():
    """Networks are described, not made; what waits to be made is forgotten, or the next scope would make it."""
    with keras.StatelessScope(initialize_variables=False):
        yield
    keras.utils.clear_session()


def maps(model, prefix):
    """(sides, channels) of what the layers give whose names begin with `prefix`."""
    return [(layer.output.shape[1], layer.output.shape[3]) for layer in model.layers if layer.name.startswith(prefix)]


@pytest.mark.parametrize("wide, d", [(False, 2_935_873), (True, 5_860_865)])
def test_sndcgan_has_the_specifications_parameters(unmade, wide, d):
    family = networks.SNDCGAN(wide=wide)
    assert trainable(family.generator((32, 32, 3), 128, norm=BatchNorm)) == 3_813_379
    assert trainable(family.discriminator((32, 32, 3), wrap=SpectralNorm)) == d


@pytest.mark.parametrize("size", [32, 48, 64])
def test_sndcgan_has_the_papers_maps_at_each_size(unmade, size):
    g, d = networks.SNDCGAN().generator((size, size, 3), 128), networks.SNDCGAN().discriminator((size, size, 3))
    assert maps(g, "map_") + maps(g, "up_") + maps(g, "to_image") == [
        (size // 8, 512), (size // 4, 256), (size // 2, 128), (size, 64), (size, 3)]
    sides = [size, size // 2, size // 2, size // 4, size // 4, size // 8, size // 8]
    assert maps(d, "conv_") == list(zip(sides, [64, 64, 128, 128, 256, 256, 512]))
    wide = networks.SNDCGAN(wide=True).discriminator((size, size, 3))
    assert maps(wide, "conv_") == list(zip(sides, [64, 128, 128, 256, 256, 512, 512]))
    assert [layer.kernel_size[0] for layer in d.layers if layer.name.startswith("conv_")] == [3, 4, 3, 4, 3, 4, 3]
    count = 3_813_379 + (size * size // 64 - 16) * 512 * 129 - 2 * 960  # without the norms' gammas and betas
    assert trainable(g) == count


@pytest.mark.parametrize("size, sides", [
    (64, (32, 16, 8, 4)), (32, (16, 8, 4, 4)), (48, (24, 12, 6, 6)), (28, (14, 7, 7, 7)), (96, (48, 24, 12, 6))])
def test_five_blocks_at_each_size(unmade, size, sides):
    family, base = networks.FiveBlockDCGAN(), sides[-1]
    g, d = family.generator((size, size, 3), 100, norm=BatchNorm), family.discriminator((size, size, 3), norm=BatchNorm)
    assert maps(d, "down_") == list(zip(sides, (64, 128, 256, 512)))
    assert maps(g, "from_z") + maps(g, "up_") == list(zip((*reversed(sides), size), (512, 256, 128, 64, 3)))
    assert len(kernels.of(g)) == len(kernels.of(d)) == 5
    first = {kernel.name: kernel for kernel in kernels.of(g)}["from_z"]
    assert first.variable.shape == (base, base, 512, 100) and first.output_axis == -2  # 512 units, not base^2 as many


def test_at_64_it_is_the_usual_dcgan(unmade):
    """Its kernels, gammas and betas, and a bias where no norm follows: D's first and last layer, G's last."""
    family = networks.FiveBlockDCGAN()
    g, d = family.generator((64, 64, 3), 100, norm=BatchNorm), family.discriminator((64, 64, 3), norm=BatchNorm)
    assert trainable(g) == 3_576_704 + 3 and trainable(d) == 2_765_568 + 64 + 1


def test_initial_weights():
    keras.utils.set_random_seed(0)
    for family, names in ((networks.SNDCGAN(width=16, d_start="orthogonal"), "conv_*"),
                          (networks.FiveBlockDCGAN(width=16, d_start="orthogonal"), "down_*")):
        for kernel in kernels.of(family.discriminator((32, 32, 3)), names):
            w = kernel.matrix().numpy()
            gram = w.T @ w if w.shape[0] >= w.shape[1] else w @ w.T
            np.testing.assert_allclose(gram, np.eye(len(gram)), atol=1e-5)
        for kernel in kernels.of(family.generator((32, 32, 3), 64)):
            assert abs(kernel.matrix().numpy().std() / 0.02 - 1) < 0.1
    glorot = networks.SNDCGAN(width=16, g_start="glorot").generator((32, 32, 3), 64)
    values = kernels.of(glorot, "dense")[0].matrix().numpy()
    limit = (6 / (64 + 16 * 128)) ** 0.5
    assert 0.98 * limit < np.abs(values).max() <= limit


@pytest.mark.parametrize("family", [networks.SNDCGAN(width=2), networks.FiveBlockDCGAN(width=2)], ids=["sn", "five"])
@pytest.mark.parametrize("norm, wrap", [(BatchNorm, WeightNorm), (LayerNorm, SpectralNorm), (InstanceNorm, None),
                                        (None, None)])
def test_any_norm_and_wrap(family, norm, wrap):
    g = family.generator((16, 16, 1), 6, norm=norm, wrap=wrap)
    d = family.discriminator((16, 16, 1), norm=norm, wrap=wrap)
    images = g(tf.random.stateless_normal((3, 6), (0, 1)), training=True)
    judged = d(images, training=True)
    assert images.shape == (3, 16, 16, 1) and np.isfinite(judged["logits"]).all() and judged["features"].shape[0] == 3
    norms = [layer for layer in (*g.layers, *d.layers) if norm and isinstance(layer, norm)]
    wraps = [layer for layer in (*g.layers, *d.layers) if wrap and isinstance(layer, wrap)]
    blocks = (4, 6) if isinstance(family, networks.SNDCGAN) else (4, 3)
    assert len(norms) == (sum(blocks) if norm else 0)
    assert len(wraps) == (len(kernels.of(g)) + len(kernels.of(d)) if wrap else 0)


@pytest.mark.parametrize("build, told", [
    (lambda: networks.SNDCGAN().generator((28, 28, 1), 9), "multiple of 8, at least 16; received 28; the nearest"),
    (lambda: networks.SNDCGAN().discriminator((8, 8, 1)), "received 8; the smallest is 16"),
    (lambda: networks.SNDCGAN().discriminator((2,)), r"SNDCGAN wants square images .* received shape \(2,\)"),
    (lambda: networks.SNDCGAN(width=0), "SNDCGAN wants width and embedding of at least 1 .* received width=0"),
    (lambda: networks.SNDCGAN(d_start="he"), "g_start and d_start of SNDCGAN must be normal, glorot, orthogonal"),
    (lambda: networks.FiveBlockDCGAN().generator((128, 128, 3), 9), "at most 112 x 112 .* received 128; set image_"),
    (lambda: networks.FiveBlockDCGAN().generator((30, 30, 3), 9), "received 30; the nearest are 28 and 32"),
    (lambda: networks.FiveBlockDCGAN(d_start="he"), "d_start normal or orthogonal; .* d_start='he'")])
def test_what_cannot_be_is_told(build, told):
    with pytest.raises(ValueError, match=told):
        build()
