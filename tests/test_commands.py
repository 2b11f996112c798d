"""The verbs, one after the other, on a tiny recipe of real digits and on points."""

import contextlib
import io
import json
import re
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved import assemble, files
from tfgan_improved.config import RunConfig
from tfgan_improved.evaluation import classifier
from tfgan_improved.evaluation.extractors import domain
from tfgan_improved.main import main
from tfgan_improved.report import page
from tfgan_improved.training.checkpoints import Checkpoints

DIGITS = ["--dataset=digits", "--image_size=16", "--network=dcgan:width=4", "--latent=normal:4", "--batch_size=8",
          "--ema=0.9", "--d_terms=lecam", "--checkpoint_every=2", "--log_every=2", "--sample_every=2", "--count=9",
          "--samples=30", "--scores=classifier_score:splits=3 frechet kernel"]
POINTS = ["--dataset=ring8", "--network=mlp:width=8,depth=1", "--latent=uniform:3", "--batch_size=16", "--d_norm=none",
          "--g_norm=none", "--conditional"]


def run(*arguments):
    """(status, stdout, stderr) of one command line, in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(list(arguments))
    return status, out.getvalue(), err.getvalue()


def steps_of(folder):
    return [record["step"] for record in files.read_json_lines(folder / "log.jsonl")]


@pytest.fixture(scope="module")
def tiny_classifier():
    """Stands for the classifier of the data set, which takes minutes to train."""
    def make(source, load):
        keras.utils.set_random_seed(0)
        x = keras.Input(source.shape, dtype="uint8")
        features = keras.layers.Dense(4)(keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(x)))
        network = keras.Model(x, {"features": features, "logits": keras.layers.Dense(10)(features)})
        return domain.DomainClassifier(network, source.name, {"accuracy": 0.5})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(classifier, "classifier", make)
        yield


@pytest.fixture(scope="module")
def digits(tmp_path_factory, tiny_classifier):
    """(run folder of 4 steps of digits, what was printed)."""
    folder = tmp_path_factory.mktemp("digits") / "run"
    status, out, err = run("train", *DIGITS, "--steps=4", f"--run_dir={folder}")
    assert status == 0, err
    return folder, out, err


@pytest.fixture(scope="module")
def points(tmp_path_factory):
    """(run folder of 3 steps of points, what was printed)."""
    folder = tmp_path_factory.mktemp("points") / "run"
    status, out, err = run(*POINTS, "--steps=3", f"--run_dir={folder}")
    assert status == 0, err
    return folder, out


def test_train_leaves_everything_in_the_run_folder(digits):
    folder, out, err = digits
    names = {path.name for path in folder.iterdir()} - {".lock"}
    assert names == {"config.json", "log.jsonl", "scores.jsonl", "samples", "checkpoints", "export", "tensorboard",
                     "report.html"}
    assert steps_of(folder) == [2, 4]
    record = files.read_json_lines(folder / "log.jsonl")[-1]
    assert {"step", "seconds", "d/loss", "d/lecam", "g/loss"} == set(record)
    assert sorted(path.name for path in (folder / "checkpoints").iterdir()) == ["step-00000002", "step-00000004"]
    assert sorted(path.name for path in (folder / "samples").iterdir()) == [
        f"step-0000000{step}.png" for step in (0, 2, 4)]
    stored = json.loads((folder / "config.json").read_text())
    assert stored["recipe"]["network"] == "dcgan:width=4" and stored["data"]["shape"] == [16, 16, 1]
    assert stored["made_with"]["tensorflow"] == tf.__version__
    assert "step 4/4" in err and "images/s" in err


def test_train_says_where_everything_is(digits):
    folder, out, _ = digits
    lines = out.strip().splitlines()
    assert lines[0] == f"run folder: {folder}"
    assert lines[-4].startswith("samples:") and lines[-4].endswith("samples/step-00000004.png")
    assert lines[-3].startswith("scores:") and lines[-2].startswith("generator:") and lines[-2].endswith("export")
    assert lines[-1].startswith("report:") and lines[-1].endswith("report.html")
    assert "classifier_score" in out and "step 4" in out


def test_scores_have_real_ones_beside_them_and_a_passport(digits):
    record, = files.read_json_lines(digits[0] / "scores.jsonl")
    assert record["step"] == 4 and set(record["scores"]) == set(record["real"])
    assert record["passport"]["samples"] == 30 and record["passport"]["real"] == 297


def test_evaluate_appends(digits, tiny_classifier, tmp_path):
    folder = shutil.copytree(digits[0], tmp_path / "run")
    assert run("evaluate", f"--run_dir={folder}", "--samples=30", DIGITS[-1])[0] == 0
    assert run("evaluate", f"--run_dir={folder}", "--samples=30", DIGITS[-1], "--at_step=2")[0] == 0
    first, again, earlier = files.read_json_lines(folder / "scores.jsonl")
    assert first["passport"]["origin"].pop("path") != again["passport"]["origin"].pop("path")  # one is a copy
    assert first["scores"] == again["scores"] and first["passport"] == again["passport"]
    assert earlier["step"] == 2 and earlier["scores"] != first["scores"]


def test_evaluate_writes_where_it_is_told(digits, tiny_classifier, tmp_path):
    folder, path = shutil.copytree(digits[0], tmp_path / "run"), tmp_path / "lines.jsonl"
    assert run("evaluate", f"--images={folder}", "--samples=30", DIGITS[-1], f"--output={path}")[0] == 0
    assert [record["step"] for record in files.read_json_lines(path)] == [4]
    assert len(files.read_json_lines(folder / "scores.jsonl")) == 1  # that of the training's end
    status, _, err = run("evaluate", f"--images={folder}", "--output=scores.txt")
    assert status == 2 and "--output=scores.txt does not end in .jsonl" in err


def test_the_same_command_again_changes_nothing_but_the_export_and_the_report(digits, tiny_classifier):
    folder = digits[0]
    kept = [path for path in folder.rglob("*") if path.is_file() and "export" not in path.parts]
    before = {path: path.stat().st_mtime_ns for path in kept}
    status, out, _ = run(*DIGITS, "--steps=4", f"--run_dir={folder}")
    assert status == 0 and "going on from step 4" in out
    changed = {path.name for path in kept if path.stat().st_mtime_ns != before[path]}
    assert changed <= {"config.json", ".lock", "report.html"}
    assert steps_of(folder) == [2, 4]


@pytest.fixture(scope="module")
def sampled(digits):
    """The images of `sample --count=70 --sample_seed=3`."""
    path = digits[0].parent / "images.npz"
    status, out, err = run("sample", f"--run_dir={digits[0]}", "--count=70", "--sample_seed=3", f"--output={path}")
    assert status == 0 and f"samples of step 4: {path}" in out, err
    with np.load(path) as arrays:
        assert list(arrays) == ["images"]
        return arrays["images"]


def test_sample_draws_what_the_exported_generator_draws(digits, sampled):
    loaded = tf.saved_model.load(str(digits[0] / "export"))
    made = loaded.sample(tf.constant(70), tf.constant(3, tf.int64), tf.constant(0.0))["images"]
    np.testing.assert_array_equal(sampled, made)
    assert sampled.shape == (70, 16, 16, 1) and sampled.dtype == np.uint8 and sampled.std() > 0


def test_the_averaged_weights_are_sampled_and_exported(digits, sampled):
    about = json.loads((digits[0] / "export/about.json").read_text())
    assert about["weights"] == "average" and about["step"] == 4 and about["recipe"]["ema"] == 0.9
    assert about["data"]["name"] == "digits"
    stored, matches = json.loads((digits[0] / "config.json").read_text()), {}
    for part in ("average_g", "network_g"):
        sampler = assemble.sampler(RunConfig(**stored["recipe"]), stored["data"])
        Checkpoints(digits[0] / "checkpoints").restore(4, **{part: sampler.generator})
        made = sampler.sample(tf.constant(70), tf.constant(3, tf.int64), tf.constant(0.0))["images"]
        matches[part] = np.array_equal(made, sampled)
    assert matches == {"average_g": True, "network_g": False}


def test_sample_writes_a_picture_by_default(digits, tmp_path):
    folder = shutil.copytree(digits[0], tmp_path / "run")
    assert run("sample", f"--run_dir={folder}", "--count=4", "--sample_seed=5", "--truncation=0.5")[0] == 0
    image = tf.io.decode_png((folder / "samples/seed-5.png").read_bytes())
    assert image.shape[2] == 1 and image.shape[0] == image.shape[1] >= 2 * 16


def test_an_older_checkpoint_may_be_sampled_and_exported(digits, sampled, tmp_path):
    folder = shutil.copytree(digits[0], tmp_path / "run")
    older = ["--at_step=2", f"--run_dir={folder}"]
    assert run("sample", *older, "--count=70", "--sample_seed=3", f"--output={tmp_path}/older.npz")[0] == 0
    with np.load(tmp_path / "older.npz") as arrays:
        assert (arrays["images"] != sampled).any()
    assert run("export", *older)[0] == 0
    assert json.loads((folder / "export/about.json").read_text())["step"] == 2


@pytest.mark.parametrize("arguments, told", [
    (["sample", "--at_step=3"], "has no checkpoint of step 3; it has 2, 4"),
    (["sample", "--output=/tmp/picture.jpg"], "--output=/tmp/picture.jpg is neither .png nor .npz; name it one of"),
    (["sample", "--output=/no/such/folder/a.png"], "--output=/no/such/folder/a.png cannot be written; choose"),
    (["export", "--loss=hinge"], "different settings: --loss=hinge (was non_saturating)"),
    ([*DIGITS, "--steps=4", "--seed=1", "--d_lr=1e-3"], "settings: --seed=1 (was 0), --d_lr=0.001 (was 0.0002)"),
    ([*DIGITS, "--steps=3"], "--steps=3 is fewer than the 4 that"),
])
def test_what_contradicts_the_run_is_refused(digits, arguments, told):
    status, _, err = run(*arguments, f"--run_dir={digits[0]}")
    assert status == 2 and told in err.splitlines()[-1] and "Traceback" not in err


def test_more_steps_go_on_to_where_one_run_would_be(digits, tmp_path):
    folder, whole = shutil.copytree(digits[0], tmp_path / "run"), tmp_path / "whole"
    status, out, _ = run(*DIGITS, "--steps=6", "--noscore", "--noreport", f"--run_dir={folder}")
    assert status == 0 and "going on from step 4" in out
    assert run(*DIGITS, "--steps=6", "--noscore", "--noexport", "--noreport", "--steps_per_call=1",
               f"--run_dir={whole}")[0] == 0
    assert steps_of(folder) == steps_of(whole) == [2, 4, 6]
    data = "checkpoints/step-00000006/checkpoint.data-00000-of-00001"
    assert (folder / data).read_bytes() == (whole / data).read_bytes()
    assert json.loads((folder / "config.json").read_text())["recipe"]["steps"] == 6
    assert not (whole / "export").exists() and not (whole / "scores.jsonl").exists()


def test_a_damaged_newest_checkpoint_is_passed_over(digits, tmp_path):
    folder = shutil.copytree(digits[0], tmp_path / "run")
    (folder / "checkpoints/step-00000004/checkpoint.index").unlink()
    status, out, err = run("sample", f"--run_dir={folder}")
    assert status == 0 and "samples of step 2" in out and "warning" in err
    shutil.rmtree(folder / "checkpoints/step-00000002")
    status, _, err = run("sample", f"--run_dir={folder}")
    assert status == 2 and err.splitlines()[-1].endswith("has no checkpoint; it has only damaged ones")
    shutil.rmtree(folder / "checkpoints/step-00000004")
    status, _, err = run("export", f"--run_dir={folder}")
    assert status == 2 and err.splitlines()[-1].endswith("it has none yet; train first")


def test_report_sweeps_and_shows_the_nearest_images(digits, tiny_classifier, tmp_path):
    folder = shutil.copytree(digits[0], tmp_path / "run")
    assert '<section id="neighbours">' in (folder / "report.html").read_text()  # already at the end of training
    status, out, err = run("report", f"--run_dir={folder}", "--samples=30", DIGITS[-1], "--sweep=0.5 2", "--nearest=3",
                           f"--output={tmp_path}/page.html")
    assert status == 0 and out.strip().splitlines()[-1].endswith("page.html"), err
    kept = files.read_json_lines(folder / "scores.jsonl")
    assert [record["passport"]["truncation"] for record in kept] == [0.0, 0.5, 2.0]
    text = (tmp_path / "page.html").read_text()
    assert text.count('class="neighbour"') == 3 and "bound on |z| (truncation)" in text
    for flag, told in (("--sweep=a", "are no truncations"), ("--output=page.txt", "cannot be written as a page")):
        status, _, err = run("report", f"--run_dir={folder}", flag)
        assert status == 2 and told in err.splitlines()[-1]


def test_a_report_that_fails_costs_a_warning_only(points, tmp_path, monkeypatch):
    folder = shutil.copytree(points[0], tmp_path / "run")
    before = (folder / "report.html").read_bytes()
    monkeypatch.setattr(page, "render", lambda *given: 1 // 0)
    status, _, err = run(*POINTS, "--steps=3", "--noexport", f"--run_dir={folder}")
    assert status == 0 and (folder / "report.html").read_bytes() == before
    assert "warning: the report was not written (integer division or modulo by zero); `report --run_dir=" in err


def test_describe_prints_networks_and_recipe_without_a_run_folder(tmp_path):
    status, out, _ = run("describe", *DIGITS, f"--run_dir={tmp_path}/run")
    assert status == 0 and not (tmp_path / "run").exists()
    assert "\n* --network=dcgan:width=4\n" in out and "\n  --loss=non_saturating\n" in out
    assert "shape [16, 16, 1], 10 classes" in out
    for name in ("generator", "discriminator"):
        total, others, rows = re.search(
            rf"{name}: ([\d,]+) trainable parameters, ([\d,]+) others\n((?:  .*\n)+)", out + "\n").groups()
        counts = [int(line.split()[-1].replace(",", "")) for line in rows.strip().splitlines()]
        assert sum(counts) == int(total.replace(",", "")) + int(others.replace(",", "")) > 0


def test_describe_needs_no_prepared_data(tmp_path):
    status, out, err = run("describe", "--flagfile=flags/imagenet100_biggan.flags", f"--data_dir={tmp_path}",
                           "--network=biggan:width=1,form=reported", "--dataset=classes:0-99,n02119789:imagenet2012")
    assert status == 0, err
    assert "shape [128, 128, 3], 101 classes, not prepared here" in out and "attention_64" in out
    status, _, err = run("describe", "--dataset=imagnet2012", f"--data_dir={tmp_path}")
    assert status == 2 and "there is no data set 'imagnet2012'; did you mean imagenet2012" in err.splitlines()[-1]


def test_points_are_trained_scored_by_their_modes_sampled_and_exported(points):
    folder, out = points
    record, = files.read_json_lines(folder / "scores.jsonl")
    assert record["step"] == 3 and record["real"]["modes"] == 8 and "step 3: modes " in out
    loaded = tf.saved_model.load(str(folder / "export"))
    made = loaded.sample(tf.constant(50), tf.constant(3, tf.int64), tf.constant(0.0))
    path = folder.parent / "points.npz"
    assert run("sample", f"--run_dir={folder}", "--count=50", "--sample_seed=3", f"--output={path}")[0] == 0
    with np.load(path) as arrays:
        np.testing.assert_array_equal(arrays["images"], made["images"])
        np.testing.assert_array_equal(arrays["labels"], made["labels"])  # the recipe is conditional
        assert arrays["images"].shape == (50, 2) and set(arrays["labels"]) == set(range(8))
