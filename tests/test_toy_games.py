"""The games of experiments/toy_games through the package's own step: against NumPy, and where they end."""

import importlib.util
import pathlib
import sys

import numpy as np
import pytest

from tfgan_improved.terms import HistoricalAveraging

PATH = pathlib.Path(__file__).parent.parent / "experiments" / "toy_games" / "toy_games.py"


@pytest.fixture(scope="module")
def games():
    found = importlib.util.spec_from_file_location("toy_games", PATH)
    module = importlib.util.module_from_spec(found)
    sys.modules["toy_games"] = module
    found.loader.exec_module(module)
    yield module
    del sys.modules["toy_games"]


def slopes(name, x, y):
    """Derivatives of each player's own objective, by hand: x minimizes, y maximizes."""
    if name == "A":
        return np.array([y, -x])
    return np.array([(1.0 if x < 0 else 2.0 * x) * (y - 1.0), 1.0 - (x if x < 0 else x * x)])


def simulated(name, start, updates, steps, rate, factor, decay):
    """The same descent in NumPy, float64."""
    place, past, path = np.array(start, float), None, [np.array(start, float)]
    for t in range(1, steps + 1):
        if past is None:
            past = place.copy()
        elif decay:
            past = decay * past + (1 - decay) * place
        else:
            past = past + (place - past) / t
        pull = 2 * factor * (place - past)
        if updates == "simultaneous":
            place = place - rate * (slopes(name, *place) + pull)
        else:
            x = place[0] - rate * (slopes(name, *place) + pull)[0]
            place = np.array([x, place[1] - rate * (slopes(name, x, place[1]) + pull)[1]])
        path.append(place)
    return np.stack(path)


@pytest.mark.parametrize("name, updates, factor, decay", [
    ("A", "simultaneous", 0.1, 0.0), ("B", "simultaneous", 1.0, 0.9), ("B", "alternating", 0.1, 0.0),
    ("A", "alternating", 0.0, 0.0)])
def test_the_step_is_the_descent_of_the_game(games, name, updates, factor, decay):
    game = games.GAMES[name]
    term = HistoricalAveraging(factor, decay) if factor else None
    got = games.play(game, updates, term, steps=400)
    want = simulated(name, game.start, updates, 400, games.RATE, factor, decay)
    assert np.abs(want - want[0]).max() > 0.5
    np.testing.assert_allclose(got, want, atol=2e-5)


@pytest.mark.parametrize("name, updates, close", [
    ("A", "simultaneous", 1e-2), ("A", "alternating", 1e-2), ("B", "simultaneous", 1e-3), ("B", "alternating", 1e-3)])
def test_historical_averaging_finds_the_equilibrium(games, name, updates, close):
    game = games.GAMES[name]
    found = games.outcome(game, games.play(game, updates, HistoricalAveraging(factor=0.1)))
    assert found["diverged_at_step"] is None and found["distance"] < close


@pytest.mark.parametrize("name, low, high", [("A", 1.35, 1.42), ("B", 0.59, 0.83)])
def test_without_it_they_diverge_or_orbit(games, name, low, high):
    game = games.GAMES[name]
    assert games.outcome(game, games.play(game, "simultaneous"))["diverged_at_step"]
    orbit = games.outcome(game, games.play(game, "alternating"))
    assert orbit["diverged_at_step"] is None and low < orbit["smallest"] < orbit["largest"] < high
