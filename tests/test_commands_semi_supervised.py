"""Semi-supervised runs from the command line, on real digits: errors while training, resuming, ensembles."""

import contextlib
import functools
import io
import json
import re
import shutil

import numpy as np
import pytest

from tfgan_improved import assemble, data, files
from tfgan_improved.config import RunConfig
from tfgan_improved.evaluation import classification
from tfgan_improved.main import main
from tfgan_improved.training.checkpoints import Checkpoints

DIGITS = ["--dataset=digits", "--image_size=16", "--holdout=200", "--network=mlp:width=16,depth=2,noise=0.1",
          "--latent=uniform:8", "--batch_size=20", "--d_norm=none", "--g_norm=batch:scale=false",
          "--d_wrap=weight:scale=false,start=1.0,deviation=1.0", "--labels=50", "--d_verdict=class_logits",
          "--d_loss_weight=0.5", "--d_terms=classification", "--g_loss_weight=0", "--g_terms=feature_matching",
          "--deal=apart", "--d_joint=labeled real fake", "--optimizer=root_adam", "--d_lr=1e-2", "--d_ema=0.5",
          "--steps_per_call=2", "--checkpoint_every=4", "--classify_every=4", "--log_every=4",
          "--sample_every=100", "--noscore", "--noexport", "--noreport"]


def run(*arguments):
    """(status, stdout, the last line of stderr) of one command line, in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(list(arguments))
    assert "Traceback" not in err.getvalue()
    return status, out.getvalue(), err.getvalue().splitlines()[-1] if err.getvalue() else ""


def trained(folder, *more):
    status, _, sentence = run(*DIGITS, *more, f"--run_dir={folder}")
    assert status == 0, sentence
    return folder


def lines(folder):
    return files.read_json_lines(folder / "errors.jsonl")


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """The run folders of 80 steps, of two seeds."""
    folder = tmp_path_factory.mktemp("digits")
    return [trained(folder / f"seed-{seed}", "--steps=80", "--classify_every=20", "--checkpoint_every=40",
                    f"--seed={seed}", f"--label_seed={seed}") for seed in (1, 2)]


def test_errors_are_counted_while_training_and_fall(digits):
    records = lines(digits[0])
    assert [record["step"] for record in records] == [20, 40, 60, 80]
    assert all(set(record) == {"step", "split", "images", "errors", "errors_of_last_weights"} for record in records)
    assert {(record["split"], record["images"]) for record in records} == {("test", 297)}
    assert records[-1]["errors"] < min(150, records[0]["errors"])  # guessing names 267 of 297 wrong
    logged = files.read_json_lines(digits[0] / "log.jsonl")[-1]
    assert set(logged) == {"step", "seconds", "d/loss", "d/classification", "g/feature_matching"}


def counted(folder, split="test", average=True, step=80):
    """Class probabilities of a checkpoint's D, and the labels."""
    config, source = RunConfig(**json.loads((folder / "config.json").read_text())["recipe"]), data.load(
        "digits", image_size=16, holdout=200)
    d = assemble.discriminator(config, json.loads((folder / "config.json").read_text())["data"])
    Checkpoints(folder / "checkpoints").restore(step, **{"average_d" if average else "network_d": d})
    images, labels = source.arrays(split)
    return classification.Classifier(d, 10)(images), labels


@pytest.mark.parametrize("average", [True, False])
def test_what_was_counted_is_what_the_checkpoint_says(digits, average):
    errors = classification.errors(*counted(digits[0], average=average))
    assert lines(digits[0])[-1]["errors" if average else "errors_of_last_weights"] == errors


def test_a_run_goes_on_where_one_run_would_be_and_each_step_has_one_line(tmp_path):
    whole, pieces = trained(tmp_path / "whole", "--steps=10"), trained(tmp_path / "pieces", "--steps=6")
    assert [record["step"] for record in lines(pieces)] == [4, 6]
    shutil.rmtree(pieces / "checkpoints/step-00000006")  # what followed the newest checkpoint is done again
    for step in (8, 12):  # as a run leaves them that is killed between a count and its checkpoint
        files.append_json_line(pieces / "errors.jsonl", {"step": step, "errors": 0})
    trained(pieces, "--steps=10")
    assert [record["step"] for record in lines(whole)] == [4, 8, 10] and lines(pieces) == lines(whole)
    last = "checkpoints/step-00000010/checkpoint.data-00000-of-00001"
    assert (whole / last).read_bytes() == (pieces / last).read_bytes()


def test_layers_have_started_from_the_first_batch_of_the_seed(digits):
    scales = []
    for folder in digits:
        stored = json.loads((folder / "config.json").read_text())
        d = assemble.discriminator(RunConfig(**stored["recipe"]), stored["data"])
        Checkpoints(folder / "checkpoints").restore(80, network_d=d)
        scales.append(np.asarray(d.get_layer("dense_1").g))  # which are not trained
    assert np.abs(scales[0] - 1).min() > 1e-2 and np.abs(scales[0] - scales[1]).min() > 1e-3


