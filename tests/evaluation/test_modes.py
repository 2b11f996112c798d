"""Counting modes: against a loop in plain Python, on points whose answer is known, and as a record."""

import json
import math

import numpy as np
import pytest

from tfgan_improved import data
from tfgan_improved.evaluation import EvaluationError, evaluate, modes, passport


def plain_count(points, centers, std, radius):
    """(good points of each mode, points nearest to it, width of the good), one point and one center at a time."""
    good, nearest, squares = [0] * len(centers), [0] * len(centers), []
    for point in points:
        distances = [math.dist(point, center) for center in centers]
        mode = distances.index(min(distances))
        nearest[mode] += 1
        if distances[mode] <= radius * std:
            good[mode] += 1
            squares.append(distances[mode] ** 2)
    width = math.sqrt(sum(squares) / len(squares) / len(centers[0])) / std if squares else 0.0
    return good, nearest, width


@pytest.mark.parametrize("n, k, d, radius", [(301, 7, 2, 3.0), (1, 1, 1, 3.0), (57, 3, 5, 1.5), (40, 1, 3, 2.0)])
def test_counts_are_those_of_a_plain_loop(n, k, d, radius):
    random = np.random.default_rng(n)
    centers = random.normal(0, 3, (k, d)).astype("float32")
    points = (centers[random.integers(k, size=n)] + random.normal(0, 0.9, (n, d))).astype("float32")
    *want, width = plain_count(points, centers, 0.5, radius)
    np.testing.assert_array_equal(modes.mode_counts(points, centers, 0.5, radius), want)
    scores = modes.mode_scores(points, centers, 0.5, radius)
    assert scores["modes"] == sum(count > 0 for count in want[0])
    assert scores["good_share"] == pytest.approx(sum(want[0]) / n)
    shares = [count / n for count in want[1] if count]
    assert scores["mode_kl"] == pytest.approx(sum(p * math.log(k * p) for p in shares), abs=1e-12)
    assert scores["mode_width"] == pytest.approx(width) and width > 0


def test_the_border_is_three_standard_deviations_in_any_direction():
    centers = np.array([[0.0, 0.0], [10.0, 0.0]])
    inside = np.array([[2.99, 0.0], [-2.1, 2.1], [10.0, -2.99]])
    outside = np.array([[3.01, 0.0], [2.2, -2.2], [5.1, 0.0]])  # a square of side 3 would hold the second
    assert modes.mode_scores(inside, centers, 1.0)["good_share"] == 1.0
    found = modes.mode_scores(np.concatenate([inside[:2], outside]), centers, 1.0)
    assert found["good_share"] == pytest.approx(0.4) and found["modes"] == 1  # near the second, but not good


@pytest.mark.parametrize("name, count", [("ring8", 8), ("grid25", 25)])
def test_the_mixtures_own_points_have_all_modes_and_the_gaussians_share(name, count):
    source = data.load(name)
    found = modes.mode_scores(source.arrays("train")[0], source.centers, source.std)
    assert found["modes"] == count and found["mode_kl"] < 1e-3
    assert found["good_share"] == pytest.approx(1 - math.exp(-4.5), abs=0.002)
    cut = math.sqrt(1 - 4.5 * math.exp(-4.5) / (1 - math.exp(-4.5)))  # of a Gaussian cut at 3 standard deviations
    assert found["mode_width"] == pytest.approx(cut, abs=0.003)


def test_one_mode_and_none():
    source = data.load("grid25")
    one = modes.mode_scores(np.tile(source.centers[3], (50, 1)), source.centers, source.std)
    assert one == {"modes": 1, "good_share": 1.0, "mode_kl": pytest.approx(math.log(25)), "mode_width": 0.0}
    between = modes.mode_scores(source.centers + 1.0, source.centers, source.std)
    assert (between["modes"], between["good_share"], between["mode_width"]) == (0, 0.0, 0.0)


def test_a_record_has_the_real_scores_beside_it_and_is_json():
    source = data.load("grid25")
    points = source.arrays("train", 700)[0]
    got = modes.evaluate(points, source, "test", seeds={"sample": 4}, step=9)
    assert json.loads(json.dumps(got, allow_nan=False)) == got
    assert got["step"] == 9 and set(got["scores"]) == {"modes", "good_share", "mode_kl", "mode_width"}
    assert got["scores"] == modes.mode_scores(points, source.centers, source.std)
    assert got["real"] == modes.mode_scores(source.arrays("test")[0][:700], source.centers, source.std)
    of = got["passport"]
    assert (of["dataset"], of["reference"], of["samples"], of["real"]) == ("grid25", "test", 700, 700)
    assert of["quantization"] == "none" and of["seeds"] == {"sample": 4} and all(of["versions"].values())
    seen = of["extractor"]
    assert (seen["name"], seen["radius_in_std"], seen["modes"], seen["std"]) == ("nearest_center", 3.0, 25, 0.05)
    assert evaluate.sentence(got).startswith(f"step 9: modes {got['scores']['modes']} (real 25), good_share 0.9")


def test_passports_differ_where_the_rule_or_the_mixture_does():
    grid, ring = data.load("grid25"), data.load("ring8")
    card = modes.evaluate(grid.arrays("train", 100)[0], grid, seeds={"sample": 1})["passport"]
    again = modes.evaluate(grid.arrays("train", 100)[0], data.load("grid25"), seeds={"sample": 2})["passport"]
    assert passport.differences(card, again) == []
    wider = modes.evaluate(grid.arrays("train", 100)[0], grid, radius=4.0)["passport"]
    assert passport.differences(card, wider) == ["extractor.radius_in_std"]
    other = modes.evaluate(ring.arrays("train", 100)[0], ring)["passport"]
    assert card["extractor"]["hash"] != other["extractor"]["hash"]


@pytest.mark.parametrize("points, centers, message", [
    (np.zeros((9, 3)), np.zeros((4, 2)), r"received shapes \(9, 3\) and \(4, 2\); give points of the mixture's dim"),
    (np.zeros(9), np.zeros((4, 2)), r"received shapes \(9,\) and \(4, 2\)"),
    (np.zeros((9, 2, 1)), np.zeros((4, 2)), r"received shapes \(9, 2, 1\)"),
    (np.zeros((0, 2)), np.zeros((4, 2)), r"n and k at least 1; received shapes \(0, 2\)"),
    (np.zeros((9, 2)), np.zeros((0, 2)), r"received shapes \(9, 2\) and \(0, 2\)"),
    (np.full((9, 2), np.nan), np.zeros((4, 2)), "finite points; received NaN"),
])
def test_what_cannot_be_counted_is_one_sentence(points, centers, message):
    with pytest.raises(EvaluationError, match=message) as caught:
        modes.mode_scores(points, centers, 0.1)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("std, radius", [(0.0, 3.0), (-1.0, 3.0), (0.1, 0.0), (float("nan"), 3.0)])
def test_a_rule_that_cannot_be(std, radius):
    with pytest.raises(EvaluationError, match="std and radius of the modes must be positive; received"):
        modes.mode_counts(np.zeros((4, 2)), np.zeros((1, 2)), std, radius)
