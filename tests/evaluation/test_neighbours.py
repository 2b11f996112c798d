"""Nearest neighbours and balls: what float64 says of all pairs, whatever the tiles, ties and duplicates."""

import numpy as np
import pytest

from tfgan_improved.evaluation import neighbours


def all_distances(a, b):
    return np.sqrt(((a[:, None].astype("f8") - b[None].astype("f8")) ** 2).sum(axis=-1))


@pytest.fixture(params=["f4", "f8"])
def sides(request, monkeypatch):
    """Far from 0, where float32 cancels, with duplicates within and across; tiles of odd sizes."""
    monkeypatch.setattr(neighbours, "ROWS", 70)
    monkeypatch.setattr(neighbours, "COLUMNS", 600)
    random = np.random.RandomState(0)
    a, b = random.randn(205, 11) + 30, 1.1 * random.randn(1471, 11) + 30
    a[:40], b[700:720] = b[100:140], b[100]
    return a.astype(request.param), b.astype(request.param)


@pytest.mark.parametrize("k", [1, 5, 60])
def test_nearest_are_those_of_all_distances(sides, k):
    a, b = sides
    distances, indices = neighbours.nearest(a, b, k)
    want = all_distances(a, b)
    np.testing.assert_allclose(distances, np.sort(want, axis=1)[:, :k], rtol=1e-12)
    np.testing.assert_allclose(np.take_along_axis(want, indices, 1), distances, rtol=1e-12)


def test_a_duplicate_is_another_and_a_row_itself_is_none(sides):
    points = sides[1]
    distances, indices = neighbours.nearest(points, points, 3, others=True)
    want = all_distances(points, points)
    np.fill_diagonal(want, np.inf)
    np.testing.assert_allclose(distances, np.sort(want, axis=1)[:, :3], rtol=1e-12)
    assert (indices != np.arange(len(points))[:, None]).all()
    assert (distances[700:720] == 0).all() and (indices[700:720] != 0).any()


def test_pairs_within_radii_are_exact_on_borders(sides):
    """Each radius is the distance to some point, so a rounding too much or too little shows."""
    a, b = sides[0], sides[1][:900]
    own, others = neighbours.nearest(a, b, 4)[0][:, -1], neighbours.nearest(b, b, 3, others=True)[0][:, -1]
    apart = neighbours._distances(a, b, np.repeat(np.arange(len(a)), len(b)), np.tile(np.arange(len(b)), len(a)))
    apart = apart.reshape(len(a), len(b))
    for radii, point_radii, want in ((own, None, apart <= own[:, None]), (None, others, apart <= others),
                                     (own, others, (apart <= own[:, None]) | (apart <= others))):
        got = np.zeros(apart.shape, bool)
        for rows, columns, distances in neighbours.pairs_within(a, b, radii, point_radii):
            assert not got[rows, columns].any()
            got[rows, columns] = True
            np.testing.assert_allclose(distances, apart[rows, columns], rtol=1e-3, atol=5e-3)
        np.testing.assert_array_equal(got, want)
        assert want.sum() >= 4 * len(a) or radii is None


def test_pixels_need_no_conversion():
    random = np.random.RandomState(1)
    a, b = random.randint(0, 256, (20, 48)).astype(np.uint8), random.randint(0, 256, (300, 48)).astype(np.uint8)
    np.testing.assert_allclose(neighbours.nearest(a, b, 2)[0], np.sort(all_distances(a, b), axis=1)[:, :2], rtol=1e-12)


@pytest.mark.parametrize("k, others", [(0, False), (6, False), (5, True)])
def test_more_neighbours_than_points_are_refused(k, others):
    points = np.zeros((5, 2), np.float32)
    with pytest.raises(ValueError, match=f"k must be from 1 to the number of points, {5 - others}; received {k}"):
        neighbours.nearest(points, points, k, others)
