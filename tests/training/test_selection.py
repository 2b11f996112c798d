"""Which step is the best: by comparable lines, among checkpoints that are there, and kept when older than the rest."""

import pytest

from tfgan_improved import files
from tfgan_improved.training import selection
from tfgan_improved.training.checkpoints import Checkpoints

ABOUT = {"by": "fd", "better": "lower", "split": "train", "samples": 100, "real": 1500, "extractor": "ab"}


def write(path, values, **about):
    for step, value in values.items():
        selection.Selection(path, 1, {**ABOUT, **about}, lambda value=value: {"fd": value, "other": 1.0})(step, {})


@pytest.fixture
def path(tmp_path):
    return tmp_path / "selection.jsonl"


def test_a_line_says_the_step_what_was_held_against_what_and_the_scores(path):
    write(path, {10: 3.5})
    assert files.read_json_lines(path) == [{"step": 10, **ABOUT, "scores": {"fd": 3.5, "other": 1.0}}]


def test_the_best_is_the_lowest_or_the_highest_and_the_earlier_of_equals(path):
    write(path, {10: 3.0, 20: 1.0, 30: 2.0, 40: 1.0})
    steps = [10, 20, 30, 40]
    assert [record["step"] for record in selection.ranked(path, steps)] == [20, 40, 30, 10]
    assert selection.best_steps(path, steps) == (20,)
    other = path.with_name("higher.jsonl")
    write(other, {10: 3.0, 20: 1.0, 30: 3.0}, better="higher")
    assert selection.best_steps(other, steps) == (10,)


def test_only_steps_with_a_checkpoint_count_and_only_numbers(path):
    write(path, {10: 3.0, 20: 1.0, 30: float("nan"), 40: None})
    assert selection.best_steps(path, [10, 30, 40]) == (10,)
    assert selection.best_steps(path, [30, 40, 50]) == ()
    assert selection.best_steps(path.with_name("missing"), [10]) == ()


def test_scores_of_other_counts_or_images_are_not_compared(path):
    write(path, {10: 0.5}, samples=50)
    write(path, {20: 0.1}, extractor="cd")
    write(path, {30: 3.0, 40: 2.0})
    assert [record["step"] for record in selection.ranked(path, [10, 20, 30, 40])] == [40, 30]


def test_lines_of_steps_that_will_be_done_again_are_dropped(path):
    selection.forget_after(path, 0)
    assert not path.exists()
    write(path, {10: 3.0, 20: 1.0})
    selection.forget_after(path, 10)
    assert [record["step"] for record in files.read_json_lines(path)] == [10]


@pytest.fixture(scope="module")
def gan(tiny):
    return tiny()


def test_the_best_checkpoint_stays_beside_the_newest_ones_until_another_is_better(gan, path, tmp_path):
    checkpoints = Checkpoints(tmp_path / "checkpoints", 2, spared=lambda steps: selection.best_steps(path, steps))
    kept = []
    for step, value in {1: 9.0, 2: 4.0, 3: 5.0, 4: 6.0, 5: 7.0, 6: 3.0, 7: 8.0, 8: 9.0}.items():
        write(path, {step: value})  # the line is there before its checkpoint
        checkpoints.save(gan, step)
        kept.append(checkpoints.steps())
    assert kept == [[1], [1, 2], [2, 3], [2, 3, 4], [2, 4, 5], [5, 6], [6, 7], [6, 7, 8]]


def test_a_damaged_best_one_is_passed_over_with_a_warning(gan, tmp_path, capsys):
    checkpoints = Checkpoints(tmp_path)
    for step in (1, 2, 3):
        checkpoints.save(gan, step)
    (tmp_path / "step-00000002/checkpoint.index").unlink()
    assert checkpoints.first_whole([2, 3, 1]) == 3
    assert "step-00000002 is damaged (checkpoint.index is missing); using the next best" in capsys.readouterr().err
    assert checkpoints.first_whole([]) is checkpoints.first_whole([2]) is None


