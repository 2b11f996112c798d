"""The residual families: their sizes, and their blocks against the same computed the long way."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.layers import BatchNorm, SelfAttention, SpectralNorm, VirtualBatchNorm
from tfgan_improved.networks import NETWORKS, SAGAN, BigGAN, SNGANResNet, blocks, carry_reference

PLAIN = "biggan:width={},shared=0,hierarchical=false"
# What the networks must count: the numbers of the paper's authors' code, of compare_gan and of SN-GAN's reprint.
COUNTS = [("biggan:width=96", 128, 120, 1000, 70_433_988, 87_982_370),
          ("biggan:width=64", 128, 120, 1000, 31_978_628, 39_448_258),
          (PLAIN.format(64), 128, 128, 1000, 42_017_412, 39_448_258),
          (PLAIN.format(96), 128, 128, 1000, 85_556_164, 87_982_370),
          ("biggan:width=96,hierarchical=false", 128, 120, 1000, 72_595_908, 87_982_370),
          ("biggan:width=64", 64, 100, 1000, 31_804_676, 20_566_721),
          ("biggan:width=96", 64, 100, 1000, 70_083_972, 45_500_449),
          ("biggan:width=64", 256, 140, 1000, 37_264_004, 44_445_890),
          ("biggan:width=96", 256, 140, 1000, 82_097_604, 99_225_890),
          ("biggan:width=96", 512, 160, 1000, 82_468_068, 99_401_282),
          (PLAIN.format(64), 32, 128, 10, 4_304_387, 4_207_361),
          ("biggan:width=64", 32, 80, 10, 4_287_235, 4_207_361),
          ("sngan_resnet", 32, 128, 0, 4_276_739, None)]


def described(spec, size, latent, classes, **settings):
    """Both networks, their weights described but not made."""
    family = NETWORKS.make(spec)
    with keras.StatelessScope(initialize_variables=False):
        pair = (family.generator((size, size, 3), latent, classes, norm=BatchNorm, wrap=SpectralNorm, **settings),
                family.discriminator((size, size, 3), classes, wrap=SpectralNorm, **settings))
    keras.utils.clear_session()
    return pair


def count(network):
    return sum(int(np.prod(variable.shape)) for variable in network.trainable_variables)


@pytest.mark.parametrize("spec, size, latent, classes, g, d", COUNTS)
def test_parameter_counts(spec, size, latent, classes, g, d):
    generator, discriminator = described(spec, size, latent, classes)
    assert count(generator) == g
    assert d is None or count(discriminator) == d


def test_the_parts_of_biggan_at_128():
    generator, discriminator = described("biggan:width=96", 128, 120, 1000)
    names = ("label_vector", "dense", "last_norm", "to_image", "attention_64")
    trained = {name: count(generator.get_layer(name)) for name in names}
    assert trained == {"label_vector": 128_000, "dense": 516_096, "last_norm": 192, "to_image": 2_595,
                       "attention_64": 5 * 192**2 // 4 + 1}
    assert [generator.get_layer(f"condition_{index}").output.shape for index in range(1, 6)] == [(None, 148)] * 5
    assert discriminator.get_layer("attention_64").output.shape == (None, 64, 64, 96)
    assert count(discriminator.get_layer("label_projection")) == 1_536_000
    assert discriminator.output["features"].shape == (None, 1536)
    assert {type(layer) for layer in generator.layers if layer.name.startswith("attention")} == {SelfAttention}


def test_sagan_attends_where_it_is_told():
    for spec, size, maps in (("sagan", 128, [32]), ("sagan:attention=0", 64, []), ("sagan:attention=16", 64, [16])):
        for network in described(spec, size, 128, 10):
            places = [layer.output.shape[1] for layer in network.layers if isinstance(layer, SelfAttention)]
            assert places == maps
    assert described("sngan_resnet", 48, 128, 0)[1].get_layer("same_5_sum").output.shape == (None, 3, 3, 1024)


def weights(network, name):
    """A convolution's kernel and bias, or a dense layer's, NumPy."""
    return [np.asarray(v) for v in network.get_layer(name).trainable_variables]


def convolved(x, network, name):
    kernel, bias = weights(network, name)
    return tf.nn.conv2d(x, kernel, 1, "SAME") + bias


def enlarged(x):
    return tf.repeat(tf.repeat(x, 2, axis=1), 2, axis=2)


def mean(x):
    return tf.nn.avg_pool2d(x, 2, 2, "VALID")


@pytest.fixture(autouse=True)
def _seeded():
    keras.utils.set_random_seed(0)


def wobbled(network):
    """The network with all its weights away from zeros and ones, which hide mistakes."""
    random = np.random.default_rng(0)
    network.set_weights([w + 0.1 * random.normal(size=w.shape) * (w.min() >= 0) for w in network.get_weights()])
    return network


def test_a_block_of_g_is_its_formula():
    start, inputs = blocks.STARTS["orthogonal"], [keras.Input((4, 4, 6)), keras.Input((5,))]
    normalized = blocks.conditional(BatchNorm, inputs[1], lambda layer: layer, start)
    block = wobbled(keras.Model(inputs, blocks.up_block(inputs[0], 3, normalized, lambda layer: layer, start, "up")))
    random = np.random.default_rng(1)
    x, c = random.normal(size=(7, 4, 4, 6)).astype("float32"), random.normal(size=(7, 5)).astype("float32")

    def norm(x, name):
        x = np.asarray(x)
        gain, bias = (c @ kernel for kernel in weights(block, name))
        y = (x - x.mean((0, 1, 2))) / np.sqrt(x.var((0, 1, 2)) + 1e-5)
        return y * (1 + gain[:, None, None]) + bias[:, None, None]

    y = convolved(enlarged(tf.nn.relu(norm(x, "up_norm_1"))), block, "up_conv_1")
    y = convolved(tf.nn.relu(norm(y, "up_norm_2")), block, "up_conv_2") + convolved(enlarged(x), block, "up_side")
    np.testing.assert_allclose(block([x, c], training=True), y, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("channels, width, down", [(3, 5, True), (4, 4, True), (4, 4, False), (3, 4, False)])
def test_a_block_of_d_is_its_formula(channels, width, down):
    start, inputs = blocks.STARTS["glorot_sqrt2"], keras.Input((4, 6, channels))
    bare = blocks.conditional(None, None, None, start)
    block = wobbled(keras.Model(inputs, blocks.down_block(
        inputs, width, 7, bare, lambda layer: layer, start, "d", down)))
    x = np.random.default_rng(1).normal(size=(2, 4, 6, channels)).astype("float32")
    y = convolved(tf.nn.relu(convolved(tf.nn.relu(x), block, "d_conv_1")), block, "d_conv_2")
    side = convolved(x, block, "d_side") if down or channels != width else x
    assert weights(block, "d_conv_1")[0].shape == (3, 3, channels, 7)
    assert down or channels != width or "d_side" not in [layer.name for layer in block.layers]
    np.testing.assert_allclose(block(x), mean(y + side) if down else y + side, rtol=1e-4, atol=1e-5)


def test_the_first_block_of_d_is_its_formula():
    start, inputs = blocks.STARTS["normal"], keras.Input((4, 6, 3))
    bare = blocks.conditional(None, None, None, start)
    block = wobbled(keras.Model(inputs, blocks.first_down_block(inputs, 5, bare, lambda layer: layer, start, "d")))
    x = np.random.default_rng(1).normal(size=(2, 4, 6, 3)).astype("float32")
    y = convolved(tf.nn.relu(convolved(x, block, "d_conv_1")), block, "d_conv_2")
    np.testing.assert_allclose(block(x), mean(y) + convolved(mean(x), block, "d_side"), rtol=1e-4, atol=1e-5)


def test_d_sums_over_positions_and_adds_the_projection():
    d = wobbled(SNGANResNet(width=2).discriminator((32, 32, 1), classes=3))
    x, labels = np.random.default_rng(0).normal(size=(4, 32, 32, 1)).astype("float32"), np.array([0, 2, 1, 2])
    last = keras.Model(d.input, d.get_layer("last_relu").output)([x, labels])
    got, features = d([x, labels]), np.asarray(last).sum((1, 2))
    kernel, bias = weights(d, "logits")
    table = np.asarray(d.get_layer("label_projection").embeddings)
    np.testing.assert_allclose(got["features"], features, rtol=1e-4)
    np.testing.assert_allclose(got["logits"][:, 0], features @ kernel[:, 0] + bias + (table[labels] * features).sum(1),
                               rtol=1e-4, atol=1e-4)


def test_each_part_of_z_moves_its_block_and_those_behind_it():
    g = BigGAN(width=1).generator((32, 32, 1), 8, norm=BatchNorm)
    seen = keras.Model(g.input, [g.get_layer(f"up_{size}_sum").output for size in (8, 16, 32)])
    z = np.random.default_rng(0).normal(size=(5, 8)).astype("float32")
    before = seen(z)
    for part, first in enumerate((0, 0, 1, 2)):  # the first part feeds the dense layer
        moved = z.copy()
        moved[:, 2 * part:2 * part + 2] += 1.0
        changed = [np.abs(np.asarray(a - b)).max() > 1e-6 for a, b in zip(seen(moved), before)]
        assert changed == [block >= first for block in range(3)]


def test_any_norm_gives_up_its_own_gains_and_takes_those_of_the_classes():
    g = carry_reference(BigGAN(width=1, shared=4).generator(
        (32, 32, 1), 8, classes=3, norm=lambda: VirtualBatchNorm(reference=4)))
    assert [v.path for v in g.trainable_variables if "gamma" in v.path] == ["last_norm/gamma"]
    z, labels = np.random.default_rng(0).normal(size=(4, 8)).astype("float32"), np.array([0, 1, 2, 0])
    g.set_reference([z, labels])
    assert np.abs(np.asarray(g([z, labels]) - g([z, labels[::-1]]))).max() > 1e-4
    bare = SAGAN(width=1, attention=0).generator((64, 64, 1), 8, classes=3)  # no norm: gains and biases alone
    assert [layer.name for layer in bare.layers if layer.name.endswith("norm_1")] == [
        f"up_{size}_norm_1" for size in (8, 16, 32, 64)]


def test_what_cannot_be_built_is_told():
    for shape in ((28, 28, 1), 32):
        with pytest.raises(ValueError, match=r"square images \(h, w, c\) of size 32, 64, 128, 256, 512; received"):
            BigGAN().generator(shape, 120)
    with pytest.raises(ValueError, match="cut z in 4 equal parts, .* received a z of 90 numbers; .* normal:80"):
        BigGAN(width=1).generator((32, 32, 1), 90)
    with pytest.raises(ValueError, match="received shared=0; give shared, or hierarchical=false"):
        BigGAN(width=1, shared=0).generator((32, 32, 1), 80, classes=3)
    with pytest.raises(ValueError, match="start of BigGAN must be one of orthogonal, normal, glorot, glorot_sqrt2; "):
        BigGAN(start="zeros")
    with pytest.raises(ValueError, match="form of BigGAN must be one of released, reported; received 'none'"):
        BigGAN(form="none")
    for width, told in ((0, "0"), ("8", "'8'"), (True, "True"), (1.5, "1.5")):
        with pytest.raises(ValueError, match=f"wants whole numbers of at least 1 for width; received width={told}"):
            BigGAN(width=width)
    assert BigGAN(width=np.int64(2)).width == 2
    for shared in (-1, 1.5, float("nan")):
        with pytest.raises(ValueError, match=f"received shared={shared}, g_attention=-1"):
            BigGAN(shared=shared)
    with pytest.raises(ValueError, match="hierarchical of BigGAN must be True or False; received 'no'"):
        BigGAN(hierarchical="no")
    with pytest.raises(ValueError, match="whole numbers; received latent='8', classes=0"):
        BigGAN(width=1).generator((32, 32, 1), "8")
    with pytest.raises(ValueError, match="a whole number of at least 0 classes; received classes=-1"):
        BigGAN(width=1).discriminator((32, 32, 1), -1)
    with pytest.raises(ValueError, match=r"SNGANResNet wants square .* of size 32, 48; received shape \(64"):
        SNGANResNet().discriminator((64, 64, 3))
    with pytest.raises(ValueError, match="attention of SAGAN must be a map's size, or 0 for none; received -1"):
        SAGAN(attention=-1)
    with pytest.raises(ValueError, match="attention of D must be the size of a map, 16, 8; received 4"):
        BigGAN(width=1, d_attention=4).discriminator((32, 32, 1))
    with pytest.raises(ValueError, match="attention of G must be the size of a map, 8, 16, 32, 64; received 4"):
        SAGAN(width=1, attention=4).generator((64, 64, 1), 8)
    with pytest.raises(ValueError, match="form of SAGAN must be one of released, reported; received 'x'"):
        SAGAN(form="x")


def test_orthogonal_kernels_are_so_seen_as_inputs_by_units():
    d = BigGAN(width=2).discriminator((32, 32, 1))
    for layer in d.layers:
        for variable in layer.trainable_variables if layer.name.startswith(("down", "same")) else ():
            if len(variable.shape) == 4:
                w = np.asarray(variable).reshape(-1, variable.shape[-1])
                gram = w.T @ w if w.shape[0] >= w.shape[1] else w @ w.T
                np.testing.assert_allclose(gram, np.eye(len(gram)), atol=1e-5)
