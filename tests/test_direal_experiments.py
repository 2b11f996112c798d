"""What experiments/direal_mnist and direal_cifar10 make of numbers: which way a loss goes, which order rows have."""

import importlib.util
import pathlib
import sys

import pytest

pytest.importorskip("matplotlib")
EXPERIMENTS = pathlib.Path(__file__).parent.parent / "experiments"


def loaded(folder, name):
    """A file of an experiment as a module, under a name of its own."""
    spec = importlib.util.spec_from_file_location(f"{folder}_{name}", EXPERIMENTS / folder / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def mnist():
    sys.modules["curves"] = loaded("direal_mnist", "curves")  # as beside a script
    yield loaded("direal_mnist", "run")
    del sys.modules["curves"]


@pytest.fixture(scope="module")
def report():
    return loaded("direal_cifar10", "report")


@pytest.mark.parametrize("loss, word, trend", [
    ([9.0, 5.0, 4.0, 3.0, 2.0, 1.0], "falls", -1.0), ([9.0, 1.0, 2.0, 3.0, 4.0, 5.0], "grows", 1.0),
    ([9.0, 0.0, 0.0, 0.0, 0.0, 0.0], "stays at 0", 0.0), ([0.0, 0.0, 3.0, 7.0, 1.0, 2.0], "grows", 0.2)])
def test_a_loss_is_judged_by_its_first_and_last_fifth(mnist, loss, word, trend):
    found = mnist.verdict(list(range(6)), loss)
    assert (found["word"], found["untrained"]) == (word, loss[0])
    assert found["trend"] == pytest.approx(trend)


def runs_of(words):
    """Runs of one data set, {arm: {seed: word of both networks}}."""
    return [{"dataset": "mnist", "arm": arm, "seed": seed,
             "verdicts": {name: {"word": word, "last_fifth": float(arm == "without")} for name in "dg"}}
            for arm, seeds in words.items() for seed, word in seeds.items()]


@pytest.mark.parametrize("words, held", [
    ({"with": {0: "falls", 1: "stays at 0"}, "without": {0: "grows", 1: "grows"}}, True),
    ({"with": {0: "falls", 1: "grows"}, "without": {0: "grows", 1: "grows"}}, False),
    ({"with": {0: "falls", 1: "falls"}, "without": {0: "grows", 1: "falls"}}, False),
    ({"with": {0: "falls"}, "without": {}}, False)])
def test_a_claim_holds_in_every_seed_or_not(mnist, words, held):
    told = mnist.claims(runs_of(words))
    assert [one["held_in_every_seed"] for one in told.values()] == [held, held]


def scored(scores):
    """Runs of CIFAR-10, {row: the score of each seed}, with a distance that falls where the score rises."""
    return [{"row": row, "seed": seed, "scores": {"classifier_score": score, "fd_cifar10_cnn": 10 - score}}
            for row, values in scores.items() for seed, score in enumerate(values)]


def test_the_order_is_compared_with_the_papers(report):
    paper = {"a": 4.0, "b": 5.0, "c": 6.0, "d": None}
    runs = scored({"a": [1.0, 1.2], "b": [3.0, 2.0], "c": [2.0, 2.2], "d": [9.0, 9.0]})
    for name in ("classifier_score", "fd_cifar10_cnn"):
        found = report.ordering(runs, paper, name)
        assert found["ours_from_the_best"] == ["b", "c", "a"] and found["papers_from_the_best"] == ["c", "b", "a"]
        assert found["rank_correlation"] == pytest.approx(0.5)
        assert found["of_each_seed"] == pytest.approx({0: 0.5, 1: 1.0})


def test_a_gain_is_the_same_seeds_difference(report):
    paper = {"unregularized": 4.0, "DiReAL": 4.5, "layer norm": 5.0, "layer norm + DiReAL": 5.6}
    runs = scored({"unregularized": [1.0, 2.0], "DiReAL": [1.5, 1.5], "layer norm": [3.0],
                   "layer norm + DiReAL": [4.0]})
    rows = report.gains(runs, paper, "classifier_score")[3:]
    assert rows == ["| unregularized | 2 | 0.000 +/- 0.707 | 1 | +0.50 |", "| layer norm | 1 | 1.000 | 1 | +0.60 |"]


def test_a_recorded_run_is_reported_as_it_was(report, tmp_path, monkeypatch):
    monkeypatch.setattr(report, "HERE", tmp_path)
    looks = [{"step": step, "d/diversity": 2.0 / step, "g/diversity": 0.5, "d/wide/sigma": 1.25} for step in (1, 2, 3)]
    runs = [run | {"steps": 3, "instruments": report.brief(looks), "pictures": [],
                   "real": {"classifier_score": 6.0, "fd_cifar10_cnn": 0.1}}
            for run in scored({"a": [1.0, 1.2], "b": [3.0, 2.0], "c": [2.0, 2.2]})]
    paper, about = {"a": 4.0, "b": 5.0, "c": 6.0}, {"threads": 1, "wanted": 6, "steps": 3, "command": "run.py"}
    report.write(runs, paper, about)
    first = (tmp_path / "record.json").read_text()
    report.write([report.recorded()[run["row"], run["seed"]] for run in runs], paper, about)
    assert (tmp_path / "record.json").read_text() == first and "0.667 +/- 0.000" in first
