"""What scoring shows: a line that is updated on a terminal, a few lines in a file, the time that is left."""

import io
import sys
import time

import pytest

from tfgan_improved.evaluation import progress


class Stream(io.StringIO):
    def __init__(self, terminal):
        super().__init__()
        self.isatty = lambda: terminal


@pytest.fixture
def clock(monkeypatch):
    """A clock that is moved by hand."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def shown(monkeypatch, clock, terminal, seconds):
    """What a bar wrote of ten parts that take `seconds` each, after one that takes three times as long."""
    stream = Stream(terminal)
    monkeypatch.setattr(sys, "stderr", stream)
    bar = progress.Bar("scoring")
    for part in range(11):
        clock[0] += seconds * (3 if part == 0 else 1)
        bar("real", 100 * (part + 1), 1100)
    return stream.getvalue()


def test_a_terminal_has_one_line_that_ends_full(monkeypatch, clock):
    text = shown(monkeypatch, clock, True, 2.0)
    lines = text.split("\r")[1:]
    assert len(lines) == 11 and "\n" not in text.rstrip("\n") and len({len(line.rstrip("\n")) for line in lines}) == 1
    assert lines[0].startswith("scoring: real [##......................] 100/1100")  # no speed is known of one part
    assert "s left" not in lines[0] and lines[1].rstrip().endswith("200/1100  18 s left")
    assert "[########################] 1100/1100  0 s left" in lines[-1]


def test_a_quick_set_ends_full_on_a_terminal(monkeypatch, clock):
    text = shown(monkeypatch, clock, True, 0.01)
    assert text.count("\r") == 1 and "1100/1100" in text and text.endswith("\n")


def test_a_file_has_a_line_every_fifteen_seconds(monkeypatch, clock):
    lines = shown(monkeypatch, clock, False, 4.0).splitlines()
    assert 2 <= len(lines) <= 4 and not any("\r" in line for line in lines)


def test_what_is_quick_shows_nothing_in_a_file(monkeypatch, clock):
    assert shown(monkeypatch, clock, False, 0.1) == ""


def test_each_set_has_a_speed_of_its_own(monkeypatch, clock):
    stream = Stream(True)
    monkeypatch.setattr(sys, "stderr", stream)
    bar = progress.Bar("scoring")
    for done in (10, 20):
        clock[0] += 100.0
        bar("samples", done, 20)
    for done in (10, 20):
        clock[0] += 1.0
        bar("real", done, 40)
    assert "real [############............] 20/40  2 s left" in stream.getvalue()


def test_the_last_line_stays(monkeypatch, clock):
    stream = Stream(True)
    monkeypatch.setattr(sys, "stderr", stream)
    line = progress.ProgressLine("classifier")
    line.close("done")
    assert stream.getvalue().startswith("\rclassifier: done") and stream.getvalue().endswith("\n")
