"""The domain classifier on real digits: accuracy, determinism, cache; and its parts."""

import dataclasses
import os

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved import data
from tfgan_improved.evaluation import EvaluationError, classifier, domain_network, domain_training


@pytest.fixture(scope="module")
def digits():
    return data.load("digits")


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def trained(digits, cache):
    return classifier.domain_classifier(digits, cache)


def never(*arguments):
    raise AssertionError("trained again")


def test_digits_are_recognized(trained, digits):
    images, labels = digits.arrays("test")
    out = trained(images)
    assert np.mean(out["logits"].argmax(axis=1) == labels) == trained.about["accuracy"] > 0.95
    assert out["features"].shape == (297, 128) and out["features"].dtype == np.float32 and out["features"].min() >= 0


def test_the_same_seed_gives_the_same_weights(digits, tmp_path, monkeypatch):
    """A second, short training, with Keras's and TensorFlow's own seeds and Keras's policy changed before it."""
    monkeypatch.setattr(domain_network, "GREY", dataclasses.replace(domain_network.GREY, least_updates=12, epochs=0))
    first = classifier.domain_classifier(digits, tmp_path / "first")
    keras.utils.set_random_seed(1234)
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        again = classifier.domain_classifier(digits, tmp_path / "again")
    finally:
        keras.config.set_dtype_policy("float32")
    assert again.hash == first.hash
    assert again.about == first.about


def test_a_kept_classifier_is_not_trained_again(trained, digits, cache, monkeypatch):
    monkeypatch.setattr(domain_training, "train", never)
    kept = classifier.domain_classifier(digits, cache)
    images = digits.arrays("test", 20)[0]
    assert kept.hash == trained.hash and kept.about == trained.about and kept.names == trained.names
    np.testing.assert_array_equal(kept(images)["logits"], trained(images)["logits"])


def test_the_cache_folder_comes_from_the_environment(trained, digits, cache, monkeypatch):
    monkeypatch.setattr(domain_training, "train", never)
    monkeypatch.setenv("TFGAN_IMPROVED_CACHE", str(cache))
    assert classifier.domain_classifier(digits).hash == trained.hash
    assert [path.suffix for path in cache.iterdir()] == [".npz"]  # and no temporary file is left


@pytest.fixture
def short(monkeypatch):
    """A small network that is not trained at all, for tests of what surrounds a training."""
    recipe = dataclasses.replace(domain_network.GREY, least_updates=2, epochs=0, width=4, features=6)
    monkeypatch.setattr(domain_network, "GREY", recipe)
    monkeypatch.setattr(domain_training, "train", lambda *arguments: None)
    return recipe


def cut(content):
    return content[:len(content) // 2]


def changed(content):
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1:]


@pytest.mark.parametrize("damage", [cut, changed, lambda content: b"", lambda content: b"not a zip"])
def test_a_damaged_file_is_warned_about_and_trained_again(short, digits, tmp_path, damage):
    first = classifier.domain_classifier(digits, tmp_path)
    path, = tmp_path.iterdir()
    path.write_bytes(damage(path.read_bytes()))
    with pytest.warns(UserWarning, match="is damaged .*trained again"):
        again = classifier.domain_classifier(digits, tmp_path)
    assert again.hash == first.hash
    assert classifier.domain_classifier(digits, tmp_path).hash == first.hash  # which has replaced the damaged one


def test_weights_of_another_network_are_damage(short, digits, tmp_path, monkeypatch):
    classifier.domain_classifier(digits, tmp_path)
    path, = tmp_path.iterdir()
    monkeypatch.setattr(domain_network, "GREY", dataclasses.replace(short, width=5))
    (tmp_path / classifier._file_name(digits, classifier._data_hash(digits), domain_network.GREY)).write_bytes(
        path.read_bytes())
    with pytest.warns(UserWarning, match="is damaged"):
        classifier.domain_classifier(digits, tmp_path)


