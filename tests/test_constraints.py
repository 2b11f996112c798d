"""The flags of constraints: any network's kernels are held, behind each update, on two replicas and after resuming."""

import json
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgan_improved
from tfgan_improved import assemble
from tfgan_improved.config import RunConfig
from tfgan_improved.constraints import CONSTRAINTS
from tfgan_improved.ops import kernels
from tfgan_improved.training.checkpoints import parts_of

ROOT = pathlib.Path(tfgan_improved.__path__[0]).parent
DATA = {"name": "squares", "shape": [16, 16, 1], "dtype": "uint8", "classes": 3, "counts": {"train": 9}}
ROWS = np.random.default_rng(0).integers(0, 256, (4, 16, 16, 1)).astype("uint8")
LABELS = np.array([0, 1, 2, 0], "int32")


def recipe(d, g, **settings):
    """D is held by the first constraint and G by the second."""
    return RunConfig(**{"network": "dcgan:width=4", "latent": "normal:5", "d_constraint": d, "g_constraint": g,
                        "d_wrap": "spectral", "conditional": True, "g_lr": 0.01, "d_lr": 0.01, "batch_size": 4,
                        **settings})


def error(kernel, axis, constraint):
    """How far a kernel is from what the constraint allows, by NumPy."""
    w = np.moveaxis(np.asarray(kernel, "float64"), axis, -1).reshape(-1, kernel.shape[axis])
    s = np.linalg.svd(w, compute_uv=False)
    return {"clip": max(np.abs(w).max() - 0.01, 0), "unit_norm": np.abs(np.linalg.norm(w, axis=0) - 1).max(),
            "spectral:limit=0.3": max(s[0] - 0.3, 0), "orthogonal": np.abs(s - 1).max()}[constraint]


CASES = [("clip", "orthogonal"), ("spectral:limit=0.3", "unit_norm")]  # of D and of G


def worst(gan, case):
    """The largest error of all kernels, each by its player's constraint."""
    return max(error(*kernel, case[name[0] == "g"]) for name, kernel in found(gan).items())


def found(gan):
    """{network/name: (raw kernel, axis)} by the layers' classes."""
    all_of = {}
    for player, network in gan.networks.items():
        for layer in network.layers:
            layer = getattr(layer, "layer", layer)
            if isinstance(layer, keras.layers.Embedding):
                all_of[f"{player}/{layer.name}"] = layer.embeddings.numpy(), 0
            elif hasattr(layer, "kernel"):
                transposed = isinstance(layer, keras.layers.Conv2DTranspose)
                all_of[f"{player}/{layer.name}"] = layer.kernel.numpy(), -2 if transposed else -1
    return all_of


@pytest.mark.parametrize("case", CASES, ids=" ".join)
def test_it_holds_for_every_kernel_behind_each_step_and_after_resuming(case, tmp_path):
    gan = assemble.gan(recipe(*case), DATA)
    step, before = tf.function(gan.train_step), found(gan)
    for _ in range(2):
        logs = step((ROWS, LABELS))
        assert all(np.isfinite(value) for value in logs.values())
        assert len(found(gan)) == 8 and worst(gan, case) < 2e-5
    assert all(np.abs(kernel - before[name][0]).max() > 1e-4 for name, (kernel, _) in found(gan).items())
    path = tf.train.Checkpoint(**parts_of(gan)).write(str(tmp_path / "all"))
    again = assemble.gan(recipe(*case, seed=7), DATA)
    tf.train.Checkpoint(**parts_of(again)).read(path)
    again.seed = gan.seed
    for each in (gan, again):
        each.train_step((tf.constant(ROWS), tf.constant(LABELS)))
    assert worst(again, case) < 2e-5
    for name, (kernel, _) in found(again).items():
        np.testing.assert_allclose(kernel, found(gan)[name][0], atol=1e-5)


def test_the_cases_are_all_there_are():
    assert {constraint.split(":")[0] for case in CASES for constraint in case} == set(CONSTRAINTS)


def test_only_the_player_that_asks_is_held():
    gan = assemble.gan(recipe("clip:limit=0.5", "none"), DATA)
    held = {player: {kernel.variable.constraint for kernel in kernels.of(network)}
            for player, network in gan.networks.items()}
    assert held["g"] == {None} and {constraint.limit for constraint in held["d"]} == {0.5}


@pytest.fixture(scope="module")
def report():
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": "-1"}
    script = pathlib.Path(__file__).with_name("constraints_on_two_replicas.py")
    done = subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True, timeout=200,
                          check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_two_replicas_are_as_one(report):
    assert report["copies"] == 0.0 and report["moved"] > 1e-3
    assert report["error"] < 2e-5 and report["difference"] < 2e-5
