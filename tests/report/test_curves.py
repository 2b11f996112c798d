"""What is drawn: means, scales, limits and clocks."""

import numpy as np
import pytest

from tfgan_improved.report import curves


def lines(*values):
    return [curves.line(f"line {index}", range(len(each)), each) for index, each in enumerate(values)]


def test_the_running_mean_is_that_of_the_values_around():
    values = np.random.default_rng(0).normal(size=40)
    values[7] = np.nan
    want = [np.nanmean(values[max(0, k - 2):k + 3]) for k in range(40)]
    np.testing.assert_allclose(curves.running_mean(values, 5), want, rtol=1e-12)
    assert np.isnan(curves.running_mean(np.full(4, np.nan), 3)).all()


def test_players_share_a_chart_unless_one_would_flatten_the_other():
    log = [{"step": k, "seconds": k, "d/loss": 1 + k / 100, "g/loss": 2 - k / 100, "t/loss": -5.0 * k, "g/r1": 0.1}
           for k in range(60)]
    got = [(name, [each.name for each in group]) for name, group in curves.logged(log)]
    assert got == [("loss", ["D", "G"]), ("loss", ["T"]), ("r1", ["G"])]


def test_what_is_logged_without_a_player_has_its_own_name():
    (name, (each,)), = curves.logged([{"step": 1, "seconds": 0, "norm": 3.0}, {"step": 2, "seconds": 0, "norm": None}])
    assert name == each.name == "norm" and list(each.y) == [3.0]


@pytest.mark.parametrize("values, told", [(10.0 ** np.arange(4), True), ([1.0, 2.0, 3.0], False),
                                          ([0.0, 1.0, 1000.0], False), ([np.nan] * 3, False)])
def test_positive_decades_are_logarithmic(values, told):
    assert curves.logarithmic(lines(values)) == told


def test_far_values_are_left_outside_and_counted():
    values = np.r_[np.random.default_rng(0).uniform(0, 1, 300), 1e6]
    low, high, outside = curves.limits(lines(values))
    assert high < 2 and outside == 1 and low == values.min()
    assert curves.limits(lines([0.0, 1e6])) == (0.0, 1e6, 0)  # of few values each matters
    assert curves.limits(lines([np.nan])) == (0.0, 1.0, 0)


def test_time_is_added_over_processes():
    log = [{"step": step, "seconds": seconds} for step, seconds in ((1, 5.0), (2, 10.0), (3, 2.0), (4, 4.0), (5, 1.0))]
    assert curves.seconds_used(log) == (15.0, 3) and curves.seconds_used([]) == (0.0, 0)
    np.testing.assert_allclose(curves.speed(log, 8).y, [8 / 5, 8 / 2])  # not across a new start
    assert curves.speed(log[:1], 8) is None
