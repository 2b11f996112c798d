"""Residual networks and accumulated gradients give on two replicas what they give on one."""

import json
import os
import pathlib
import subprocess
import sys

import tfgan_improved

HERE = pathlib.Path(__file__).parent
ROOT = pathlib.Path(tfgan_improved.__path__[0]).parent


def test_attention_conditional_norm_projection_and_mine_agree_in_passes():
    """And hierarchical latents and spectral norm; what passes give beside a whole batch: `test_accumulation.py`."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": "-1"}
    done = subprocess.run([sys.executable, HERE / "residual_on_two_replicas.py"], env=environment, capture_output=True,
                          text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    case = json.loads(done.stdout.splitlines()[-1])
    assert case["start"] == 0 and case["least"] > 1e-4 and case["gap"] < 2e-5 * max(1, case["way"]), case
