"""One device against two with the same global batch: the same weights, means and losses after several steps.

Float32 sums in another order differ in the last bit, and now and then that puts a ReLU on the other side of its kink,
after which the runs part for good. So each recipe runs three times from different weights, and the middle one counts.
"""

import pathlib

import numpy as np
import pytest

SCRIPT = pathlib.Path(__file__).with_name("replicas.py")
CASES = ["spectral", "penalty", "feature_matching", "semi_supervised", "classes", "conditional", "adam", "root_adam"]
WEIGHTS, DISTANCE = 1e-6, 2e-3  # largest difference, relative to the largest weight and to the way gone
STILL = 1e-7  # a weight that has not moved more has only rounding in it

pytestmark = pytest.mark.timeout(900)  # for a busy machine


@pytest.fixture(scope="module")
def results(start_for_all, tmp_path_factory):
    """What one device and two made of every recipe: {"case/trial/after/network_d/3": array}."""
    folder = tmp_path_factory.mktemp("replicas")
    paths = [folder / f"{devices}.npz" for devices in (1, 2)]
    running = [start_for_all(devices, path, script=SCRIPT) for devices, path in zip((1, 2), paths)]
    for process in running:
        assert process.wait() == 0, process.text[-3000:]
    one, two = (dict(np.load(path)) for path in paths)
    assert set(one) == set(two)
    return one, two


def test_every_recipe_is_compared(results):
    assert {key.split("/")[0] for key in results[0]} == set(CASES)


@pytest.mark.parametrize("case", CASES)
def test_weights_and_losses_are_the_same(results, case):
    one, two = ({key.removeprefix(f"{case}/"): value for key, value in result.items() if key.startswith(f"{case}/")}
                for result in results)
    trials = sorted({key.split("/")[0] for key in one if "/after/" in key})
    assert len(trials) == 3
    errors = np.array([trial_errors(one, two, trial) for trial in trials])
    assert (np.median(errors, axis=0) < (WEIGHTS, DISTANCE)).all(), errors
    losses = [one["losses"], two["losses"]]
    assert np.isfinite(losses).all()
    np.testing.assert_allclose(*[each[::4] for each in losses], rtol=1e-5, atol=1e-6)  # of each trial's first step


def trial_errors(one, two, trial):
    """Largest difference of any value, relative to its network's largest value, and to how far its tensor has come."""
    of_weights, of_distance = [], []
    for part in sorted({key.split("/")[2] for key in one if key.startswith(f"{trial}/after/")}):
        keys = [key for key in one if key.startswith(f"{trial}/after/{part}/")]
        before = [key.replace("after", "before") for key in keys]
        assert all(np.array_equal(one[key], two[key]) for key in before)
        differences = [np.abs(one[key] - two[key]).max() for key in keys]
        distances = [np.abs(one[key] - one[earlier]).max() for key, earlier in zip(keys, before)]
        assert max(distances) > 1e-4 * max(np.abs(one[key]).max() for key in keys), f"{part} did not learn anything"
        of_weights.append(max(differences) / max(np.abs(one[key]).max() for key in keys))
        of_distance += [difference / way for difference, way in zip(differences, distances) if way > STILL]
    return max(of_weights), max(of_distance)
