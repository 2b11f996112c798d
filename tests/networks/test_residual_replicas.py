"""Residual networks and accumulated gradients give on two replicas what they give on one."""

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
    done = subprocess.run([sys.executable, HERE / "residual_on_two_replicas.py"], env=environment, capture_output=True,
                          text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", ["in passes", "as a whole"])
def test_two_passes_on_two_replicas_are_those_of_one_replica_or_one_pass(report, name):
    """With attention, conditional norm, projection and hierarchical latents; the first with all norms and MINE."""
    case = report[name]
    assert case["start"] == 0 and case["least"] > 1e-4 and case["gap"] < 2e-5 * max(1, case["way"]), case
