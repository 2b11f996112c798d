"""Finding a network's kernels: which, by which name, by which axis of outputs; and holding them to a constraint."""

import keras
import numpy as np
import pytest

from tfgan_improved import networks
from tfgan_improved.errors import UserError
from tfgan_improved.layers import BatchNorm, MinibatchDiscrimination, SpectralNorm, WeightNorm
from tfgan_improved.ops import kernel_matrix, kernels

layers = keras.layers


@pytest.fixture(scope="module")
def deep():
    """Kernels bare, wrapped in several ways, shared, inside a model and inside a layer; and weights that are none."""
    image = keras.Input((8, 8, 3))
    inner = keras.Sequential([keras.Input((8, 8, 4)), layers.Conv2D(5, 3, name="inside")], name="model")
    shared = layers.Dense(6, name="shared")
    x = SpectralNorm(layers.Conv2D(4, 3, padding="same", name="first"))(image)
    x = layers.DepthwiseConv2D(3, padding="same")(BatchNorm()(x))
    x = layers.Conv2DTranspose(2, 4, strides=2, name="up")(inner(x))
    x = shared(layers.Dense(6, name="into_shared")(layers.Flatten()(x)))
    x = keras.layers.SpectralNormalization(layers.Dense(4, name="theirs"), name="wrapper")(shared(x))
    x = layers.TimeDistributed(layers.Dense(2, name="each"), name="distributed")(layers.Reshape((2, 2))(x))
    return keras.Model(image, MinibatchDiscrimination(kernels=3, dims=2)(layers.Flatten()(x)), name="deep")


def test_every_kernel_is_found_once_and_in_order(deep):
    found = kernels.of(deep)
    assert {kernel.name for kernel in found} == {
        "first", "model/inside", "up", "into_shared", "shared", "wrapper/theirs", "distributed/each"}
    assert len(found) == 7 and found[0].name == "first"
    axes = {kernel.name: kernel.output_axis for kernel in found}
    assert axes == {name: -2 if name == "up" else -1 for name in axes}
    raw = next(kernel for kernel in found if kernel.name == "first")
    assert raw.variable is deep.layers[1].layer.kernel and raw.layer is deep.layers[1].layer


def test_conditional_networks_have_their_embeddings_by_class():
    family = networks.DCGAN(width=4)
    d = family.discriminator((16, 16, 1), classes=3, wrap=WeightNorm)
    found = {kernel.name: (kernel.output_axis, kernel.matrix().shape[1]) for kernel in kernels.of(d)}
    assert found == {"down_8": (-1, 4), "down_4": (-1, 8), "logits": (-1, 1), "label_projection": (0, 3)}
    g = family.generator((16, 16, 1), 5, norm=BatchNorm)
    found = {kernel.name: (kernel.output_axis, kernel.matrix().shape[1]) for kernel in kernels.of(g)}
    assert found == {"dense": (-1, 128), "up_8": (-2, 4), "up_16": (-2, 1)}


def test_names_choose(deep):
    assert [kernel.name for kernel in kernels.of(deep, "up")] == ["up"]
    assert {kernel.name for kernel in kernels.of(deep, "*shared|fir?t")} == {"into_shared", "shared", "first"}
    every = [kernel.name for kernel in kernels.of(deep)]
    assert [kernel.name for kernel in kernels.of(deep, "-up|-*shared")] == [
        name for name in every if name not in ("up", "shared", "into_shared")]
    assert [kernel.name for kernel in kernels.of(deep, "*shared|-into*")] == ["shared"]
    for names in ("first|down_?", "-down_?"):
        with pytest.raises(UserError, match="no kernel of network 'deep' is called 'down_.'; it has first, .*; name s"):
            kernels.of(deep, names)


@pytest.mark.parametrize("shape, axis", [((3, 4), -1), ((3, 5, 2, 4), -1), ((3, 5, 2, 4), -2), ((3, 4), 0)])
def test_a_matrix_goes_back_to_its_kernel(shape, axis):
    kernel = np.random.default_rng(0).normal(size=shape)
    matrix = kernel_matrix.of(kernel, axis)
    assert matrix.shape == (kernel.size // shape[axis], shape[axis])
    np.testing.assert_array_equal(matrix[:, 1], np.take(kernel, 1, axis).ravel())
    np.testing.assert_array_equal(kernel_matrix.back(matrix, shape, axis), kernel)
