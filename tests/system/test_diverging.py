"""A run that stops being finite ends with one sentence; what was good before stays."""

import re

import numpy as np

FLAGS = ("--dataset=digits", "--network=mlp:width=16,depth=2", "--latent=normal:8", "--batch_size=8", "--threads=2",
         "--score=false", "--export=false", "--report=false", "--sample_every=1000", "--log_every=1", "--steps=200",
         "--loss=wasserstein", "--d_norm=none", "--d_lr=1e4")  # nothing holds D back: NaN after some twenty steps


def failed(process, pattern):
    """The step that a failed run names in its one sentence."""
    assert process.wait() == 1, process.text
    assert "Traceback" not in process.text
    told = re.fullmatch(rf"tfgan_improved: error: {pattern}; the last checkpoint is kept; .*", process.sentence)
    assert told, process.sentence
    return int(told["step"])


def assert_good(run):
    """Everything in the newest checkpoint is finite, and nothing half done lies about."""
    weights = run.weights(run.steps[-1])
    assert any("optimizer_g" in key for key in weights)
    assert [key for key, value in weights.items() if not np.isfinite(value).all()] == []
    assert np.isfinite([record["d/loss"] for record in run.lines("log")]).all()
    assert run.leftovers == []


def test_the_loss_and_the_step_are_told_and_the_checkpoint_before_is_good(start, tmp_path, look):
    command = (*FLAGS, "--checkpoint_every=15", f"--run_dir={tmp_path / 'run'}")
    pattern = r"[dg]/loss became -?(nan|inf) at step (?P<step>\d+)"
    step = failed(start(*command), pattern)
    run = look(tmp_path / "run")
    assert run.steps == [15] and 15 < step < 30
    assert_good(run)
    again = start(*command, "--steps_per_call=7")
    assert failed(again, pattern) == step
    assert "going on from step 15\n" in again.text


def test_no_checkpoint_is_made_of_what_is_not_finite(start, tmp_path, look):
    """An optimizer's mean of squared gradients overflows before any loss shows it, and would stop G for ever."""
    process = start(*FLAGS, "--checkpoint_every=1", "--keep=2", f"--run_dir={tmp_path / 'run'}")
    step = failed(process, r"a weight or its optimizer's state stopped being finite by step (?P<step>\d+)")
    run = look(tmp_path / "run")
    assert run.steps == [step - 2, step - 1]
    assert_good(run)
