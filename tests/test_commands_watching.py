"""Scores and instruments while training, through the command line: nothing of the training changes by them."""

import contextlib
import io
import json
import shutil
import types

import keras
import numpy as np
import pytest

from tfgan_improved import files
from tfgan_improved.commands import watching
from tfgan_improved.config import JobConfig, RunConfig
from tfgan_improved.evaluation import classifier, selection
from tfgan_improved.evaluation.extractors import domain
from tfgan_improved.main import main
from tfgan_improved.training import callbacks

DIGITS = ["--dataset=digits", "--image_size=16", "--network=dcgan:width=4", "--latent=normal:4", "--batch_size=8",
          "--ema=0.9", "--d_wrap=spectral", "--checkpoint_every=2", "--log_every=4", "--sample_every=100",
          "--samples=30", "--scores=frechet", "--keep=2", "--steps=9", "--noexport"]
WATCHED = ["--score_every=3", "--score_samples=40", "--instrument_every=3", "--warn_every=2",
           "--instruments=diversity singular_values distance_of_outputs:batches=2 duplicates:samples=20"]
POINTS = ["--dataset=ring8", "--network=mlp:width=8,depth=1", "--latent=uniform:3", "--batch_size=16", "--d_norm=none",
          "--g_norm=none", "--checkpoint_every=2", "--steps=6", "--samples=50", "--noexport"]


