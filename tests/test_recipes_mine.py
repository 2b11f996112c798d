"""The recipes of stacked MNIST and of MINE: equal but for one technique, and each takes steps."""

import dataclasses
import pathlib

import numpy as np
import pytest
import tensorflow as tf

import tfgan_improved
from tfgan_improved import assemble, flagset
from tfgan_improved.main import VERBS, main

ROOT = pathlib.Path(tfgan_improved.__path__[0]).parent
STACKED = {"minibatch": {"d_head"}, "direal": {"d_terms", "g_terms"}, "mine": {"g_terms", "t_network"}}
POINTS = {"grid25_mine": "grid25_plain", "spiral_mine": "spiral_plain"}
TOLD = {"direal": {"d/diversity", "g/diversity"}, "mine": {"t/loss", "t/nats", "g/information"}}


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch):
    monkeypatch.chdir(ROOT)


def recipe(name, *more):
    return flagset.parse([f"--flagfile=flags/{name}.flags", *more], tuple(VERBS)).run


def different(one, other):
    return {field.name for field in dataclasses.fields(one) if getattr(one, field.name) != getattr(other, field.name)}


@pytest.mark.parametrize("name, wanted", STACKED.items())
def test_stacked_recipes_differ_in_their_technique_only(name, wanted):
    plain = recipe("stacked_mnist_plain")
    assert different(recipe(f"stacked_mnist_{name}"), plain) == wanted and plain.steps == 20_000


@pytest.mark.parametrize("name, plain", POINTS.items())
def test_recipes_of_points_differ_in_mine_only(name, plain):
    assert different(recipe(name), recipe(plain)) == {"g_terms", "t_lr"}


@pytest.mark.parametrize("name", ["plain", *STACKED])
def test_stacked_recipes_take_steps(name):
    run = recipe(f"stacked_mnist_{name}", "--network=dcgan:width=4", "--batch_size=8")
    gan = assemble.gan(run, {"name": "stacked_mnist", "shape": [28, 28, 3], "dtype": "uint8", "classes": 1000})
    before = {player: network.get_weights() for player, network in gan.networks.items()}
    images = np.random.default_rng(0).integers(0, 256, (8, 28, 28, 3), dtype=np.uint8)
    logs = gan.train_step((tf.constant(images),))
    assert set(logs) == {"d/loss", "g/loss"} | TOLD.get(name, set())
    assert all(np.isfinite(value) for value in logs.values())
    for player, network in gan.networks.items():
        assert max(np.abs(old - new).max() for old, new in zip(before[player], network.get_weights())) > 0


def test_describe_prints_the_third_players_network(capsys, tmp_path):
    assert main(["describe", "--flagfile=flags/grid25_mine.flags", f"--run_dir={tmp_path}"]) == 0
    told = capsys.readouterr().out
    assert "player t: 17,281 trainable parameters, 0 others" in told and "of_code" in told
