"""What a run shows and keeps while it trains."""

import sys

import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved import files
from tfgan_improved.training import callbacks


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test sets: [seconds]."""
    now = [100.0]
    monkeypatch.setattr(callbacks.time, "monotonic", lambda: now[0])
    return now


def test_progress_tells_step_losses_speed_and_time_left(clock, capsys):
    progress = callbacks.Progress(first=0, last=10_000, batch_size=64, seconds=15.0)
    for step, seconds in ((10, 130.0), (20, 131.0), (1010, 150.0)):  # the first call includes tracing
        clock[0] = seconds
        progress(step, {"d/loss": 1.25, "g/loss": 0.5})
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2  # a file gets a line now and then
    assert lines[0].startswith("step 10/10000  d/loss 1.250 g/loss 0.500") and lines[0].endswith("- left")
    assert lines[1] == "step 1010/10000  d/loss 1.250 g/loss 0.500  3200 images/s  2:59 left"


def test_progress_tells_the_last_step_whenever_it_comes(clock, capsys):
    progress = callbacks.Progress(first=0, last=20, batch_size=1)
    progress(10, {})
    progress(20, {})
    assert capsys.readouterr().err.splitlines()[-1].startswith("step 20/20")


def test_on_a_terminal_one_line_is_updated(clock, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    progress = callbacks.Progress(first=0, last=30, batch_size=1)
    for step in (10, 20, 30):
        clock[0] += 1.0
        progress(step, {"d/loss": 1.0})
    text = capsys.readouterr().err
    assert text.count("\n") == 1 and text.endswith("\n") and text.count("\r") == 3
    assert text.split("\r")[2].startswith("step 20/30") and text.rstrip().endswith("0:00 left")


@pytest.mark.parametrize("seconds, text", [(0, "0:00"), (59.9, "0:59"), (61, "1:01"), (3600, "1:00:00"),
                                           (36_061, "10:01:01")])
def test_times_are_read_as_on_a_clock(seconds, text):
    assert callbacks._clock(seconds) == text


def test_the_log_has_a_line_a_call_and_drops_steps_that_will_be_done_again(tmp_path):
    path = tmp_path / "log.jsonl"
    log = callbacks.JsonLog(path, first=0, every=10)
    for step in (10, 20, 30):
        log(step, {"d/loss": step / 2})
    callbacks.JsonLog(path, first=20, every=10)(30, {"d/loss": 99.0})
    records = files.read_json_lines(path)
    assert [record["step"] for record in records] == [10, 20, 30]
    assert [record["d/loss"] for record in records] == [5.0, 10.0, 99.0]
    assert all(record["seconds"] >= 0 for record in records)


def events(folder):
    """(step, tag) of all TensorBoard events of a folder."""
    found = []
    for path in sorted(folder.glob("*")):
        for event in tf.compat.v1.train.summary_iterator(str(path)):
            found += [(event.step, value.tag) for value in event.summary.value]
    return found


def test_scalars_and_pictures_reach_tensorboard_and_the_folder(tmp_path):
    writer = tf.summary.create_file_writer(str(tmp_path / "events"))
    callbacks.Scalars(writer, 10)(10, {"d/loss": 1.0, "g/loss": 2.0})
    images = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 1), dtype=np.uint8)
    callbacks.SampleGrid(tmp_path, lambda: images, writer, 10)(10, {})
    callbacks.SampleGrid(tmp_path, lambda: np.zeros((4, 2)), writer, 10)(20, {})
    writer.close()
    assert events(tmp_path / "events") == [(10, "d/loss"), (10, "g/loss"), (10, "samples"), (20, "samples")]
    drawn = tf.io.decode_png((tmp_path / "step-00000010.png").read_bytes()).numpy()
    factor = drawn.shape[1] // 22
    np.testing.assert_array_equal(drawn[::factor, ::factor][2:10, 2:10], images[0])
    assert (tmp_path / "step-00000020.png").exists()


def test_saving_hands_over_the_step():
    saved = []
    callbacks.Save(saved.append, 5)(15, {"d/loss": 1.0})
    assert saved == [15]


def test_errors_are_counted_now_and_steps_that_will_be_done_again_are_dropped(tmp_path):
    path, wrong = tmp_path / "errors.jsonl", [50, 40, 30, 20]

    def counters(name):
        return {"errors": lambda: wrong.pop(0), name: lambda: 7}

    count = callbacks.CountErrors(path, 0, 10, {"split": "test", "images": 297}, counters("errors_of_last_weights"))
    for step in (10, 20, 30):
        count(step, {"d/loss": 1.0})
    again = callbacks.CountErrors(path, 20, 10, {"split": "test", "images": 297}, counters("errors_of_last_weights"))
    assert again.every == 10 and [record["step"] for record in files.read_json_lines(path)] == [10, 20]
    again(30, {})
    assert files.read_json_lines(path) == [
        {"step": step, "split": "test", "images": 297, "errors": errors, "errors_of_last_weights": 7}
        for step, errors in ((10, 50), (20, 40), (30, 20))]
