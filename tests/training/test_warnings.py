"""Warnings on runs trained for real, recorded look by look: silent on healthy ones, the right word on collapsed ones.

The recordings (recorded/*.jsonl) are looks of `Vitals`; what each run was stands in recorded/README.md.
"""

import pathlib

import pytest

from tfgan_improved import files
from tfgan_improved.training import warnings

FOLDER = pathlib.Path(__file__).parent / "recorded"
RATES = {"d": 4e-4, "g": 2e-4}


def said(looks):
    """[(step, what is said)] of a recorded run."""
    waiting = iter(looks)
    watch, found = warnings.Warnings(lambda step, means: next(waiting), 1, RATES), []
    watch.due, due = lambda: [], watch.due
    for look in looks:
        watch(look["step"], {})
        found += [(look["step"], text) for text in due()]
    return found


def recorded(kind):
    return sorted(FOLDER.glob(f"{kind}_*.jsonl"))


@pytest.mark.parametrize("path", recorded("healthy"), ids=lambda path: path.stem)
def test_healthy_runs_are_not_warned_of(path):
    assert said(files.read_json_lines(path)) == []


WORDS = {"saturated": "D is saturated", "identical": "samples are nearly identical", "diverging": "NaN is ahead",
         "gone": "gradient is gone", "away": "G has run away from the data"}
EXPECTED = {
    "collapsed_digits_strong_d": ["saturated"], "collapsed_digits_no_norm_fast_g": ["saturated"],
    "collapsed_digits_saturating": ["saturated", "gone"], "collapsed_digits_huge_rates": ["diverging", "saturated"],
    "collapsed_digits_wasserstein_growing": ["diverging"], "collapsed_digits_weak_d": ["away", "identical"],
    "collapsed_ring8_weak_d": ["away", "identical"], "collapsed_ring8_away": ["away"],
    "collapsed_digits_smoothed_strong_d": ["saturated"],
    "collapsed_mnist_semi_supervised": ["saturated", "identical"]}


@pytest.mark.parametrize("name, signs", EXPECTED.items())
def test_collapsed_runs_are_warned_of_in_plain_words(name, signs):
    found = said(files.read_json_lines(FOLDER / f"{name}.jsonl"))
    assert {sign for sign, word in WORDS.items() if any(word in text for _, text in found)} == set(signs)
    for _, text in found:
        what, _, rest = text.partition(" (")
        evidence, _, flag = rest.rpartition("); try ")
        assert what and any(letter.isdigit() for letter in evidence) and flag.startswith("--") and " " not in flag


def test_every_recording_of_a_collapse_is_expected():
    assert {path.stem for path in recorded("collapsed")} == set(EXPECTED) and len(recorded("healthy")) >= 6


def look(step, **changes):
    """A healthy look."""
    return {"step": step, "d/loss": 1.2, "g/loss": 0.9, "apart": 0.8, "real_low": 0.1, "fake_high": 0.3, "nearest": 0.8,
            "width": 0.9, "d_size": 0.1, "g_size": 0.1, "d_moved": 0.1, "g_moved": 0.1, **changes}


def test_a_sign_must_hold_for_several_looks_in_a_row():
    bad = {"d/loss": 0.001, "apart": 1.0}
    assert said([look(step, **bad) if step % 4 else look(step) for step in range(1, 40)]) == []
    assert [step for step, _ in said([look(step, **bad) for step in range(1, 5)])] == [warnings.LOOKS]


def test_samples_that_are_far_from_each_other_are_not_said_to_be_identical():
    """As an untrained G's of points, whose real neighbours lie nearer than samples in a small blob."""
    (_, text), = said([look(step, nearest=3.088, width=0.1) for step in range(1, 5)])
    assert "samples hardly vary" in text and "identical" not in text and "308" not in text and "10.0%" in text


@pytest.mark.parametrize("changes, warned", [
    ({"apart": 0.01, "d/loss": 11.9}, True), ({"apart": 0.01, "d/loss": 1.5}, False),
    ({"apart": 0.3, "d/loss": 11.9}, False), ({"width": 40.0}, True), ({"width": 1.5}, False)])
def test_a_g_that_leaves_the_data_is_told_by_ds_order_or_by_its_spread(changes, warned):
    found = said([look(step, **changes) for step in range(1, 5)])
    assert ["G has run away from the data" in text for _, text in found] == [True] * warned


def test_a_warning_is_not_repeated_for_a_while():
    steps = [step for step, _ in said([look(step, nearest=0.01) for step in range(1, 50)])]
    assert steps == [warnings.LOOKS, warnings.LOOKS + warnings.QUIET, warnings.LOOKS + 2 * warnings.QUIET]


@pytest.mark.parametrize("player", ["d", "g"])
def test_growth_and_standstill_are_told_of_the_player_that_has_it(player):
    called = {"d": "D", "g": "G"}[player]
    grown = said([look(step, **{f"{player}_size": 1.5**step}) for step in range(5)])
    assert f"{called} diverges" in grown[0][1] and grown[0][1].endswith(f"try --{player}_lr={RATES[player] / 4:.1g}")
    lost = said([look(step, **{f"{player}/loss": -(100.0 * 3**step)}) for step in range(5)])
    assert f"{called}'s loss grows without end" in lost[0][1]
    assert f"{called}'s gradient is gone" in said([look(s, **{f"{player}_moved": 1e-5}) for s in range(5)])[0][1]
    small = said([look(step, **{f"{player}/loss": 0.1 * 3**step}) for step in range(5)])
    assert small == []  # a loss that has not found its size yet


def test_looks_are_taken_at_multiples_and_numbers_that_are_missing_say_nothing(capsys):
    taken = []

    def vitals(step, means):
        taken.append(step)
        return look(step, nearest=None)

    watch = warnings.Warnings(vitals, 10, RATES)
    for step in (10, 20, 30, 40, 50, 55):
        watch(step, {})
    assert taken == [10, 20, 30, 40, 50] and capsys.readouterr().err == ""


def test_a_warning_is_one_line_on_stderr(capsys):
    watch = warnings.Warnings(lambda step, means: look(step, width=0.01), 1, RATES)
    for step in range(1, 5):
        watch(step, {})
    line, = capsys.readouterr().err.splitlines()
    assert line == ("tfgan_improved: warning: step 4: samples hardly vary: G fills a small part of the data's "
                    "space (since step 1; the spread of all is 1.0% of that of real images); "
                    "try --d_head=minibatch_discrimination")