def test_an_ensemble_is_the_mean_of_probabilities(digits):
    status, out, _ = run("ensemble", f"--run_dirs={digits[0]} {digits[1]}")
    assert status == 0
    found = [(int(wrong), int(count)) for wrong, count in re.findall(r": (\d+) of (\d+) test images wrong", out)]
    votes, labels = zip(*map(counted, digits))
    want = [classification.errors(vote, labels[0]) for vote in (*votes, np.mean(votes, axis=0))]
    assert found == [(errors, 297) for errors in want]
    assert want[:2] == [lines(folder)[-1]["errors"] for folder in digits]
    last = out.strip().splitlines()[-1]
    assert last == f"ensemble of 2: {want[2]} of 297 test images wrong ({want[2] / 297:.2%})"
    assert "seed-1, step 80: " in out


def test_a_d_that_compares_halves_counts_an_odd_number_of_images_like_its_ensemble(tmp_path):
    folder = trained(tmp_path / "run", "--steps=8", "--labels=0", "--d_terms=classification:part=real",
                     "--d_head=minibatch_halves:kernels=3,dims=2", "--d_joint=real fake", "--g_joint=real fake",
                     "--d_ema=0")
    assert json.loads((folder / "config.json").read_text())["made_with"]["replicas"] == 1
    status, out, sentence = run("ensemble", f"--run_dirs={folder}")
    assert status == 0, sentence
    assert f"run, step 8: {lines(folder)[-1]['errors']} of 297 test images wrong" in out


def test_an_ensemble_may_look_at_the_validation_split_of_older_checkpoints(digits):
    status, out, _ = run("ensemble", f"--run_dirs={digits[0]}", "--reference=validation", "--at_step=40")
    want = classification.errors(*counted(digits[0], "validation", step=40))
    assert status == 0 and f"seed-1, step 40: {want} of 200 validation images wrong" in out


def test_an_ensemble_that_cannot_be_is_told(digits, tmp_path):
    plain = tmp_path / "plain"
    assert run("--dataset=digits", "--image_size=16", "--network=mlp:width=4,depth=1", "--holdout=200", "--steps=1",
               "--batch_size=4", "--noscore", "--noexport", "--noreport", f"--run_dir={plain}")[0] == 0
    other = tmp_path / "other"
    trained(other, "--steps=1", "--holdout=100")
    for runs, more, told in (
            ("", (), "--run_dirs is empty; name the run folders of the ensemble, separated by spaces"),
            (f"{tmp_path}/none", (), "none is not a run folder: it has no config.json"),
            (plain, (), "this discriminator does not classify: it has no class logits; train one with"),
            (f"{digits[0]} {other}", ("--reference=validation",), "was trained on other data than"),
            (digits[0], ("--at_step=3",), "has no checkpoint of step 3; it has 40, 80"),
            (digits[0], ("--labels=60",), "different settings: --labels=60 (was 50)")):
        status, _, sentence = run("ensemble", f"--run_dirs={runs}", *more)
        assert status == 2 and told in sentence, sentence
    assert run("ensemble", f"--run_dirs={digits[0]} {other}")[0] == 0  # they share their test images


@pytest.mark.parametrize("more, told", [
    (("--labels=55",), "labels must be a multiple of the 10 classes of 'digits', up to "),
    (("--labels=5000",), "labels must be a multiple of the 10 classes of 'digits', up to "),
    (("--labels=0", "--d_joint="), "--d_terms=classification reads the few labeled images, which are given to D where"),
    (("--d_verdict=binary",), "--d_terms=classification cannot be: D gives no 'classes'"),
    (("--g_terms=feature_matching classification",), "--g_terms=classification reads the few labeled images"),
    (("--g_terms=",), "--g_loss_weight=0 leaves G nothing to minimize"),
    (("--d_terms=", "--d_loss_weight=1"), "--labels=50 gives D labeled images that none of its terms reads; received"),
    (("--dataset=folder:{images}",), "has no labels in memory to"),
])
def test_recipes_that_cannot_be_end_with_a_sentence_and_take_no_folder(tmp_path, monkeypatch, more, told):
    from tfgan_improved.training import pictures

    for number in range(12):
        (tmp_path / f"images/{number % 2}").mkdir(parents=True, exist_ok=True)
        pictures.write_png(tmp_path / f"images/{number % 2}/{number}.png", np.full((16, 16, 1), 20 * number, np.uint8))
    more = [text.format(images=tmp_path / "images") for text in more]
    if "folder" in more[0]:
        more += ["--holdout=0"]
        monkeypatch.setattr(data, "load", functools.partial(data.load, memory_limit=1))
    status, _, sentence = run(*DIGITS, "--steps=2", *more, f"--run_dir={tmp_path}/run")
    assert status == 2 and told in sentence, sentence
    assert not (tmp_path / "run/config.json").exists()
