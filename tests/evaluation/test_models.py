"""Generators as sets of images: our export, and foreign SavedModels whose numbers mean one thing or another."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.evaluation import EvaluationError, models


class Painter(tf.Module):
    """z (n, 3) -> one color an image, between `low` and `high`, by a serving signature as other libraries export."""

    def __init__(self, low=-1.0, high=1.0, dtype=tf.float32, first=False, z_dtype=tf.float32):
        super().__init__()
        self.low, self.high, self.dtype, self.first = low, high, dtype, first
        self.serve = tf.function(self.paint, input_signature=[tf.TensorSpec((None, 3), z_dtype, name="latent")])

    def paint(self, latent):
        share = tf.sigmoid(tf.cast(latent, tf.float32))[:, None, None, :]
        x = tf.tile(self.low + (self.high - self.low) * share, (1, 4, 5, 1))
        x = tf.cast(tf.round(x), self.dtype) if self.dtype == tf.uint8 else x
        return {"output_0": tf.transpose(x, (0, 3, 1, 2)) if self.first else x}

    def expected(self, seed, count, z=None):
        """The pixels that it must become: its share of 0 to 255, rounded."""
        z = draws(seed, count) if z is None else z
        return np.tile((1 / (1 + np.exp(-z)))[:, None, None, :], (1, 4, 5, 1)) * 255


def draws(seed, count):
    maker = models.LATENTS.make("normal:3")
    return maker.draw(models.noise.fold(models.noise.root(seed), 0), count).numpy().astype(np.float64)


def saved(module, path):
    tf.saved_model.save(module, str(path), signatures=module.serve)
    return path


def read(images, count, seed=0):
    parts = list(images.read(count, seed))
    assert all(labels is None or len(labels) == len(part) for part, labels in parts)
    return np.concatenate([part for part, _ in parts])


@pytest.mark.parametrize("arguments, image_range", [
    ({}, "auto"),
    ({"first": True}, "auto"),
    ({"low": 0.0}, "zero_to_one"),
    ({"low": 0.0, "high": 255.0}, "bytes"),
    ({"low": 0.0, "high": 255.0, "dtype": tf.uint8}, "auto"),
    ({"low": 0.0, "high": 255.0, "dtype": tf.uint8, "first": True}, "auto"),
    ({"z_dtype": tf.bfloat16}, "auto"),
])
def test_numbers_of_a_foreign_model_become_pixels(tmp_path, arguments, image_range):
    painter = Painter(**arguments)
    images = models.of_saved_model(saved(painter, tmp_path / "model"), image_range).images()
    assert images.shape == (4, 5, 3) and images.count is None and not images.labeled and images.hash() == ""
    got = read(images, 70, seed=5)
    assert got.dtype == np.uint8 and got.shape == (70, 4, 5, 3)
    exact = arguments.get("z_dtype") is None
    assert np.abs(got - painter.expected(5, 70)).max() <= (0.5001 if exact else 2)
    told = dict(images.about)
    assert len(told.pop("digest")) == 64 and told == {
        "model": "model", "path": str(tmp_path / "model"), "truncation": 0.0, "latent": "normal:3",
        "image_range": image_range}


def test_draws_depend_on_the_seed_and_not_on_the_count(tmp_path, monkeypatch):
    images = models.of_saved_model(saved(Painter(), tmp_path / "model")).images()
    np.testing.assert_array_equal(read(images, 150, 1)[:70], read(images, 70, 1))
    assert (read(images, 70, 1) != read(images, 70, 2)).any()
    monkeypatch.setattr(models, "AT_ONCE", 40)
    np.testing.assert_array_equal(read(images, 100, 1)[40:80], read(images, 40, 2))  # draw i has the seed + i


def test_truncation_and_a_uniform_z_reach_the_model(tmp_path):
    path = saved(Painter(), tmp_path / "model")
    for latent, truncation, bound in (("normal", 0.5, 0.5), ("uniform", 0.0, 1.0)):
        pixels = read(models.of_saved_model(path, latent=latent).images(truncation), 200)[:, 0, 0]
        least, most = (255 / (1 + np.exp(-sign * bound)) for sign in (-1, 1))
        assert pixels.min() >= np.floor(least) and pixels.max() <= np.ceil(most)
        assert pixels.max() - pixels.min() > 0.9 * (most - least)


@pytest.mark.parametrize("arguments, image_range, message", [
    ({"low": 0.0}, "auto", "from 0.0.* to 0.[89].*; say what they mean with --image_range, one of minus_one_to_one"),
    ({"low": -3.0, "high": 3.0}, "auto", "which are not -1 to 1; give another --image_range"),
    ({"low": 0.0, "high": 255.0}, "zero_to_one", "which are not 0 to 1; give another --image_range"),
    ({}, "bytes", "not 0 to 255"),
    ({"low": 0.0}, "bytes", "not 0 to 255"),
    ({}, "zero_to_one", "not 0 to 1"),
])
def test_numbers_that_may_mean_something_else_are_refused(tmp_path, arguments, image_range, message):
    with pytest.raises(EvaluationError, match=message) as caught:
        models.of_saved_model(saved(Painter(**arguments), tmp_path / "model"), image_range=image_range)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("first", [0, 200])
def test_nan_and_infinity_of_a_foreign_model_are_refused_wherever_they_come(tmp_path, bad, first):
    def paint(z):
        x = tf.tile(tf.tanh(z)[:, None, None], (1, 4, 4, 1))
        return {"x": tf.where(z[:, None, None, :1] > limit, bad, x)}

    z = np.sort(draws(0, 300)[first:, 0])
    limit = np.float32(z[-2])  # one image of those behind the first ones
    module = serving(paint, tf.TensorSpec((None, 3), name="z"))
    with pytest.raises(EvaluationError, match="made images with NaN or infinity; take a generator from before it div"):
        read(models.of_saved_model(saved(module, tmp_path / "model")).images(), 300)


def serving(function, *specs):
    module = tf.Module()
    module.serve = tf.function(function, input_signature=list(specs))
    return module


@pytest.mark.parametrize("module, message", [
    (serving(lambda x: {"y": x}, tf.TensorSpec((None, 4, 4, 3), name="x")), r"takes x \(None, 4, 4, 3\); a gener"),
    (serving(lambda z, y: {"x": z + y}, tf.TensorSpec((None, 3), name="z"), tf.TensorSpec((None, 3), name="y")),
     r"takes .*y \(None, 3\).*z \(n, d\)"),
    (serving(lambda z: {"x": z}, tf.TensorSpec((None, None), name="z")), "a generator's serving_default takes one z"),
    (serving(lambda z: {"x": z}, tf.TensorSpec((None, 3), name="z")), "gives 0 arrays of images; one is wanted"),
    (serving(lambda z: {"a": z[:, None, None], "b": z[:, None, None]}, tf.TensorSpec((None, 3), name="z")),
     "gives 2 arrays of images; one is wanted"),
    (serving(lambda z: {"x": tf.tile(z[:, None, None], (1, 7, 7, 2)) - 0.5}, tf.TensorSpec((None, 3), name="z")),
     r"gives images of shape \(7, 7, 6\); 1 or 3 channels are wanted, first or last"),
])
def test_models_of_another_kind_are_refused(tmp_path, module, message):
    with pytest.raises(EvaluationError, match=message):
        models.of_saved_model(saved(module, tmp_path / "model"))


def test_a_model_without_a_signature_and_a_damaged_one_are_refused(tmp_path):
    tf.saved_model.save(tf.Module(), str(tmp_path / "bare"))
    with pytest.raises(EvaluationError, match="takes no signature"):
        models.of_saved_model(tmp_path / "bare")
    (tmp_path / "bare" / "saved_model.pb").write_bytes(b"nothing")
    with pytest.raises(EvaluationError, match="cannot be loaded .*; get it again") as caught:
        models.of_saved_model(tmp_path / "bare")
    assert "\n" not in str(caught.value)


def test_what_keras_exports_is_read(tmp_path):
    keras.utils.set_random_seed(0)
    z = keras.Input((6,))
    x = keras.layers.Reshape((4, 4, 1))(keras.layers.Dense(16, activation="tanh")(z))
    network = keras.Model(z, x)
    network.export(str(tmp_path / "model"), verbose=False)
    images = models.of_saved_model(tmp_path / "model").images()
    want = network(models.LATENTS.make("normal:6").draw(models.noise.fold(models.noise.root(3), 0), 9)).numpy()
    assert np.abs(read(images, 9, 3) - (want + 1) * 127.5).max() <= 0.5001
