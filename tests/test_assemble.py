"""From a recipe to its parts: every setting reaches the part that it is meant for."""

import keras
import numpy as np
import pytest

from tfgan_improved import assemble, data
from tfgan_improved.config import RunConfig
from tfgan_improved.layers import BatchNorm, LayerNorm, MinibatchDiscrimination, SpectralNorm, WeightNorm
from tfgan_improved.losses import Hinge, LeastSquares, NonSaturating
from tfgan_improved.ops.latents import Uniform
from tfgan_improved.spec import SpecError
from tfgan_improved.terms import R1, Classification, DiscriminatorLoss, FeatureMatching, GeneratorLoss, LeCam
from tfgan_improved.training.deals import Apart, Shared
from tfgan_improved.training.optimizers import FusedAdam, LinearDecay, RootAdam

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
    assert gan.latent == Uniform(4, -2.0, 2.0) and gan.seed == 5 and gan.ema == {"g": 0.7} and "g" in gan.averages
    for name, rate in (("d", 1e-3), ("g", 1e-4)):
        optimizer = gan.optimizers[name]
        assert isinstance(optimizer, keras.optimizers.Adam) and optimizer.built
        np.testing.assert_allclose([float(optimizer.learning_rate), optimizer.beta_1, optimizer.beta_2],
                                   [rate, 0.3, 0.9], rtol=1e-6)


def test_defaults_are_the_plain_gan():
    gan = assemble.gan(recipe(loss="hinge"), DATA)
    assert gan.players["d"].terms == (DiscriminatorLoss(Hinge()),) and not gan.averages
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
    with pytest.raises(SpecError, match="--conditional needs labels of two classes or more; .*'squares' has none"):
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
    ({"d_wrap": "spectral:power_iterations=0"}, [16, 16, 1], "SpectralNorm wants power_iterations of at least 1"),
    ({"g_terms": "information", "batch_size": 4, "accumulate": 4}, [16, 16, 1],
     "the term loss wants at least 2 examples in a pass; received --batch_size=4 and --accumulate=4; give more"),
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


SEMI = {"labels": 6, "d_verdict": "class_logits", "d_terms": "classification:weight=2", "d_loss_weight": 0.5,
        "g_loss_weight": 0.0, "g_terms": "feature_matching:distance=absolute", "deal": "apart",
        "d_joint": "labeled real fake", "g_joint": "real fake"}


def test_semi_supervised_settings_reach_their_parts():
    gan = assemble.gan(recipe(**SEMI, d_ema=0.999, ema=0.9, g_steps=3, d_steps=2), DATA)
    assert gan.players["d"].terms == (DiscriminatorLoss(NonSaturating(), 0.5), Classification(2.0))
    assert gan.players["g"].terms == (FeatureMatching(distance="absolute"),)
    assert isinstance(gan.deal, Apart) and (gan.players["d"].steps, gan.players["g"].steps) == (2, 3)
    assert gan.joint == {"d": ("labeled", "real", "fake"), "g": ("real", "fake")}
    assert gan.ema == {"g": 0.9, "d": 0.999} and set(gan.averages) == {"g", "d"}
    assert gan.networks["d"].output["classes"].shape == gan.averages["d"].output["classes"].shape == (None, 3)
    assert assemble.parts(recipe(**SEMI, d_steps=2, g_steps=3)) == 5 and assemble.parts(recipe(g_steps=3)) == 3
    assert isinstance(assemble.gan(recipe(), DATA).deal, Shared)


def test_optimizers_and_falling_rates_are_those_asked_for():
    gan = assemble.gan(recipe(optimizer="root_adam:epsilon=1e-6", beta1=0.3, beta2=0.9, d_lr=0.1, g_lr=0.2, d_steps=3,
                              lr_decay_from=5, lr_decay_to=10), DATA)
    for name, rate, turns in (("d", 0.1, 3), ("g", 0.2, 1)):
        optimizer = gan.optimizers[name]
        assert isinstance(optimizer, RootAdam)
        assert (optimizer.epsilon, optimizer.beta_1, optimizer.beta_2) == (1e-6, 0.3, 0.9)
        assert optimizer._learning_rate.get_config() == LinearDecay(rate, 5, 10, turns).get_config()
    plain = assemble.gan(recipe(), DATA).optimizers["d"]
    assert type(plain) is FusedAdam and plain.epsilon == 1e-8


def test_a_layer_that_a_term_reads_becomes_an_output_of_d():
    d = assemble.discriminator(recipe(g_terms="feature_matching:layer=leaky_8 feature_matching"), DATA)
    assert set(d.output) == {"features", "logits", "leaky_8"} and d.output["leaky_8"].shape == (None, 8, 8, 4)
    assert set(assemble.discriminator(recipe(), DATA).output) == {"features", "logits"}


