"""Generators of any origin: samplers, their exports, and others' SavedModels, whose numbers are `test_models.py`'s."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.evaluation import EvaluationError, models
from tfgan_improved.export import Sampler, export_saved_model
from tfgan_improved.layers import BatchNorm
from tfgan_improved.networks import NETWORKS
from tfgan_improved.ops import LATENTS


@pytest.fixture(scope="module")
def sampler():
    """A conditional one of 8 x 8 images, whose batch norms have statistics worth taking anew."""
    keras.utils.set_random_seed(0)
    network = NETWORKS.make("dcgan:width=4").generator((8, 8, 1), 4, classes=3, norm=BatchNorm)
    network.set_weights([20 * weight for weight in network.get_weights()])
    return Sampler(network, LATENTS.make("normal:4"), 3)


@pytest.fixture(scope="module")
def exported(sampler, tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "ours"
    export_saved_model(sampler, path, {"data": {"classes": 3}, "standing": 7, "recipe": {"dataset": "digits"}})
    return path


class Foreign(tf.Module):
    """z -> images (n, 1, 2, 2) in [0, 1], channels first."""

    @tf.function(input_signature=[tf.TensorSpec((None, 4), tf.float32, name="noise")])
    def __call__(self, noise):
        return {"pictures": tf.reshape(tf.sigmoid(noise), (-1, 1, 2, 2))}


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "foreign"
    module = Foreign()
    tf.saved_model.save(module, str(path), signatures=module.__call__)
    return path


def test_our_export_draws_what_the_sampler_draws(sampler, exported):
    ours, restored = models.of_sampler("ours", sampler, 3), models.of_saved_model(exported)
    assert (restored.classes, restored.shape) == (3, (8, 8, 1))
    assert (restored.about["model"], restored.about["standing"]) == ("ours", 7)
    assert models.said_beside(exported)["standing"] == 7
    z, labels = ours.draw_z(70, 3, 0.5), np.arange(70) % 3
    np.testing.assert_array_equal(restored.draw_z(70, 3, 0.5), z)
    assert z.shape == (70, 4) and np.abs(z).max() <= 0.5
    others, shares = (labels + 1) % 3, np.linspace(0, 1, 70)
    for name, asked in (("make", (z, labels)), ("between", (z, labels, others, shares)), ("draw", (70, 3, 0.5))):
        mine, again = (getattr(each, name)(*asked) for each in (ours, restored))
        for one, other in zip(mine, again):
            np.testing.assert_array_equal(one, other)
    images, labels = ours.draw(70, 3, 0.5)
    np.testing.assert_array_equal(ours.make(z, labels), images)  # these are the z and the labels of what is drawn


def test_a_truncation_may_be_any_number(sampler, exported, foreign):
    kinds = models.of_sampler("ours", sampler, 3), models.of_saved_model(exported), models.of_saved_model(
        foreign, "zero_to_one")
    for generator in kinds:
        want, z = generator.draw(3, 0, 1.0)[0], generator.draw_z(3, 0, 1.0)
        for bound in (1, np.float64(1), np.int64(1)):
            np.testing.assert_array_equal(generator.draw(3, 0, bound)[0], want)
            np.testing.assert_array_equal(generator.draw_z(3, 0, bound), z)


@pytest.mark.parametrize("rows, labels", [(3, 1), (1, 3), (64, 70), (70, 64)])
def test_each_z_has_a_label(sampler, exported, rows, labels):
    for generator in (models.of_sampler("ours", sampler, 3), models.of_saved_model(exported)):
        with pytest.raises(tf.errors.InvalidArgumentError, match="z, labels must have equally many rows"):
            generator.make(np.zeros((rows, 4), np.float32), np.zeros(labels, int))


def test_nan_of_our_own_generator_is_refused_in_any_chunk():
    z = keras.Input((4,))
    rare = keras.layers.Lambda(lambda z: keras.ops.where(z[:, :1] > 2.2, float("nan"), keras.ops.tanh(z)))(z)
    ours = models.of_sampler("ours", Sampler(keras.Model(z, keras.layers.Reshape((2, 2, 1))(rare)),
                                             LATENTS.make("normal:4")))
    drawn = ours.draw_z(300, 0)
    assert not (drawn[:64, 0] > 2.2).any() and (drawn[:, 0] > 2.2).any()
    ours.draw(64, 0)
    for call in (lambda: ours.draw(300, 0), lambda: ours.make(drawn), lambda: list(ours.images().read(300, 0))):
        with pytest.raises(EvaluationError, match="ours made images with NaN or infinity; take a generator from"):
            call()


def test_between_classes_the_ends_are_those_of_the_classes(sampler):
    ours, labels = models.of_sampler("ours", sampler, 3), np.arange(9) % 3
    z, others = ours.draw_z(9, 1), (np.arange(9) + 1) % 3
    for share, end in ((0.0, labels), (1.0, others)):
        got = ours.between(z, labels, others, np.full(9, share)).astype(int)
        assert np.abs(got - ours.make(z, end)).max() <= 1
    assert (ours.between(z, labels, others, np.full(9, 0.5)) != ours.make(z, labels)).any()


def test_chosen_classes_come_in_turn(sampler):
    ours = models.of_sampler("ours", sampler, 3)
    images, labels = ours.of_classes((2, 0), 5, 3)
    np.testing.assert_array_equal(labels, [2, 0, 2, 0, 2])
    np.testing.assert_array_equal(images, ours.make(ours.draw_z(5, 3), labels))
    np.testing.assert_array_equal(ours.of_classes((), 5, 3)[0], ours.draw(5, 3)[0])


def test_an_image_set_is_drawn_in_parts_behind_its_preparation(sampler, monkeypatch):
    monkeypatch.setattr(models, "AT_ONCE", 40)
    prepared = []
    ours = models.of_sampler("ours", sampler, 3, {"run": "toy"}, prepared.append)
    images = ours.images(0.5)
    assert images.labeled and images.about == {"truncation": 0.5, "run": "toy"} and not prepared
    parts = list(images.read(70, 3))
    assert prepared == [0.5] and [len(part) for part, _ in parts] == [40, 30]
    np.testing.assert_array_equal(parts[1][0], ours.draw(30, 4, 0.5)[0])


def test_a_foreign_model_makes_images_of_z(foreign):
    theirs = models.of_saved_model(foreign, "zero_to_one")
    assert (theirs.shape, theirs.classes, theirs.between) == ((2, 2, 1), 0, None)
    z = theirs.draw_z(70, 3, 1.0)
    want = np.rint(255 / (1 + np.exp(-z.astype(np.float64)))).reshape(70, 2, 2, 1)
    assert np.abs(theirs.make(z).astype(int) - want).max() <= 1 and np.abs(z).max() <= 1
    images, labels = theirs.draw(70, 3, 1.0)
    np.testing.assert_array_equal(images, theirs.make(z))
    assert labels is None and theirs.images(1.0).about["latent"] == "normal:4"
    with pytest.raises(EvaluationError, match="unconditional and has no classes to choose from"):
        theirs.of_classes((1,), 2, 0)


def test_points_are_no_images():
    points = Sampler(NETWORKS.make("mlp:width=4,depth=1").generator((2,), 4), LATENTS.make("uniform:4"))
    with pytest.raises(EvaluationError, match=r"points of shape \(2,\), not images"):
        models.of_sampler("ring", points).images()


def test_an_export_without_its_z_is_to_be_made_again(tmp_path):
    class Old(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((None, 4))])
        def generate(self, z):
            return z

        sample = generate

    tf.saved_model.save(Old(), str(tmp_path / "old"))
    with pytest.raises(EvaluationError, match="export it again"):
        models.of_saved_model(tmp_path / "old")
