"""Runs that cannot be, or that fail on their way: a status, one sentence, no traceback."""

import contextlib
import functools
import io
import re
import types

import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved import data
from tfgan_improved.commands import train
from tfgan_improved.config import RunConfig
from tfgan_improved.main import main

POINTS = ["--dataset=ring8", "--network=mlp:width=8,depth=1", "--latent=uniform:3", "--batch_size=16", "--d_norm=none",
          "--g_norm=none"]


def run(*arguments):
    """(status, the last line of stderr) of one command line, in this process."""
    err = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(err):
        status = main(list(arguments))
    assert "Traceback" not in err.getvalue()
    return status, (err.getvalue().splitlines() or [""])[-1]


def test_a_loss_that_is_no_number_ends_the_run_with_a_sentence(tmp_path):
    status, sentence = run(*POINTS, "--steps=50", "--loss=wasserstein", "--d_lr=1e30", f"--run_dir={tmp_path}/run")
    assert status == 1
    assert re.match(r"tfgan_improved: error: ([dg]/loss became (nan|-?inf) at step \d+|a weight stopped being a finite "
                    r"number by step \d+); the last checkpoint is kept; ", sentence)


@pytest.mark.parametrize("arguments, told", [
    (["--image_size=30"], "received 30; the nearest are 28 and 32"),
    (["--latent=normal:0"], "latent 'normal:size=0' was refused: a latent needs a size of at least 1; received 0"),
    (["--network=dcgan:width=0"], "network 'dcgan:width=0' was refused: "),
    (["--holdout=5000"], "holdout must be from 0 to 1499 for 'digits'; received 5000"),
    (["--dataset=ring8", "--network=mlp", "--flip"], "'ring8' holds points, which cannot be flipped"),
    (["--dataset=ring8"], "--network=dcgan cannot be built for images of shape (2,): "),
])
def test_recipes_that_only_their_parts_can_refuse(tmp_path, arguments, told):
    status, sentence = run("train", *arguments, "--steps=2", f"--run_dir={tmp_path}/run")
    assert status == 2 and told in sentence


def test_images_without_labels_are_refused_before_training_or_scored_without_a_classifier(tmp_path):
    (tmp_path / "images").mkdir()
    for index in range(40):
        noise = np.random.default_rng(index).integers(0, 256, (16, 16, 3), dtype=np.uint8)
        tf.io.write_file(str(tmp_path / f"images/{index}.png"), tf.io.encode_png(noise))
    arguments = (f"--dataset=folder:{tmp_path}/images", "--network=dcgan:width=4", "--batch_size=8", "--steps=2",
                 "--samples=4", f"--run_dir={tmp_path}/run")
    status, sentence = run(*arguments)
    assert status == 2 and "has no class labels to train a classifier with" in sentence
    assert "--scores=sliced_wasserstein" in sentence and not (tmp_path / "run").exists()
    status, sentence = run(*arguments, "--scores=sliced_wasserstein")
    assert status == 0, sentence
    assert '"swd": ' in (tmp_path / "run/scores.jsonl").read_text()
    assert (tmp_path / "run/export").exists() and (tmp_path / "run/report.html").exists()
    status, sentence = run(*arguments)
    assert status == 0, f"nothing is left to train, and the step has its scores: {sentence}"


@pytest.mark.parametrize("arguments, told", [
    (["--scores=label_accuracy"], "the generator has no labels, which a score wants to read; choose other --scores"),
    (["--reference=validation"], "'digits' has no 'validation' examples, only train, test; hold some"),
    (["--scores=memorization", "--reference=train"], "hold samples against another split than the training one"),
    (["--scores=density_coverage", "--samples=3"], "k nearest neighbours need k from 1 to 2"),
    (["--extractor=inception:/no/such"], "'/no/such' does not exist; give the path of one that does"),
    (["--against=./no/such"], "'./no/such' does not exist; give the path of one that does"),
])
def test_what_scoring_would_refuse_is_refused_before_training(tmp_path, arguments, told):
    status, sentence = run(*arguments, "--dataset=digits", "--network=dcgan:width=4", "--steps=2",
                           f"--run_dir={tmp_path}/run")
    assert status == 2 and told in sentence, sentence
    assert not (tmp_path / "run").exists()


def test_a_reference_batch_may_be_larger_than_the_usual_first_batch_and_a_refused_one_leaves_no_recipe(tmp_path):
    points = [*POINTS, "--steps=1", "--batch_size=4", "--noscore", "--noexport", "--noreport"]
    status, sentence = run(*points, "--g_norm=virtual:reference=200000", f"--run_dir={tmp_path}/run")
    assert status == 2 and "is the first 200000 rows of a batch of shape (200000, 3) or longer; received" in sentence
    assert not (tmp_path / "run/config.json").exists()
    status, sentence = run(*points, "--g_norm=virtual:reference=503", f"--run_dir={tmp_path}/run")
    assert status == 0, sentence


@pytest.mark.parametrize("shape, reference, rows", [
    ((2,), 0, 500), ((1024, 1024, 3), 0, 8), ((1024, 1024, 3), 16, 16), ((2,), 600, 600), ((2,), 601, 602),
    ((2,), 777, 777), ((2,), 5000, 777)])
def test_the_first_rows_are_as_many_as_reference_batches_want(shape, reference, rows):
    source = types.SimpleNamespace(shape=shape, counts={"train": 777})
    networks = {"d": object(), "g": types.SimpleNamespace(reference_rows=reference)}
    assert train.first_rows(RunConfig(batch_size=8), source, networks) == rows


@pytest.mark.parametrize("memory_limit", [2**30, 1])  # read once, or while training
def test_a_broken_image_is_named(tmp_path, monkeypatch, memory_limit):
    monkeypatch.setattr(data, "load", functools.partial(data.load, memory_limit=memory_limit))
    (tmp_path / "images").mkdir()
    for name in range(12):
        image = np.random.default_rng(name).integers(0, 256, (16, 16, 3), dtype=np.uint8)
        (tmp_path / f"images/{name}.png").write_bytes(tf.io.encode_png(image).numpy())
    (tmp_path / "images/4.png").write_bytes(b"no image")
    status, sentence = run(f"--dataset=folder:{tmp_path}/images", "--steps=2", f"--run_dir={tmp_path}/run",
                           "--network=dcgan:width=4", "--image_size=16")
    assert status == 2 and "4.png" in sentence
