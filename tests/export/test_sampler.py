"""Samples: a function of the seed, bounded by the truncation, labeled where conditional."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.export.sampler import Sampler
from tfgan_improved.networks import NETWORKS
from tfgan_improved.ops import LATENTS, noise


def draw(sampler, count, seed=0, truncation=0.0):
    made = sampler.sample(tf.constant(count), tf.constant(seed, tf.int64), tf.constant(truncation))
    return {key: value.numpy() for key, value in made.items()}


@pytest.fixture(scope="module")
def images():
    """A sampler of 8 x 8 images."""
    keras.utils.set_random_seed(0)
    network = NETWORKS.make("dcgan:width=4").generator((8, 8, 1), 4, norm=keras.layers.BatchNormalization)
    network.set_weights([20 * weight for weight in network.get_weights()])  # the first ones give grey images
    return Sampler(network, LATENTS.make("normal:4"))


@pytest.fixture(scope="module")
def labeled():
    """A sampler of images whose every pixel is the label, 0, 1 or 2, on the scale of bytes."""
    z, labels = keras.Input((4,)), keras.Input((), dtype="int32")
    one_hot = keras.layers.Embedding(3, 1, embeddings_initializer=keras.initializers.Constant(
        np.arange(3)[:, None] / 127.5 - 1))(labels)
    network = keras.Model([z, labels], keras.layers.Reshape((4, 4, 1))(keras.layers.Dense(
        16, kernel_initializer="ones", use_bias=False)(one_hot)))
    return Sampler(network, LATENTS.make("normal:4"), classes=3)


@pytest.fixture(scope="module")
def identity():
    """A function latent -> a sampler whose points are z itself."""
    z = keras.Input((2,))
    network = keras.Model(z, keras.layers.Activation("linear")(z))
    return lambda latent: Sampler(network, LATENTS.make(latent))


def test_samples_are_bytes_and_a_function_of_the_seed(images):
    first, again, other = draw(images, 6, 3), draw(images, 6, 3), draw(images, 6, 4)
    assert set(first) == {"images", "finite"} and first["finite"].all()
    assert first["images"].dtype == np.uint8 and first["images"].shape == (6, 8, 8, 1)
    np.testing.assert_array_equal(first["images"], again["images"])
    assert (first["images"] != other["images"]).mean() > 0.5


def test_samples_are_the_generators_images_of_the_seeds_z(images):
    z = tf.random.stateless_normal((3, 4), noise.fold(noise.root(3), 0), alg="philox")
    x = images.generate(z)
    assert x.dtype == tf.float32 and float(tf.reduce_max(tf.abs(x))) <= 1
    np.testing.assert_allclose(draw(images, 3, 3)["images"], np.rint((x + 1) * 127.5), atol=1)
    np.testing.assert_allclose(images.generator(z, training=False), x, atol=1e-6)


@pytest.mark.parametrize("count", [0, 1, 64, 65, 130])
def test_any_count_will_do_whatever_the_chunks(identity, count):
    sampler = identity("normal:2")
    want = LATENTS.make("normal:2").draw(noise.fold(noise.root(9), 0), count)
    np.testing.assert_array_equal(draw(sampler, count, 9)["images"], want)


@pytest.mark.parametrize("latent", ["normal:2", "uniform:2,-3.0,3.0"])
def test_truncation_bounds_every_component_of_z(identity, latent):
    sampler = identity(latent)
    free = draw(sampler, 300, 1)["images"]
    assert free.dtype == np.float32 and np.abs(free).max() > 2
    for bound in (0.1, 1.0):
        z = draw(sampler, 300, 1, bound)["images"]
        assert 0.95 * bound < np.abs(z).max() <= bound and np.unique(z).size == 600


def test_labels_are_drawn_evenly_and_belong_to_their_images(labeled):
    made = draw(labeled, 300, 5)
    assert set(made) == {"images", "labels", "finite"} and made["labels"].dtype == np.int32
    counts = np.bincount(made["labels"], minlength=3)
    assert len(counts) == 3 and counts.min() > 70
    np.testing.assert_array_equal(made["images"], np.broadcast_to(made["labels"][:, None, None, None], (300, 4, 4, 1)))
    np.testing.assert_array_equal(draw(labeled, 300, 5)["labels"], made["labels"])
    assert (draw(labeled, 300, 6)["labels"] != made["labels"]).any()


def test_images_of_given_classes(labeled):
    labels = tf.constant([2, 0, 1, 2], tf.int32)
    made = labeled.sample_labels(labels, tf.constant(5, tf.int64), tf.constant(0.0))
    np.testing.assert_array_equal(made["labels"], labels)
    np.testing.assert_array_equal(made["images"][:, 0, 0, 0], labels)


def test_images_with_nan_or_infinity_are_told():
    z = keras.Input((2,))
    network = keras.Model(z, keras.layers.Reshape((1, 1, 2))(keras.layers.Lambda(lambda z: 1.0 / keras.ops.relu(z))(z)))
    made = draw(Sampler(network, LATENTS.make("normal:2")), 100, 1)
    z = LATENTS.make("normal:2").draw(noise.fold(noise.root(1), 0), 100).numpy()
    np.testing.assert_array_equal(made["finite"], (z > 0).all(axis=1))


def test_an_unconditional_sampler_has_no_labels(images):
    assert not images.conditional and not hasattr(images, "sample_labels")


@pytest.fixture(scope="module")
def of_classes():
    """A function (latent, classes) -> a sampler of a DCGAN of three classes."""
    network = NETWORKS.make("dcgan:width=4").generator((8, 8, 1), 4, classes=3)
    return lambda latent="normal:4", classes=0: Sampler(network, latent, classes)


@pytest.fixture(scope="module")
def both(of_classes, tmp_path_factory):
    """A sampler and its export."""
    sampler, path = of_classes(), tmp_path_factory.mktemp("export")
    tf.saved_model.save(sampler, path)
    return sampler, tf.saved_model.load(path)


def test_a_generator_tells_its_classes_itself(of_classes):
    assert set(draw(of_classes(), 200)["labels"]) == {0, 1, 2}


@pytest.mark.parametrize("settings, told", [
    ({"latent": "normal:5"}, "takes z of 4 numbers; received a latent of 5"),
    ({"classes": 7}, "the generator has 3 classes; received classes=7"),
])
def test_what_does_not_fit_the_generator_is_told(of_classes, settings, told):
    with pytest.raises(ValueError, match=told):
        of_classes(**settings)


def test_a_conditional_generator_of_others_needs_the_number_of_classes(labeled):
    told = "the generator is conditional and does not know .* received classes=0; give their number"
    with pytest.raises(ValueError, match=told):
        Sampler(labeled.generator, LATENTS.make("normal:4"))


@pytest.mark.parametrize("name, given, told", [
    ("sample", (-3, 0, 0.0), "count must be at least 0; received.*-3"),
    ("sample", (3, 0, -0.5), "truncation must be a finite number of at least 0.*-0.5"),
    ("sample_labels", ([0, 1], 0, float("nan")), "truncation must be.*nan"),
    ("sample_labels", ([0, 3], 0, 0.0), "labels must be from 0 to 2; received.*0 3"),
    ("sample_labels", ([-1], 0, 0.0), "labels must be from 0 to 2"),
    ("generate", (np.zeros((1, 4)), [5]), "labels must be from 0 to 2"),
    ("generate", (np.zeros((3, 4)), [2]), "z, labels must have equally many rows; received.*3 1"),
    ("generate", (np.zeros((1, 4)), [0, 1, 2]), "equally many rows; received.*1 3"),
    ("generate_between", (np.zeros((2, 4)), [0, 1], [2], [0.5, 0.5]), "equally many rows; received.*2 2 1"),
    ("generate_between", (np.zeros((1, 4)), [0], [2], [5.0]), "shares must be from 0 to 1; received.*5"),
    ("generate_between", (np.zeros((1, 4)), [0], [-2], [0.5]), "labels must be from 0 to 2"),
])
def test_numbers_out_of_range_are_told_by_the_export_too(both, name, given, told):
    arguments = [tf.constant(value, spec.dtype) for value, spec in zip(given, getattr(both[0], name).input_signature)]
    for one in both:
        with pytest.raises(tf.errors.InvalidArgumentError, match=f"(?s){told}"):
            getattr(one, name)(*arguments)


@pytest.mark.parametrize("settings", [{"passes": 0}, {"passes": 2, "truncation": -1.0}])
def test_standing_statistics_want_passes_and_a_bound(of_classes, settings):
    with pytest.raises(ValueError, match="at least one pass and a finite truncation of at least 0; received passes="):
        of_classes().take_standing_statistics(**settings)


def test_a_bound_may_be_a_whole_number(of_classes):
    of_classes().take_standing_statistics(1, truncation=1)