def test_a_cache_that_cannot_be_written_costs_only_a_warning(short, digits, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.warns(UserWarning, match="cannot be kept.*TFGAN_IMPROVED_CACHE"):
        assert classifier.domain_classifier(digits, tmp_path / "file").about["trained_on"] == 1500


def test_other_data_and_another_recipe_are_kept_apart(short, digits, tmp_path, monkeypatch):
    classifier.domain_classifier(digits, tmp_path)
    classifier.domain_classifier(data.load("digits", holdout=100), tmp_path)
    classifier.domain_classifier(data.load("digits", image_size=20), tmp_path)
    monkeypatch.setattr(domain_network, "GREY", dataclasses.replace(short, seed=1))
    classifier.domain_classifier(digits, tmp_path)
    assert len(list(tmp_path.iterdir())) == 4


def test_progress_is_heard(digits, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(domain_network, "GREY", dataclasses.replace(domain_network.GREY, least_updates=2, epochs=0))
    texts = []
    classifier.domain_classifier(digits, tmp_path, progress=texts.append)
    assert texts and texts[-1].startswith("update 2/2  loss ")
    assert "of the test images right" in capsys.readouterr().err


class Points:
    name, shape, classes = "ring8", (2,), 8


class Unlabeled:
    name, shape, classes = "folder:/faces", (64, 64, 3), 0


@pytest.mark.parametrize("source, message", [
    (Points, r"'ring8' has points of shape \(2,\), not images"),
    (Unlabeled, "'folder:/faces' has no class labels.*--extractor=inception"),
])
def test_data_without_labeled_images_are_refused(source, message):
    with pytest.raises(EvaluationError, match=message):
        classifier.domain_classifier(source())


def test_images_of_another_shape_are_refused(trained):
    with pytest.raises(EvaluationError, match=r"trained on images of shape \(24, 24, 1\); received \(28, 28, 1\)"):
        trained(np.zeros((2, 28, 28, 1), np.uint8))


@pytest.mark.parametrize("shape, last", [((8, 8, 1), 4), ((24, 24, 1), 6), ((28, 28, 1), 7), ((32, 32, 3), 3),
                                         ((37, 37, 3), 4), ((64, 64, 3), 3), ((128, 128, 3), 3)])
def test_the_network_follows_the_image(shape, last):
    recipe = domain_network.recipe_for(shape)
    with keras.StatelessScope():
        network = domain_network.build(shape, 7, recipe)
    maps = [layer.output.shape for layer in network.layers if len(layer.output.shape) == 4]
    assert maps[-1][1:3] == (last, last)
    shapes = {name: tensor.shape for name, tensor in network.output.items()}
    assert shapes == {"logits": (None, 7), "features": (None, recipe.features)}


def test_shifts_and_mirrors_keep_the_pixels():
    recipe = dataclasses.replace(domain_network.COLOUR, shift=2, flip=True)
    images = np.zeros((300, 9, 9, 3), np.uint8)
    images[:, 4, 3] = [10, 20, 30]
    moved = domain_training.augment(tf.constant(images), recipe, tf.constant([1, 2])).numpy()
    assert moved.dtype == np.uint8 and (moved.sum(axis=(1, 2)) == [10, 20, 30]).all()
    n, rows, columns = np.nonzero(moved[..., 0])
    assert (n == np.arange(300)).all()
    assert set(rows) == {2, 3, 4, 5, 6} and set(columns) == {1, 2, 3, 4, 5, 6, 7}  # 3 and its mirror image 5, moved
    unmirrored = domain_training.augment(tf.constant(images), dataclasses.replace(recipe, flip=False), [1, 2]).numpy()
    assert set(np.nonzero(unmirrored[..., 0])[2]) == {1, 2, 3, 4, 5}


def test_every_epoch_holds_every_example_once():
    order = domain_training._order(10, 35, seed=0)
    for first in (0, 10, 20):
        assert sorted(order[first:first + 10]) == list(range(10))
    assert len(order) == 35 and list(order[:10]) != list(order[10:20])


MNIST_IS_THERE = bool(os.environ.get("TFDS_DATA_DIR"))


@pytest.mark.slow
@pytest.mark.skipif(not MNIST_IS_THERE and os.environ.get("CI") != "true", reason="TFDS_DATA_DIR is not set: no MNIST")
@pytest.mark.timeout(1800)
def test_mnist_is_recognized(tmp_path):
    assert MNIST_IS_THERE, "continuous integration must have real data: set TFDS_DATA_DIR"
    assert classifier.domain_classifier(data.load("mnist"), tmp_path).about["accuracy"] >= 0.99
