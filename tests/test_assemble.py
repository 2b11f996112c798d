"""From a recipe to its parts: every setting reaches the part that it is meant for."""

import keras
import numpy as np
import pytest

from tfgan_improved import assemble, data
from tfgan_improved.config import RunConfig
from tfgan_improved.layers import BatchNorm, LayerNorm, MinibatchDiscrimination, SpectralNorm, WeightNorm
from tfgan_improved.losses import Hinge, LeastSquares
from tfgan_improved.ops.latents import Uniform
from tfgan_improved.spec import SpecError
from tfgan_improved.terms import R1, DiscriminatorLoss, FeatureMatching, GeneratorLoss, LeCam

DATA = {"name": "squares", "shape": [16, 16, 1], "dtype": "uint8", "classes": 3, "counts": {"train": 9}}


def recipe(**settings):
    return RunConfig(**{"network": "dcgan:width=4", "latent": "normal:4", **settings})


def count(network, kind):
    return sum(isinstance(layer, kind) for layer in network.layers)


def test_players_terms_and_optimizers():
    gan = assemble.gan(recipe(
        loss="least_squares", label_smoothing=0.1, d_terms="r1:gamma=3 lecam", g_terms="feature_matching:weight=2",
        d_steps=3, ema=0.7, latent="uniform:4,-2.0,2.0", d_lr=1e-3, g_lr=1e-4, beta1=0.3, beta2=0.9, seed=5), DATA)
    assert gan.players["d"].terms == (DiscriminatorLoss(LeastSquares(0.1)), R1(3.0), LeCam())
    assert gan.players["g"].terms == (GeneratorLoss(LeastSquares(0.1)), FeatureMatching(2.0))
    assert (gan.players["d"].steps, gan.players["g"].steps) == (3, 1) and list(gan.players) == ["d", "g"]
    assert gan.latent == Uniform(4, -2.0, 2.0) and gan.seed == 5 and gan.ema == 0.7 and gan.average is not None
    for name, rate in (("d", 1e-3), ("g", 1e-4)):
        optimizer = gan.optimizers[name]
        assert isinstance(optimizer, keras.optimizers.Adam) and optimizer.built
        np.testing.assert_allclose([float(optimizer.learning_rate), optimizer.beta_1, optimizer.beta_2],
                                   [rate, 0.3, 0.9], rtol=1e-6)


def test_defaults_are_the_plain_gan():
    gan = assemble.gan(recipe(loss="hinge"), DATA)
    assert gan.players["d"].terms == (DiscriminatorLoss(Hinge()),) and gan.average is None
    assert gan.networks["g"].output_shape == (None, 16, 16, 1) and len(gan.networks["g"].inputs) == 1
    for name in "dg":
        assert count(gan.networks[name], BatchNorm) > 0 and count(gan.networks[name], (SpectralNorm, WeightNorm)) == 0


def test_norms_wraps_and_heads_reach_their_network():
    generator, discriminator = assemble.networks(recipe(
        d_norm="layer", g_norm="none", d_wrap="spectral:power_iterations=2", g_wrap="weight",
        d_head="minibatch_discrimination:kernels=5"), DATA)
    assert count(generator, (BatchNorm, LayerNorm)) == 0 and count(discriminator, BatchNorm) == 0
    assert count(discriminator, LayerNorm) > 0 and count(discriminator, MinibatchDiscrimination) == 1
    assert count(generator, WeightNorm) > 1 and count(generator, SpectralNorm) == 0
    wrapped = [layer for layer in discriminator.layers if isinstance(layer, SpectralNorm)]
    assert len(wrapped) > 1 and {layer.power_iterations for layer in wrapped} == {2}
    assert next(layer for layer in discriminator.layers if isinstance(layer, MinibatchDiscrimination)).kernels == 5


def test_labels_are_given_to_conditional_networks_only():
    for conditional, inputs in ((False, 1), (True, 2)):
        networks = assemble.networks(recipe(conditional=conditional), DATA)
        assert [len(network.inputs) for network in networks] == [inputs, inputs]
    with pytest.raises(SpecError, match="--conditional needs labels; the data set 'squares' has none; leave it out"):
        assemble.networks(recipe(conditional=True), DATA | {"classes": 0})


def test_the_seed_decides_the_first_weights():
    first, again, other = (assemble.gan(recipe(seed=seed), DATA) for seed in (1, 1, 2))
    for name in "dg":
        for mine, same, else_ in zip(*(gan.networks[name].trainable_weights for gan in (first, again, other))):
            np.testing.assert_array_equal(mine, same)
            assert (np.asarray(mine) != np.asarray(else_)).any() or not np.ptp(mine)  # biases start as zeros


def test_precision_is_that_of_activations():
    try:
        gan = assemble.gan(recipe(precision="mixed_bfloat16"), DATA)
    finally:
        keras.config.set_dtype_policy("float32")
    assert gan.networks["g"].layers[1].compute_dtype == "bfloat16"
    assert {weight.dtype for weight in gan.networks["g"].weights} == {"float32"}
    assert gan.networks["g"].outputs[0].dtype == gan.networks["d"].output["logits"].dtype == "float32"


@pytest.mark.parametrize("settings, shape, told", [
    ({}, [30, 30, 1], "--network=dcgan:width=4 cannot be built for images of shape (30, 30, 1): "),
    ({"network": "dcgan:width=0"}, [16, 16, 1], "network 'dcgan:width=0' was refused: "),
    ({"d_terms": "r1:gamma=-1"}, [16, 16, 1], "term 'r1:gamma=-1.0' was refused: "),
    ({"d_head": "minibatch_discrimination:kernels=0"}, [16, 16, 1], "kernels=0"),
    ({"d_wrap": "spectral:power_iterations=0"}, [16, 16, 1], "power_iterations of SpectralNorm must be at least 1"),
    ({"d_norm": "batch:momentum=2"}, [16, 16, 1], "momentum of BatchNorm must be from 0 to 1"),
])
def test_what_the_parts_refuse_is_one_sentence(settings, shape, told):
    with pytest.raises(SpecError) as error:
        assemble.gan(recipe(**settings), DATA | {"shape": shape})
    assert told in str(error.value) and "\n" not in str(error.value)


def test_what_is_stored_of_the_data_is_json_and_enough_for_the_networks():
    about = assemble.about_data(data.load("ring8"))
    assert about == {"name": "ring8", "shape": [2], "dtype": "float32", "classes": 8,
                     "counts": {"train": 100_000, "validation": 0, "test": 10_000}}
    assert assemble.networks(recipe(network="mlp:width=4,depth=1"), about)[0].output_shape == (None, 2)


def test_the_sampler_is_of_the_recipes_generator():
    sampler = assemble.sampler(recipe(latent="uniform:4", conditional=True), DATA)
    assert sampler.latent == Uniform(4) and sampler.conditional and sampler.classes == 3
    network = assemble.networks(recipe(), DATA)[0]
    assert assemble.sampler(recipe(), DATA, network).generator is network
