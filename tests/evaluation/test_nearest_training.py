"""The nearest training images, against all distances written out."""

import numpy as np
import pytest

from tfgan_improved.evaluation import EvaluationError, image_set
from tfgan_improved.evaluation.nearest_training import nearest

RANDOM = np.random.RandomState(0)
TRAINING = RANDOM.randint(0, 256, (2300, 4, 4, 3)).astype(np.uint8)  # three parts of what is read at once
SAMPLES = RANDOM.randint(0, 256, (5, 4, 4, 3)).astype(np.uint8)
OTHERS = RANDOM.randint(0, 256, (7, 4, 4, 3)).astype(np.uint8)


def eyes(images):
    """Stands for an extractor: the mean color."""
    return {"features": images.reshape(len(images), -1, 3).mean(axis=1).astype(np.float32)}


@pytest.fixture(scope="module")
def found():
    return nearest(SAMPLES, image_set.of_arrays("noise", TRAINING), OTHERS, 3, eyes)


@pytest.mark.parametrize("space, view, scale", [
    ("pixels", lambda images: images.reshape(len(images), -1).astype(np.float64), 48),
    ("features", lambda images: eyes(images)["features"].astype(np.float64), 1)])
def test_they_are_those_of_all_distances(found, space, view, scale):
    spaces, count = found
    for asked, got in ((SAMPLES, spaces[space].distances), (OTHERS, spaces[space].of_real[:, None])):
        squares = np.square(view(asked)[:, None] - view(TRAINING)[None]).sum(axis=2)
        order = np.argsort(squares, axis=1, kind="stable")[:, :got.shape[1]]
        np.testing.assert_allclose(got, np.sqrt(np.take_along_axis(squares, order, 1) / scale), rtol=1e-5)
        if asked is SAMPLES:
            np.testing.assert_array_equal(spaces[space].images, TRAINING[order])
    assert count == 2300


def test_a_copy_is_found_at_distance_0():
    spaces, _ = nearest(TRAINING[[2200, 3]], image_set.of_arrays("noise", TRAINING))
    np.testing.assert_array_equal(spaces["pixels"].images[:, 0], TRAINING[[2200, 3]])
    assert (spaces["pixels"].distances[:, 0] == 0).all() and (spaces["pixels"].distances[:, 1] > 10).all()
    assert spaces["pixels"].of_real.shape == (0,) and list(spaces) == ["pixels"]


def test_fewer_images_than_neighbours_and_a_limit():
    spaces, count = nearest(SAMPLES, image_set.of_arrays("two", TRAINING[:2]), k=3)
    assert spaces["pixels"].images.shape == (5, 2, 4, 4, 3) and count == 2
    assert nearest(SAMPLES, image_set.of_arrays("noise", TRAINING), limit=1500)[1] == 1500


@pytest.mark.parametrize("samples, told", [(SAMPLES[:, :2], r"samples of shape \(2, 4, 3\) have no neighbours among"),
                                           (SAMPLES.astype(np.float32), "images must be uint8")])
def test_other_images_are_refused(samples, told):
    with pytest.raises(EvaluationError, match=told):
        nearest(samples, image_set.of_arrays("noise", TRAINING))
