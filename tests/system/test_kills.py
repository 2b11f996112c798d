"""`kill -9` of the real command line at drawn moments, the same command again until it is done: the end is the same."""

import json
import random
import shutil
import signal
import time

import numpy as np
import pytest

from tfgan_improved.training.checkpoints import Checkpoints

LAST = 40  # steps of the `uninterrupted` fixture, with a checkpoint after every fourth and scores after every eighth
LONG = 200

pytestmark = pytest.mark.timeout(900)  # for a busy machine


class Moment:
    """When to kill: once `seen(sight)` holds, and `delay` seconds later, but at once if there are scores by then."""

    def __init__(self, name, seen, delay=0.0):
        self.name, self.seen, self.delay = name, seen, delay

    def strike(self, process, folder):
        """Whether the process was still there to be killed."""
        sight = Sight(process, folder)
        if process.comes_to(lambda: self.seen(sight)):
            scored, end = sight.scored, time.monotonic() + self.delay
            process.comes_to(lambda: time.monotonic() >= end or sight.scored != scored)
        return process.kill() == -signal.SIGKILL


class Sight:
    """What can be seen of a run while it goes on."""

    def __init__(self, process, folder):
        self.process, self.folder, self.begun = process, folder, last_step(folder)

    @property
    def steps(self):
        """New steps that are logged."""
        return last_step(self.folder) - self.begun

    @property
    def trained(self):
        """Whether this process has come to the end of the training."""
        return any((self.folder / "checkpoints" / f"step-{last:08d}").exists() and (
            self.begun < last or f"going on from step {last}\n" in self.process.text) for last in (LAST, LONG))

    @property
    def scored(self):
        return (self.folder / "scores.jsonl").exists()

    def unfinished(self, pattern, least=0):
        """Whether something temporary is there with so many parts."""
        return any(len(contents(path)) >= least for path in self.folder.glob(pattern))


def last_step(folder):
    """The last step in log.jsonl, whose last line may be a half."""
    path = folder / "log.jsonl"
    lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    return json.loads(lines[-1])["step"] if lines else 0


def contents(folder):
    try:
        return list(folder.iterdir())
    except OSError:  # it has been renamed meanwhile
        return []


def starting(draw):
    """While everything is imported and built."""
    return Moment("the start", lambda sight: (sight.folder / ".lock").exists(), draw.uniform(0.0, 3.0))


def training(draw):
    """A drawn time after a drawn number of new steps."""
    steps = draw.randint(1, 5)
    return Moment("training", lambda sight: sight.steps >= steps, draw.uniform(0.0, 0.02))


def writing_a_checkpoint(draw):
    """While a checkpoint lies there under its temporary name."""
    files = draw.randint(0, 3)
    return Moment("a checkpoint", lambda sight: sight.unfinished("checkpoints/.step-*.tmp", files),
                  draw.uniform(0.0, 0.002))


def scoring(draw):
    """A drawn time after the last step."""
    return Moment("scoring", lambda sight: sight.trained, draw.uniform(0.1, 3.0))


def training_the_classifier(draw):
    """A drawn time after it has been said that the classifier is trained."""
    return Moment("the classifier", lambda sight: "training the classifier" in sight.process.text,
                  draw.uniform(0.5, 7.0))


def exporting(draw):
    """While the export lies there under its temporary name."""
    return Moment("the export", lambda sight: sight.unfinished(".export.*"), draw.uniform(0.0, 0.3))


def fall_and_rise(start, command, folder, look, moments):
    """Kills the command at each moment in turn, then lets it end; returns how many writings a kill fell into.

    What a killed run leaves is never half done.
    """
    leftovers = 0
    for moment in moments:
        struck = any(moment.strike(start(*command), folder) for attempt in range(3))  # a busy machine may miss one
        assert struck, f"{moment.name} was not seen"
        run = look(folder)
        leftovers += len(run.leftovers)
        assert Checkpoints(folder / "checkpoints").newest() == max(run.steps, default=None), "a half has a whole's name"
        assert not (folder / "config.json").exists() or json.loads((folder / "config.json").read_text())["recipe"]
    process = start(*command)
    assert process.wait() == 0, process.text
    return leftovers


def assert_same(one, two):
    assert set(one) == set(two) and one
    assert [key for key in one if not np.array_equal(one[key], two[key])] == []


