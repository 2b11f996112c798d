"""The two-dimensional mixtures."""

import numpy as np
import pytest

from tfgan_improved import data


@pytest.mark.parametrize("name, modes, std", [("ring8", 8, 0.02), ("grid25", 25, 0.05)])
def test_points_lie_around_their_centers(name, modes, std):
    source = data.load(name)
    assert (source.shape, source.dtype, source.classes, source.std) == ((2,), "float32", modes, std)
    assert source.centers.shape == (modes, 2)
    points, labels = source.arrays("train")
    assert points.dtype == np.float32 and labels.dtype == np.int32
    off = points - source.centers[labels]
    np.testing.assert_allclose(off.std(0), std, rtol=0.02)
    np.testing.assert_allclose(off.mean(0), 0, atol=5 * std / np.sqrt(len(off)))
    assert abs(np.corrcoef(off.T)[0, 1]) < 0.02
    share = np.bincount(labels, minlength=modes) / len(labels)
    np.testing.assert_allclose(share, 1 / modes, rtol=0.1)


def test_centers_are_those_of_the_literature():
    ring, grid = data.load("ring8").centers, data.load("grid25").centers
    np.testing.assert_allclose(np.linalg.norm(ring, axis=1), 2, rtol=1e-6)
    np.testing.assert_allclose(np.diff(np.unwrap(np.arctan2(ring[:, 1], ring[:, 0]))), np.pi / 4, rtol=1e-5)
    assert {tuple(center) for center in grid} == {(x, y) for x in (-4, -2, 0, 2, 4) for y in (-4, -2, 0, 2, 4)}


def test_points_are_the_same_each_time_and_differ_between_splits():
    one, two = data.load("ring8").arrays("train")[0], data.load("ring8").arrays("train")[0]
    np.testing.assert_array_equal(one, two)
    assert not set(map(tuple, one[:10_000])) & set(map(tuple, data.load("ring8").arrays("test")[0]))


def test_batches_are_points():
    points, labels = next(iter(data.batches(data.load("grid25", holdout=1000), 16)))
    assert points.shape == (16, 2) and points.dtype.name == "float32" and labels.shape == (16,)


def test_an_image_size_is_refused():
    with pytest.raises(data.DataError, match="'ring8' holds points"):
        data.load("ring8", image_size=32)