@pytest.mark.parametrize("settings, told", [
    ({"d_terms": "classification", "labels": 6}, "--d_terms=classification cannot be: D gives no 'classes': its "
     "outputs are features, logits (with a verdict such as --d_verdict=class_logits also classes)"),
    ({"d_terms": "r1 classification", "d_verdict": "class_logits"}, "--d_terms=classification reads the few labeled "
     "images, which are given to D where --labels says how many; give --labels, or its argument part=real"),
    ({"g_terms": "classification", "labels": 6, "d_verdict": "class_logits"}, "--g_terms=classification reads the few"),
    ({"g_terms": "feature_matching:layer=leaky_9"}, "--g_terms=feature_matching:layer=leaky_9 cannot be: D gives no "
     "'leaky_9': its outputs are features, logits"),
    ({"d_verdict": "explicit_classes"}, "the verdict 'explicit_classes' needs the labels of at least 2 classes"),
    ({"loss": "non_saturating:generator_target=2"}, "generator_target must be above 0 and at most 1"),
    ({"optimizer": "root_adam:epsilon=-1"}, "epsilon of RootAdam must be above 0; received -1.0"),
    ({"d_wrap": "weight:start=-1"}, "start, deviation and epsilon of WeightNorm must be at least 0"),
    ({"g_norm": "cross_batch"}, "CrossBatchNorm tells real rows from generated ones; received --g_norm=cross_batch"),
    ({"labels": 6}, "--labels=6 gives D labeled images that none of its terms reads; received --d_terms=''; add"),
    ({"labels": 6, "d_terms": "classification:part=real", "d_verdict": "class_logits"}, "that none of its terms reads"),
    ({"network": "noisy_conv"}, "NoisyConv wants images of 32 x 32; received shape (16, 16, 1); set image_size to 32"),
])
def test_what_terms_and_verdicts_cannot_have_is_one_sentence(settings, told):
    with pytest.raises(SpecError) as error:
        assemble.gan(recipe(**settings), DATA | {"classes": 1 if "explicit" in settings.get("d_verdict", "") else 3})
    assert told in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("layer", [{"d_head": "minibatch_halves:kernels=2,dims=2"}, {"d_norm": "cross_batch"}])
@pytest.mark.parametrize("passes, told", [
    ({}, "each pass; received --d_joint='' and --g_joint=''; give --d_joint=\"real fake\" and --g_joint=\"real fake\""),
    ({"d_joint": "real fake"}, "received --d_joint='real fake' and --g_joint=''"),
    ({"d_joint": "fake real", "g_joint": "real fake"}, "received --d_joint='fake real' and --g_joint='real fake'"),
    (SEMI, "received --d_joint='labeled real fake' and --g_joint='real fake'"),
    ({**SEMI, "d_joint": "real fake"}, "the few labeled images have one of their own; received --labels=6"),
])
def test_a_layer_that_wants_halves_gets_passes_of_real_and_generated_rows(layer, passes, told):
    with pytest.raises(SpecError) as error:
        assemble.gan(recipe(**layer, **passes), DATA)
    assert " in D wants n real and then n generated rows in each pass" in str(error.value)
    assert told in str(error.value) and "\n" not in str(error.value)
    assemble.gan(recipe(**layer, d_joint="real fake", g_joint="real fake"), DATA)


@pytest.mark.parametrize("term", ["r1", "r2", "gradient_penalty", "dragan"])
@pytest.mark.parametrize("layer", [{"d_head": "minibatch_halves:kernels=2,dims=2"}, {"d_norm": "cross_batch"}])
def test_a_layer_that_wants_halves_goes_with_no_term_that_judges_other_rows(layer, term):
    with pytest.raises(SpecError, match=f"the term {term} runs D on other rows; leave the term out, or choose another"):
        assemble.gan(recipe(**layer, d_joint="real fake", g_joint="real fake", d_terms=term), DATA)
    assemble.gan(recipe(d_joint="real fake", g_joint="real fake", d_terms=term), DATA)


def test_every_label_may_be_used_by_the_part_real():
    gan = assemble.gan(recipe(d_terms="classification:part=real", d_verdict="explicit_classes"), DATA)
    assert gan.players["d"].terms[1] == Classification(part="real")
    assert gan.networks["d"].output["classes"].shape == (None, 4)


@pytest.mark.parametrize("settings, rows", [
    ({}, 24), ({"accumulate": 3}, 24),  # its rows do not feel each other
    ({"d_head": "minibatch_discrimination:kernels=2"}, 12),
    ({"d_head": "minibatch_discrimination:kernels=2", "accumulate": 3}, 4),
    ({"d_head": "minibatch_discrimination:kernels=2,across_replicas=true", "accumulate": 3}, 8),
    ({"d_head": "minibatch_halves:kernels=2,dims=2", "d_joint": "real fake", "g_joint": "real fake"}, 24),
    ({"d_head": "minibatch_discrimination:kernels=2", "d_joint": "real fake", "labels": 6}, 12),
    ({"d_head": "minibatch_discrimination:kernels=2", "d_joint": "labeled real fake", "labels": 6}, 36),
])
def test_a_d_that_compares_images_is_asked_about_as_many_as_it_learned_from(settings, rows):
    run = recipe(**{"batch_size": 24, **settings})
    assert assemble.rows_seen(run, assemble.discriminator(run, DATA), replicas=2) == rows


@pytest.mark.parametrize("head", ["minibatch_discrimination:kernels=2", "minibatch_halves:kernels=2,dims=2"])
def test_a_head_appends_float32_numbers_in_mixed_precision(head):
    try:
        d = assemble.discriminator(recipe(d_head=head, precision="mixed_bfloat16"), DATA)
    finally:
        keras.config.set_dtype_policy("float32")
    assert [layer.output.dtype for layer in d.layers if hasattr(layer, "across_replicas")] == ["float32"]


def test_a_conditional_d_may_start_its_layers_from_data():
    gan = assemble.gan(recipe(conditional=True, d_wrap="weight:deviation=1.0"), DATA)
    gan.initialize((np.random.default_rng(0).uniform(-1, 1, (9, 16, 16, 1)).astype("float32"), np.arange(9) % 3))
    assert isinstance(gan.networks["d"].get_layer("label_projection"), WeightNorm)