def assert_same_end(killed, whole, last):
    """Bit for bit the same weights, optimizers, averages and images; every step logged and scored once."""
    assert killed.steps == whole.steps and killed.steps[-1] == last
    weights = whole.weights(last)
    assert all(any(part in key for key in weights) for part in ("optimizer", "average", "memory", "updates"))
    assert_same(killed.weights(last), weights)
    assert_same(killed.exported(), whole.exported())
    logs = [[{key: value for key, value in record.items() if key != "seconds"} for record in run.lines("log")]
            for run in (killed, whole)]
    assert [record["step"] for record in logs[0]] == list(range(1, last + 1))
    assert logs[0] == logs[1]
    assert [record["step"] for record in killed.lines("scores")] == [last]
    scores = [run.lines("scores") for run in (killed, whole)]
    for record in (*scores[0], *scores[1]):
        del record["passport"]["origin"]  # which names the run folder
    assert scores[0] == scores[1]
    for name in ("selection", "instruments"):
        assert killed.lines(name) == whole.lines(name)
    assert [record["step"] for record in killed.lines("selection")] == list(range(8, last + 1, 8))
    pictures = [sorted(path.name for path in run.folder.glob("samples/*.png")) for run in (killed, whole)]
    assert pictures[0] == pictures[1] and len(pictures[0]) == last // 10 + 1
    assert killed.leftovers == []


def test_three_kills_end_like_none(start, recipe, uninterrupted, tmp_path, look):
    draw, folder = random.Random(5), tmp_path / "run"
    kinds = (writing_a_checkpoint, scoring, exporting)
    fall_and_rise(start, (*recipe, f"--steps={LAST}", f"--run_dir={folder}"), folder, look,
                  [kind(draw) for kind in kinds])
    assert_same_end(look(folder), look(uninterrupted), LAST)


def test_sigterm_and_ctrl_c_save_the_step_and_the_end_is_the_same(start, recipe, uninterrupted, tmp_path, look):
    folder, step = tmp_path / "run", 0
    command = (*recipe, f"--steps={LAST}", f"--run_dir={folder}")
    for number in (signal.SIGTERM, signal.SIGINT):
        process, least = start(*command), step + 5
        assert process.comes_to(lambda least=least: last_step(folder) >= least), process.text
        process.send(number)
        assert process.wait() == 128 + number, process.text
        step = look(folder).steps[-1]
        assert process.sentence == (f"tfgan_improved: error: stopped at step {step}, which is saved; the same command "
                                    "goes on from there")
        assert least <= step == last_step(folder) < LAST
    process = start(*command)
    assert process.wait() == 0 and f"going on from step {step}\n" in process.text, process.text
    assert_same_end(look(folder), look(uninterrupted), LAST)


def test_the_same_command_on_a_finished_run_changes_nothing(start, recipe, uninterrupted, tmp_path, look):
    folder = tmp_path / "run"
    shutil.copytree(uninterrupted, folder)
    process = start(*recipe, f"--steps={LAST}", f"--run_dir={folder}")
    assert process.wait() == 0, process.text
    assert_same_end(look(folder), look(uninterrupted), LAST)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", [1, 2])
def test_twenty_kills_end_like_none(start, recipe, tmp_path, look, seed):
    draw, folder, whole = random.Random(seed), tmp_path / "run", tmp_path / "whole"
    before = [starting] * 2 + [training] * 5 + [writing_a_checkpoint] * 5
    draw.shuffle(before)
    moments = [kind(draw) for kind in [*[training_the_classifier] * 3, *before, scoring, *[exporting] * 4]]
    caches = [{"TFGAN_IMPROVED_CACHE": str(tmp_path / name)} for name in ("cache", "another")]
    leftovers = fall_and_rise(  # with an empty cache, so that the classifier's training is killed too
        lambda *flags: start(*flags, **caches[0]), (*recipe, f"--steps={LONG}", f"--run_dir={folder}"),
        folder, look, moments)
    assert leftovers, "no kill fell into any writing"  # nine moments aim at one; on a busy machine some come late
    process = start(*recipe, f"--steps={LONG}", f"--run_dir={whole}", **caches[1])
    assert process.wait() == 0, process.text
    assert_same_end(look(folder), look(whole), LONG)
    assert [path for path in (tmp_path / "cache").rglob("*") if path.name.endswith(".tmp")] == []
