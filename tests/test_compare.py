"""`compare`: a table over runs that says only what passports allow."""

import contextlib
import dataclasses
import io
import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from tfgan_improved.config import RunConfig
from tfgan_improved.main import main

EXTRACTOR = {"name": "mnist_cnn", "hash": "ab" * 32, "accuracy": 0.99}
CARD = {"samples": 1000, "real": 500, "dataset": "mnist", "reference": "test", "truncation": 0.0,
        "extractor": EXTRACTOR, "scores": {"ClassifierScore": {"splits": 10}},
        "versions": {"tensorflow": "2.21.0", "numpy": "2.4.6"}}
BETTER = {"classifier_score": "higher", "fd_mnist_cnn": "lower"}


def record(score, distance, step=100, **card):
    """A line of scores.jsonl."""
    return {"step": step, "scores": {"classifier_score": score, "classifier_score_std": 0.1, "fd_mnist_cnn": distance},
            "intervals": {"classifier_score": [score - 0.5, score + 0.5]}, "bias": {"fd_mnist_cnn": 0.25},
            "better": BETTER, "real": {"classifier_score": 9.78, "fd_mnist_cnn": 0.7},
            "passport": {**CARD, "origin": {"name": f"{score}"}, "seeds": {"run": step}, **card}}


def earlier(score):
    """A line as the first format had it."""
    card = {key: value for key, value in CARD.items() if key not in ("scores", "truncation")}
    return {"step": 100, "scores": {"classifier_score": score, "fd_mnist_cnn": 3.0}, "real": {}, "passport": card}


