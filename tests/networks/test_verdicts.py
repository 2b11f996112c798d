"""The ends of a discriminator: K class logits are K + 1 of which the last is 0, and their losses are the paper's."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.losses import LOSSES
from tfgan_improved.networks import NETWORKS, VERDICTS, with_layers

CLASSES, ROWS = 4, 6
FAMILIES = {"dcgan": ("dcgan:width=4", (16, 16, 1)), "mlp": ("mlp:width=8,depth=2", (2,)),
            "noisy_mlp": ("noisy_mlp", (5, 5, 1)), "noisy_conv": ("noisy_conv:width=3", (32, 32, 3))}


def discriminator(family, verdict, classes=CLASSES, **settings):
    keras.utils.set_random_seed(0)
    spec, shape = FAMILIES[family]
    chosen = functools.partial(VERDICTS.find(verdict), classes=classes)
    network = NETWORKS.make(spec).discriminator(shape, verdict=chosen, **settings)
    return network, np.random.default_rng(0).uniform(-1, 1, (ROWS, *shape)).astype("float32")


def softmax(raw):
    powers = np.exp(raw - raw.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("verdict", list(VERDICTS))
def test_every_family_ends_in_every_verdict(family, verdict, tmp_path):
    network, x = discriminator(family, verdict)
    judged = network(x)
    units = {"binary": 0, "class_logits": CLASSES, "explicit_classes": CLASSES + 1}[verdict]
    assert set(judged) == {"logits", "features"} | ({"classes"} if units else set())
    assert judged["logits"].shape == (ROWS, 1) and len(judged["features"].shape) == 2
    assert {value.dtype for value in judged.values()} == {tf.float32}
    if units:
        assert judged["classes"].shape == (ROWS, units)
    network.save(tmp_path / "d.keras")
    again = keras.models.load_model(tmp_path / "d.keras")(x)
    for key, value in judged.items():
        np.testing.assert_array_equal(again[key], value)


def logits_of(verdict):
    """(class logits (n, K + 1) in float64 with the last that the verdict means, its logit)."""
    network, x = discriminator("mlp", verdict)
    network.get_layer("classes").kernel.assign(5.0 * np.random.default_rng(1).normal(
        size=network.get_layer("classes").kernel.shape))
    judged = network(x)
    raw = judged["classes"].numpy().astype("float64")
    return raw if verdict == "explicit_classes" else np.pad(raw, ((0, 0), (0, 1))), judged["logits"].numpy()[:, 0]


@pytest.mark.parametrize("verdict", ["class_logits", "explicit_classes"])
def test_the_sigmoid_of_the_logit_is_what_the_softmax_gives_to_real_classes(verdict):
    raw, logit = logits_of(verdict)
    p = softmax(raw)
    assert np.ptp(p[:, -1]) > 0.01
    np.testing.assert_allclose(sigmoid(logit), 1 - p[:, -1], rtol=1e-4)
    powers = np.exp(raw[:, :-1] - raw[:, -1:]).sum(axis=1)  # Z
    np.testing.assert_allclose(sigmoid(logit), powers / (powers + 1), rtol=1e-4)


@pytest.mark.parametrize("verdict", ["class_logits", "explicit_classes"])
def test_what_all_logits_share_changes_no_probability(verdict):
    raw, _ = logits_of(verdict)
    shifted = raw - np.random.default_rng(2).normal(size=(ROWS, 1))  # the paper's h(x)
    np.testing.assert_allclose(softmax(shifted), softmax(raw), rtol=1e-9)


@pytest.mark.parametrize("verdict", ["class_logits", "explicit_classes"])
def test_ds_loss_is_the_unsupervised_one_of_the_paper(verdict):
    (real, real_logit), (fake, fake_logit) = logits_of(verdict), [part[::-1] * 0.7 for part in logits_of(verdict)]
    fake_logit = np.log(np.exp(fake[:, :-1]).sum(axis=1)) - fake[:, -1]
    paper = -(np.log(1 - softmax(real)[:, -1]).mean() + np.log(softmax(fake)[:, -1]).mean())
    got = LOSSES.make("non_saturating").discriminator(*(
        tf.constant(logit[:, None], tf.float32) for logit in (real_logit, fake_logit)))
    np.testing.assert_allclose(got, paper, rtol=1e-4)


def test_half_of_ds_loss_is_the_codes_unsupervised_loss_and_the_saturating_one_its_generators():
    random = np.random.default_rng(0)
    real, fake = (random.normal(scale=3.0, size=(ROWS, CLASSES)) for _ in range(2))

    def lse(raw):
        return np.log(np.exp(raw).sum(axis=1))

    code = 0.5 * np.mean(-lse(real) + np.logaddexp(0, lse(real))) + 0.5 * np.mean(np.logaddexp(0, lse(fake)))
    logits = [tf.constant(lse(raw)[:, None], tf.float32) for raw in (real, fake)]
    np.testing.assert_allclose(0.5 * LOSSES.make("non_saturating").discriminator(*logits), code, rtol=1e-5)
    np.testing.assert_allclose(LOSSES.make("saturating").generator(logits[1]), -np.mean(np.logaddexp(0, lse(fake))),
                               rtol=1e-5)


@pytest.mark.parametrize("verdict", ["class_logits", "explicit_classes"])
@pytest.mark.parametrize("classes", [0, 1])
def test_classes_need_labels(verdict, classes):
    with pytest.raises(ValueError, match=f"the verdict '{verdict}' needs the labels of at least 2 classes; received "
                                         f"{classes}; use binary, or data with labels"):
        discriminator("mlp", verdict, classes)


def test_the_wrap_and_the_head_come_before_the_verdict():
    seen = []

    def wrap(layer):
        seen.append(layer.name)
        return layer

    network, x = discriminator("mlp", "class_logits", wrap=wrap, head=lambda features: features[:, :3])
    assert seen[-1] == "classes" and network.get_layer("classes").kernel.shape == (3, CLASSES)
    assert network(x)["features"].shape == (ROWS, 8)


def test_layers_may_be_read_by_name():
    network, x = discriminator("mlp", "class_logits")
    assert with_layers(network, ["features", "classes"]) is network
    more = with_layers(network, ["leaky_1"])
    assert set(more(x)) == {"features", "classes", "logits", "leaky_1"}
    np.testing.assert_array_equal(more(x)["logits"], network(x)["logits"])
    hidden = keras.Model(network.input, network.get_layer("leaky_1").output)
    np.testing.assert_array_equal(more(x)["leaky_1"], hidden(x))
    assert [id(weight) for weight in more.weights] == [id(weight) for weight in network.weights]
    with pytest.raises(ValueError, match="D gives no 'leaky_7': its outputs are features, classes, logits .* layers "):
        with_layers(network, ["leaky_7"])