def run(*arguments):
    """(status, stdout, last line of stderr) of one command line, in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(list(arguments))
    return status, out.getvalue(), (err.getvalue().splitlines() or [""])[-1]


@pytest.fixture(scope="module", autouse=True)
def tiny_classifier(tmp_path_factory):
    """Stands for the classifier of the data set, which takes minutes to train."""
    def make(source, load):
        keras.utils.set_random_seed(0)  # as wherever a classifier's training draws: the run must not mind
        x = keras.Input(source.shape, dtype="uint8")
        features = keras.layers.Dense(4)(keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(x)))
        network = keras.Model(x, {"features": features, "logits": keras.layers.Dense(10)(features)})
        return domain.DomainClassifier(network, source.name, {"accuracy": 0.5})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(classifier, "classifier", make)
        patch.setenv("TFGAN_IMPROVED_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """(run folder of digits with scores and instruments, what was printed)."""
    folder = tmp_path_factory.mktemp("watched") / "run"
    status, out, error = run(*DIGITS, *WATCHED, f"--run_dir={folder}")
    assert status == 0, error
    return folder, out


def steps_of(path):
    return [record["step"] for record in files.read_json_lines(path)]


def kept(folder):
    return sorted(int(path.name[5:]) for path in (folder / "checkpoints").glob("step-*"))


def best_of(folder):
    return min(files.read_json_lines(folder / "selection.jsonl"), key=lambda line: line["scores"]["fd_digits_cnn"])


def test_scores_come_where_checkpoints_are_and_the_best_one_stays(watched):
    folder, out = watched
    lines = files.read_json_lines(folder / "selection.jsonl")
    assert [line["step"] for line in lines] == [4, 8, 9]  # three, rounded up to a multiple of --checkpoint_every
    assert {(line["split"], line["samples"], line["real"]) for line in lines} == {("train", 40, 1500)}
    assert kept(folder) == sorted({best_of(folder)["step"], 8, 9})
    assert "training the classifier of digits first, for the scores while training" in out


def test_instruments_have_their_lines_from_the_first_step_on(watched):
    folder, _ = watched
    lines = files.read_json_lines(folder / "instruments.jsonl")
    assert [line["step"] for line in lines] == [0, 3, 6, 9]
    assert {"d/diversity", "g/diversity", "d/logits/sigma", "distance_of_outputs", "duplicates"} <= set(lines[0])
    assert lines[0]["g/diversity"] != lines[-1]["g/diversity"] and np.isfinite(list(lines[-1].values())).all()


def test_the_training_is_the_same_to_the_bit_without_them(watched, tmp_path):
    assert run(*DIGITS, "--noscore", f"--run_dir={tmp_path}")[0] == 0
    assert not (tmp_path / "selection.jsonl").exists() and not (tmp_path / "instruments.jsonl").exists()
    data = "checkpoints/step-00000009/checkpoint.data-00000-of-00001"
    assert (tmp_path / data).read_bytes() == (watched[0] / data).read_bytes()
    assert kept(tmp_path) == [8, 9]


def test_going_on_does_the_lines_again_that_came_after_the_checkpoint(watched, tmp_path):
    folder = shutil.copytree(watched[0], tmp_path / "run")
    shutil.rmtree(folder / "checkpoints/step-00000009")
    with open(folder / "selection.jsonl", "a") as file:
        file.write('{"step": 9, "by')  # a kill in the middle of a line
    assert run(*DIGITS, *WATCHED, f"--run_dir={folder}")[0] == 0
    for name in ("selection.jsonl", "instruments.jsonl"):
        assert files.read_json_lines(folder / name) == files.read_json_lines(watched[0] / name)
    assert kept(folder) == kept(watched[0])


@pytest.fixture
def best(watched, tmp_path):
    """A copy of the run whose first scored step, 4, scored best, as far as selection.jsonl says, and has a checkpoint.
    """
    folder = shutil.copytree(watched[0], tmp_path / "best")
    lines = files.read_json_lines(folder / "selection.jsonl")
    lines[1]["scores"]["fd_digits_cnn"] = -1.0  # step 8, which is there
    (folder / "selection.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def test_verbs_use_the_best_checkpoint_and_say_which(best, tmp_path):
    told = "best checkpoint: step 8, selected by fd_digits_cnn -1 on train (40 samples, 3 steps scored)\n"
    status, out, _ = run("sample", "--best", f"--run_dir={best}", "--count=5", f"--output={tmp_path}/a.npz")
    assert status == 0 and told in out and "samples of step 8" in out
    assert run("sample", "--at_step=8", f"--run_dir={best}", "--count=5", f"--output={tmp_path}/b.npz")[0] == 0
    with np.load(tmp_path / "a.npz") as one, np.load(tmp_path / "b.npz") as two:
        np.testing.assert_array_equal(one["images"], two["images"])
    status, out, _ = run("export", "--best", f"--run_dir={best}")
    assert status == 0 and told in out and "generator of step 8: " in out
    assert json.loads((best / "export/about.json").read_text())["selected"]["split"] == "train"


def test_the_record_says_by_what_it_was_selected_and_whether_on_the_images_it_is_scored_against(best):
    scored = ["evaluate", "--best", f"--run_dir={best}", "--samples=30", "--scores=frechet"]
    status, out, _ = run(*scored)
    record = files.read_json_lines(best / "scores.jsonl")[-1]
    assert status == 0 and record["step"] == 8 and "which it is scored against" not in out
    assert record["passport"]["origin"]["selected"] == {
        "by": "fd_digits_cnn", "value": -1.0, "split": "train", "samples": 40, "scored": 3}
    status, out, _ = run(*scored, "--reference=train")
    assert status == 0 and "the best checkpoint was selected on train, which it is scored against" in out


def test_a_damaged_best_checkpoint_is_passed_over(best):
    (best / "checkpoints/step-00000008/checkpoint.index").unlink()
    status, out, _ = run("sample", "--best", f"--run_dir={best}", "--count=5")
    lines = [line for line in files.read_json_lines(best / "selection.jsonl") if line["step"] in (4, 9)]
    others = [line for line in lines if line["step"] in kept(best)]
    want = min(others, key=lambda line: line["scores"]["fd_digits_cnn"])["step"]
    assert status == 0 and f"samples of step {want}" in out


def test_points_are_selected_by_modes_and_the_end_uses_the_best(tmp_path):
    status, out, error = run(*POINTS, "--score_every=2", "--score_samples=60", "--best", f"--run_dir={tmp_path}")
    assert status == 0, error
    assert steps_of(tmp_path / "selection.jsonl") == [2, 4, 6]
    record, = files.read_json_lines(tmp_path / "scores.jsonl")
    assert record["passport"]["origin"]["selected"]["by"] == "modes_and_good_share"
    assert f"best checkpoint: step {record['step']}, selected by modes_and_good_share" in out


def test_what_says_nothing_of_points_is_refused(tmp_path):
    assert run(*POINTS, f"--run_dir={tmp_path}")[0] == 0
    for flag in ("--scores=frechet", "--extractor=inception", "--against=mnist"):
        status, _, error = run("evaluate", f"--run_dir={tmp_path}", flag)
        assert status == 2 and "ring8 has points, of which modes are counted and nothing else; leave" in error, flag


def test_what_cannot_be_selected_is_said_once(tmp_path, monkeypatch):
    monkeypatch.setattr(selection, "refusal", lambda source: "no scores while training: no labels")
    status, out, _ = run(*POINTS, "--score_every=2", f"--run_dir={tmp_path / 'run'}")
    assert status == 0 and out.count("no scores while training") == 1
    assert not (tmp_path / "run/selection.jsonl").exists()
    status, _, error = run(*POINTS, "--score_every=2", "--best", f"--run_dir={tmp_path / 'other'}")
    assert status == 2 and "--best needs quick scores while training, which this run has none of" in error
    status, _, error = run("sample", "--best", f"--run_dir={tmp_path / 'run'}")
    assert status == 2 and "has no checkpoint that was scored while it trained; leave --best out" in error


def test_workers_do_not_wait_for_a_classifier_and_all_stop_at_the_same_steps(monkeypatch, capsys, digits_run):
    monkeypatch.setattr(selection, "ready", lambda source: False)
    found = digits_run.selection(None)
    assert [type(each) for each in found] == [callbacks.Pause] and found[0].every == 4
    assert "the other workers would wait for it; `evaluate` trains it" in capsys.readouterr().out
    assert digits_run.stops() == {"steps_per_call": 10, "log_every": 100, "sample_every": 1000, "score_every": 4,
                                  "instrument_every": 5, "warn_every": 2}


@pytest.fixture
def digits_run():
    """A run of several workers, about to train."""
    gan = types.SimpleNamespace(networks={"d": types.SimpleNamespace(output={"logits": None})})
    source = types.SimpleNamespace(name="digits", shape=(8, 8, 1), classes=10)
    job = JobConfig(score_every=3, checkpoint_every=2, instruments="duplicates", instrument_every=5, warn_every=2)
    return watching.Run(RunConfig(strategy="multi_worker"), job, None, gan, source, 0)


def test_two_checkpoints_at_once_are_refused():
    status, _, error = run("sample", "--best", "--at_step=3")
    assert status == 2 and "--best and --at_step=3 name two checkpoints; leave one out" in error