@pytest.fixture
def runs(tmp_path):
    """Called with a name, lines and settings: makes a run folder, returns its path."""
    def make(name, *lines, **settings):
        folder = tmp_path / name
        folder.mkdir()
        recipe = dataclasses.asdict(RunConfig(**settings))
        (folder / "config.json").write_text(json.dumps({"recipe": recipe, "data": {}, "made_with": {}}))
        if lines:
            (folder / "scores.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        return str(folder)

    return make


@pytest.fixture
def three(runs):
    """Two seeds of a worse recipe and one run of a better one."""
    return (runs("plain-seed0", record(8.0, 20.0), seed=0), runs("plain-seed1", record(8.5, 24.0), seed=1),
            runs("wide-seed0", record(9.0, 12.0), network="dcgan:width=128"))


def compared(*flags):
    """(status, stdout, last line of stderr)."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(["compare", *flags])
    return status, out.getvalue(), (err.getvalue().strip().splitlines() or [""])[-1]


def table(paths, *flags):
    """The JSON form of a table that must come about."""
    target = pathlib.Path(paths[0]).parent / "table.json"
    status, _, err = compared(f"--run_dirs={' '.join(paths)}", f"--output={target}", *flags)
    assert status == 0, err
    return json.loads(target.read_text())


def test_seeds_of_a_recipe_are_one_row_with_their_mean_and_spread(three):
    plain, wide = table(three)["rows"]
    assert plain["recipe"] == "plain" and plain["seeds"] == [0, 1] and wide["runs"] == ["wide-seed0"]
    for name, values in (("classifier_score", [8.0, 8.5]), ("fd_mnist_cnn", [20.0, 24.0])):
        cell = plain["scores"][name]
        np.testing.assert_allclose([cell["mean"], cell["spread"]], [np.mean(values), np.std(values, ddof=1)])
        assert cell["values"] == values and cell["interval"] is None
    assert wide["scores"]["classifier_score"]["spread"] is None
    assert wide["scores"]["classifier_score"]["interval"] == [8.5, 9.5]
    assert plain["scores"]["fd_mnist_cnn"]["bias"] == 0.25


def test_settings_other_than_seeds_make_another_row(runs):
    paths = [runs("a", record(8.0, 2.0), seed=0, label_seed=0), runs("b", record(8.0, 2.0), seed=1, label_seed=1),
             runs("c", record(8.0, 2.0), steps=2001)]
    found = table(paths)
    assert [row["runs"] for row in found["rows"]] == [["a", "b"], ["c"]]
    assert found["settings"] == {"a": {"steps": 2000}, "c": {"steps": 2001}}


@pytest.mark.parametrize("by, first", [("classifier_score", "wide"), ("fd_mnist_cnn", "wide"), ("fd", "wide")])
def test_ranks_by_a_score_in_its_direction(three, by, first):
    rows = table(three, f"--by={by}")["rows"]
    assert [row["rank"] for row in rows] == [1, 2] and rows[0]["recipe"] == first
    rows = table(three[:2] + (three[2],), "--by=classifier_score")["rows"]
    means = [row["scores"]["classifier_score"]["mean"] for row in rows]
    assert means == sorted(means, reverse=True)


def test_the_printed_table_is_aligned_and_says_what_it_holds(three):
    status, out, _ = compared(f"--run_dirs={' '.join(three)}", "--by=fd")
    lines = out.splitlines()
    assert status == 0 and lines[0].split() == ["rank", "recipe", "seeds", "step", "classifier_score", "fd_mnist_cnn"]
    assert lines[1].split() == ["higher", "is", "better", "lower", "is", "better"]
    column = lines[0].index("fd_mnist_cnn")
    assert [line[column:].strip() for line in lines[3:6]] == ["12 (bias 0.25) *", "22.0 +/- 2.8 (bias 0.25)", "0.7000"]
    assert "classifier_score_std" not in out and "9.780" in lines[5] and lines[5].split()[1] == "real"
    assert "1,000 samples against 500 test images of mnist, seen by mnist_cnn" in out
    assert "ranked by fd_mnist_cnn, lower is better" in out and "+/- is the sample standard deviation over seeds" in out
    assert "wide: --network=dcgan:width=128" in out and "plain: --network=dcgan" in out


def test_markdown_has_the_same_cells(three, tmp_path):
    target = tmp_path / "table.md"
    assert compared(f"--run_dirs={' '.join(three)}", "--by=fd", f"--output={target}")[0] == 0
    lines = target.read_text().splitlines()
    assert lines[0] == "| rank | recipe | seeds | step | classifier_score ↑ | fd_mnist_cnn ↓ |"
    assert {line.count("|") for line in lines[:5]} == {7} and set(lines[1]) <= set("|-: ")
    assert "| 1 | wide | 1 | 100 | **9 [8.500, 9.500]** | **12 (bias 0.25)** |" in lines
    assert "| 2 | plain | 2 | 100 | 8.25 ± 0.35 | 22.0 ± 2.8 (bias 0.25) |" in lines


@pytest.mark.parametrize("card, told", [
    ({"samples": 50}, "samples (1000 and 50)"),
    ({"extractor": {**EXTRACTOR, "hash": "cd" * 32}}, "extractor.hash (abababab and cdcdcdcd)"),
    ({"scores": {"ClassifierScore": {"splits": 1}}}, "scores.ClassifierScore.splits (10 and 1)"),
    ({"versions": {"tensorflow": "2.20.0", "numpy": "2.4.6"}}, "versions.tensorflow (2.21.0 and 2.20.0)"),
])
def test_other_passports_are_refused_by_name_unless_ignored(runs, card, told):
    paths = [runs("a", record(8.0, 2.0)), runs("b", record(9.0, 1.0, **card), loss="hinge")]
    status, out, err = compared(f"--run_dirs={' '.join(paths)}", "--by=fd")
    assert status == 2 and not out and f"their passports differ, as those of a and b, in {told};" in err
    name = told.split(" ")[0]
    status, out, _ = compared(f"--run_dirs={' '.join(paths)}", f"--ignore={name}")
    assert status == 0 and f"ignored: {name} differs ({told.split('(')[1][:-1].replace(' and ', ', ')})" in out
    assert compared(f"--run_dirs={' '.join(paths)}", f"--ignore={name.split('.')[0]}")[0] == 0


def test_what_is_not_ignored_is_still_refused(runs):
    paths = [runs("a", record(8.0, 2.0)), runs("b", record(9.0, 1.0, samples=50, real=7))]
    status, _, err = compared(f"--run_dirs={' '.join(paths)}", "--ignore=samples rea")
    assert status == 2 and "in real (500 and 7);" in err and "samples (" not in err


def test_any_two_passports_are_held_against_each_other(runs):
    splits = [record(8.0, 2.0, scores={"ClassifierScore": {"splits": n}} if n else {}) for n in (0, 10, 1)]
    paths = [runs(f"r{index}", line, steps=index + 1) for index, line in enumerate(splits)]
    status, _, err = compared(f"--run_dirs={' '.join(paths)}")
    assert status == 2 and "as those of r1 and r2, in scores.ClassifierScore.splits (10 and 1)" in err


def test_the_earlier_format_is_read_and_not_mixed_with_the_new(runs):
    old = [runs("old-seed0", earlier(8.0), seed=0), runs("old-seed1", earlier(9.0), seed=1)]
    row, = table(old, "--by=fd")["rows"]
    assert row["scores"]["classifier_score"]["mean"] == 8.5 and row["scores"]["fd_mnist_cnn"]["bias"] is None
    new = runs("new", record(8.0, 2.0))
    status, _, err = compared(f"--run_dirs={old[0]} {new}")
    assert status == 2 and "(some were written by an earlier version), in truncation (nothing and 0.0)" in err


def test_the_newest_step_stands_for_a_run_or_the_asked_one(runs):
    path = runs("a", record(7.0, 4.0, 300), record(5.0, 9.0, 100), record(6.0, 8.0, 100), record(4.0, 9.0, 200))
    for flags, score, step in (((), 7.0, 300), (("--at_step=100",), 6.0, 100)):
        row, = table([path], *flags)["rows"]
        assert row["scores"]["classifier_score"]["mean"] == score and row["steps"] == [step]
    assert "has no scores of step 5; it has those of 100, 200, 300" in compared(f"--run_dirs={path}", "--at_step=5")[2]


BEST = {"selected": {"by": "fd_mnist_cnn", "value": 1.0, "split": "train"}}


def test_best_checkpoints_are_compared_where_asked_and_what_is_mixed_is_said(runs):
    with_both = [record(7.0, 4.0, 300), record(8.0, 3.0, 200, origin=BEST), record(8.5, 3.0, 100, origin=BEST)]
    paths = [runs("a-seed0", *with_both, seed=0), runs("a-seed1", record(9.0, 2.0, 400, origin=BEST), seed=1),
             runs("b", record(6.0, 5.0, 400, origin=BEST), network="dcgan:width=8")]
    rows = table(paths, "--best")["rows"]
    assert [row["scores"]["classifier_score"]["values"] for row in rows] == [[8.5, 9.0], [6.0]]
    assert "selected" not in compared(f"--run_dirs={' '.join(paths)}", "--best")[1]
    out = compared(f"--run_dirs={' '.join(paths)}")[1]
    assert "a: averages checkpoints that were not selected and checkpoints selected by fd_mnist_cnn on train" in out
    assert "b: checkpoints selected by fd_mnist_cnn on train" in out
    path = runs("none", record(7.0, 4.0))
    assert "has no scores of a best checkpoint at --truncation=0; score it with `evaluate --best`" in compared(
        "--best", f"--run_dirs={path}")[2]


def test_a_caution_of_the_passport_stands_below_the_table(runs):
    paths = [runs("a", record(8.0, 2.0)), runs("b", record(9.0, 1.0, caution="samples are x"), loss="hinge")]
    status, out, _ = compared(f"--run_dirs={' '.join(paths)}")
    assert status == 0 and "\nb: samples are x" in out and "a: samples" not in out


def test_a_sweep_does_not_take_the_place_of_the_score(runs):
    path = runs("a", record(7.0, 4.0), record(9.0, 2.0, truncation=0.5))
    assert table([path])["rows"][0]["scores"]["classifier_score"]["mean"] == 7.0
    assert table([path], "--truncation=0.5")["rows"][0]["scores"]["classifier_score"]["mean"] == 9.0
    assert "at --truncation=2; it has them at 0, 0.5" in compared(f"--run_dirs={path}", "--truncation=2")[2]


def test_scores_of_one_step_and_passport_are_taken_together(runs):
    more = {**record(0.0, 0.0, scores={"Recall": {}}), "scores": {"recall": 0.5}, "better": {"recall": "higher"},
            "intervals": {}, "bias": {}}
    other = {**more, "passport": {**more["passport"], "samples": 9}, "scores": {"precision": 0.25}}
    row, = table([runs("a", record(7.0, 4.0), other, more)])["rows"]
    assert {name: cell["mean"] for name, cell in row["scores"].items()} == {
        "classifier_score": 7.0, "fd_mnist_cnn": 4.0, "recall": 0.5}


def test_files_of_evaluate_may_stand_beside_runs(runs, tmp_path):
    foreign = tmp_path / "foreign.jsonl"
    lines = [record(6.0, 9.0, None, origin={"name": name}) for name in ("one", "two", "one")]
    foreign.write_text("".join(json.dumps(line) + "\n" for line in lines) + '{"cut off')
    rows = table([runs("a", record(7.0, 4.0)), str(foreign)])["rows"]
    assert [row["recipe"] for row in rows] == ["a", "one", "two"] and rows[1]["steps"] == []


def written(path, *origins):
    """A .jsonl file of `evaluate --output` with a record for each origin, whose scores are 1, 2, ..."""
    lines = [record(index, 10.0, None, origin=origin) for index, origin in enumerate(origins, 1)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return str(path)


NPZ = {"name": "samples.npz", "truncation": 0.0}
RUN = {"name": "a", "run": "a", "run_seed": 0}


@pytest.mark.parametrize("first, second, names", [
    ({**NPZ, "path": "a/samples.npz", "digest": "ab" * 32}, {**NPZ, "path": "b/samples.npz", "digest": "cd" * 32},
     ["a/samples.npz", "b/samples.npz"]),
    ({**NPZ, "path": "samples.npz", "digest": "ab" * 32}, {**NPZ, "path": "samples.npz", "digest": "cd" * 32},
     ["samples.npz (digest abababab)", "samples.npz (digest cdcdcdcd)"]),
    ({**NPZ, "path": "x", "digest": "ab", "image_range": "bytes"},
     {**NPZ, "path": "x", "digest": "ab", "image_range": "auto"},
     ["samples.npz (image_range bytes)", "samples.npz (image_range auto)"]),
    ({**RUN, "path": "x/a", "step": 1, "digest": "ab"}, {**RUN, "path": "y/a", "step": 1, "digest": "cd"},
     ["x/a", "y/a"]),
])
@pytest.mark.parametrize("files", [1, 2])
def test_samples_of_one_name_that_are_not_the_same_are_two_rows(tmp_path, first, second, names, files):
    paths = [written(tmp_path / "one.jsonl", first, second)] if files == 1 else [
        written(tmp_path / "one.jsonl", first), written(tmp_path / "two.jsonl", {"name": "else"}, second)]
    rows = [row for row in table(paths)["rows"] if row["recipe"] != "else"]
    assert [row["recipe"] for row in rows] == names
    assert [row["scores"]["classifier_score"]["values"] for row in rows] == [[1], [2]]


@pytest.mark.parametrize("first, second", [
    ({**NPZ, "path": "a/x", "digest": "ab"}, {**NPZ, "path": "b/x", "digest": "ab"}),
    ({**RUN, "path": "x/a", "step": 1, "digest": "ab"}, {**RUN, "path": "x/a", "step": 2, "digest": "cd"}),
])
def test_the_same_samples_in_two_files_are_one_row(tmp_path, first, second):
    row, = table([written(tmp_path / "1.jsonl", first), written(tmp_path / "2.jsonl", {"name": "else"}, second)])["rows"
                 ][:1]
    assert row["scores"]["classifier_score"]["values"] == [2]


def test_files_of_earlier_versions_are_told_apart_by_their_own_path(tmp_path):
    paths = [written(tmp_path / f"{name}.jsonl", NPZ) for name in "ab"]
    assert [row["recipe"] for row in table(paths)["rows"]] == paths


def test_scores_of_other_weights_at_the_same_step_are_not_added(runs):
    more = {**record(0.0, 0.0, origin={"digest": "cd"}), "scores": {"recall": 0.5}}
    row, = table([runs("a", record(7.0, 4.0, origin={"digest": "ab"}), more)])["rows"]
    assert set(row["scores"]) == {"recall"}


@pytest.mark.parametrize("flags, told", [
    (["--run_dirs="], "--run_dirs is empty; name the run folders"),
    (["--run_dirs={0} {0}"], "names 1 of its 2 twice"),
    (["--run_dirs=/no/such"], "'/no/such' cannot be read (No such file or directory); give a run folder with scores"),
    (["--run_dirs={empty}"], "has no scores; score it first with `evaluate`"),
    (["--run_dirs={broken}"], "line 2 is no JSON"),
    (["--run_dirs={bare}"], "line 1 holds no scores with a passport"),
    (["--run_dirs={text}"], "line 1 has a score that is no number, 'high'"),
    (["--run_dirs={0}", "--by=classifier_scor"], "names no score; did you mean 'classifier_score'? the table has"),
    (["--run_dirs={unknown}", "--by=width"], "--by=width cannot rank: its records do not say whether more or less"),
    (["--run_dirs={0}", "--output=table.txt"], "--output=table.txt is neither .md nor .json"),
    (["--run_dirs={0}", "--output=/no/such/table.md"], "cannot be written"),
])
def test_mistakes_are_one_sentence(runs, tmp_path, flags, told):
    good = record(8.0, 2.0)
    paths = {"empty": runs("empty"), "bare": runs("bare", {"scores": {}}),
             "text": runs("text", {**good, "scores": {"classifier_score": "high"}}), "broken": runs("broken", good),
             "unknown": runs("unknown", {**good, "scores": {"width": 1.0, "modes": 3}, "better": {"modes": "higher"}})}
    with open(tmp_path / "broken/scores.jsonl", "a") as file:
        file.write("{half\n")
    first = runs("first", good)
    status, out, err = compared(*(flag.format(first, **paths) for flag in flags))
    assert status == 2 and not out and told in err


def test_it_needs_no_tensorflow(three):
    code = ("import sys; from tfgan_improved.main import main\n"
            f"assert main(['compare', '--run_dirs={' '.join(three)}', '--by=fd']) == 0\n"
            "assert not {'tensorflow', 'keras', 'matplotlib'} & set(sys.modules)")
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=60)
