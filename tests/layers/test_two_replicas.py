"""Layers that look at the whole batch give on two replicas what they give on one."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

import tfgan_improved

HERE = pathlib.Path(__file__).parent
ROOT = pathlib.Path(tfgan_improved.__path__[0]).parent


@pytest.fixture(scope="module")
def report():
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": "-1"}
    done = subprocess.run([sys.executable, HERE / "two_replicas.py"], env=environment, capture_output=True, text=True,
                          timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("case", ["image", "points", "minibatch", "halves"])
def test_values_gradients_penalties_and_averages_agree(report, case):
    assert {"score", "loss", "slope", "norm/moving_mean", "copies of norm/moving_variance"} <= set(report[case])
    assert any(key.startswith("gradient") and key.endswith("last/kernel") for key in report[case])
    wrong = {key: error for key, error in report[case].items() if not error < 2e-5}
    assert not wrong


def test_u_is_the_same_on_both_replicas(report):
    assert report["image"]["copies of second/u"] == 0.0


def test_batch_norm_may_leave_the_replicas_apart(report):
    assert len(report["apart"]) == 4 and max(report["apart"].values()) < 2e-5


def test_a_loop_of_steps_ends_with_the_weights_of_one_replica(report):
    case = report["minibatch trained"]
    assert any(key.endswith("/T") for key in case)
    wrong = {key: error for key, error in case.items() if not error < 2e-5}
    assert not wrong
