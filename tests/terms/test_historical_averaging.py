"""Historical averaging against NumPy: value, gradient and memory; then in the step, on disk and on two replicas."""

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
from tfgan_improved.spec import SpecError
from tfgan_improved.terms import TERMS, HistoricalAveraging
from tfgan_improved.training.checkpoints import Checkpoints, parts_of
from tfgan_improved.training.gan import GAN
from tfgan_improved.training.player import Player, two_players

HERE, ROOT = pathlib.Path(__file__).parent, pathlib.Path(tfgan_improved.__path__[0]).parent
RULES = ["historical_averaging:factor=0.7", "historical_averaging:factor=0.7,decay=0.8"]


class Turn:
    """A view that only has networks and a memory, as the GAN owns it."""

    def __init__(self, term, network, player="d"):
        self.networks, self.player = {player: network}, player
        self.memory = {key: tf.Variable(value) for key, value in term.memory(network).items()}


def network():
    """Three trainable variables of ranks 2, 1 and 3, and two that are not trained."""
    keras.utils.set_random_seed(0)
    x = keras.Input((5, 4))
    y = keras.layers.BatchNormalization(scale=False)(keras.layers.Dense(3, use_bias=False)(x))
    return keras.Model(x, keras.layers.Conv1D(2, 2, use_bias=False)(y))


def past_mean(past, decay):
    """The formulas of the docstring, from all past weights."""
    if not decay:
        return np.mean(past, axis=0)
    mean = past[0]
    for now in past[1:]:
        mean = decay * mean + (1 - decay) * now
    return mean


@pytest.mark.parametrize("spec", RULES)
def test_value_gradient_and_memory_are_those_of_the_formula(spec):
    term, model, random = TERMS.make(spec), network(), np.random.default_rng(0)
    view, variables, past = Turn(term, model), model.trainable_variables, []
    assert [len(variable.shape) for variable in variables] == [2, 1, 3] and len(model.variables) == 5
    for turn in range(1, 8):
        weights = [random.normal(3.0, 1.0, variable.shape).astype("float32") for variable in variables]
        for variable, value in zip(variables, weights):
            variable.assign(value)
        past.append(np.concatenate([value.ravel() for value in weights]).astype("float64"))
        with tf.GradientTape() as tape:
            value = term(view)
        assert value.dtype == tf.float32 and value.shape == ()
        gap = past[-1] - past_mean(past, term.decay)
        np.testing.assert_allclose(value, 0.7 * np.sum(gap**2), rtol=1e-5, atol=1e-12)
        gradients = tape.gradient(value, [variable.value for variable in variables])
        np.testing.assert_allclose(np.concatenate([np.ravel(g) for g in gradients]), 1.4 * gap, rtol=1e-4, atol=1e-5)
        assert int(view.memory["turns"]) == turn
        means = np.concatenate([np.ravel(view.memory[f"mean_{index}"]) for index in range(3)])
        np.testing.assert_allclose(means, past_mean(past, term.decay), rtol=2e-6)


def test_the_exact_mean_does_not_stop_where_float32_would():
    """At t = 2e8 a step of the mean is 1e-8 of it."""
    term, model = TERMS.make(RULES[0]), network()
    view = Turn(term, model)
    view.memory["turns"].assign(200_000_000)
    view.memory["mean_0"].assign(tf.ones((4, 3), tf.float64))
    model.trainable_variables[0].assign(3.0 * tf.ones((4, 3)))
    term(view)
    np.testing.assert_allclose(view.memory["mean_0"].numpy() - 1.0, 2.0 / 200_000_001, rtol=1e-6)


@pytest.mark.parametrize("spec", RULES)
def test_a_later_view_of_a_turn_changes_nothing_that_is_remembered(spec):
    term, model = TERMS.make(spec), network()
    view = Turn(term, model)
    for value in (1.0, 4.0):
        model.trainable_variables[1].assign(value * tf.ones(3))
        want = term(view)
    before = {key: variable.numpy() for key, variable in view.memory.items()}
    view.first = False
    with tf.GradientTape() as tape:
        got = term(view)
    np.testing.assert_allclose(got, want, rtol=1e-6)
    gap = 4.0 - past_mean(np.array([1.0, 4.0]), term.decay)
    np.testing.assert_allclose(tape.gradient(got, model.trainable_variables[1].value), [1.4 * gap] * 3, rtol=1e-5)
    assert all(np.array_equal(before[key], variable) for key, variable in view.memory.items())


def made(spec, rate=0.1, steps=1):
    """A small GAN whose D and G both average; D moves `steps` times in a step."""
    from tfgan_improved.networks import NETWORKS

    keras.utils.set_random_seed(7)
    family = NETWORKS.make("mlp:width=8,depth=2")
    term = TERMS.make(spec)
    gan = GAN(two_players(family.generator((2,), 4), family.discriminator((2,)), d_terms=[term], g_terms=[term],
                          d_steps=steps), "normal:4", seed=3)
    gan.compile(d_optimizer=keras.optimizers.SGD(rate), g_optimizer=keras.optimizers.SGD(rate))
    return gan


def data(rows=8, seed=0):
    return tf.constant(np.random.default_rng(seed).normal(size=(rows, 2)).astype("float32"))


def flat(values):
    return np.concatenate([np.ravel(np.asarray(value, "float64")) for value in values])


def means_of(gan, name):
    memory = gan.memory[name][1]
    return flat(memory[f"mean_{index}"] for index in range(len(memory) - 1))


@pytest.mark.parametrize("spec", RULES)
@pytest.mark.parametrize("compiled", [False, True])
def test_in_a_step_it_remembers_the_weights_before_each_of_the_players_turns(spec, compiled):
    gan, past = made(spec), {"d": [], "g": []}
    step = tf.function(gan.train_step, jit_compile=compiled)
    for index in range(4):
        for name, player in gan.players.items():
            past[name].append(flat(variable.value for variable in player.network.trainable_variables))
        logs = step((data(seed=index),))
        for name, player in gan.players.items():
            want = past_mean(past[name], player.terms[1].decay)
            np.testing.assert_allclose(means_of(gan, name), want, rtol=1e-5, atol=1e-6)
            np.testing.assert_allclose(logs[f"{name}/historical_averaging"], 0.7 * np.sum((past[name][-1] - want) ** 2),
                                       rtol=1e-4, atol=1e-10)
    assert np.abs(past["d"][-1] - past["d"][0]).max() > 1e-3


def test_it_pulls_the_weights_back():
    """Away from its mean, the network moves by -2 lr factor (theta - mean) besides what the loss makes it do."""
    plain, pulled = made("historical_averaging:factor=0"), made("historical_averaging:factor=0.7")
    for gan in (plain, pulled):
        for variable in gan.players["g"].network.trainable_variables:
            variable.assign(variable + 0.1)
        gan.memory["g"][1]["turns"].assign(99)
    start = flat(variable.value for variable in pulled.players["g"].network.trainable_variables)
    for gan in (plain, pulled):
        gan.train_step((data(),))
    moved = [flat(variable.value for variable in gan.players["g"].network.trainable_variables)
             for gan in (pulled, plain)]
    np.testing.assert_allclose(moved[0] - moved[1], -0.1 * 1.4 * (start - start / 100), rtol=1e-3, atol=1e-6)


def test_every_turn_of_a_player_counts():
    gan = made(RULES[0], steps=2)
    for _ in range(3):
        gan.train_step((data(),))
    assert (int(gan.memory["d"][1]["turns"]), int(gan.memory["g"][1]["turns"])) == (6, 3)


@pytest.mark.parametrize("spec", RULES)
def test_a_run_that_was_stopped_goes_on_as_the_whole_one(spec, tmp_path):
    whole, again = made(spec), made(spec)
    for index in range(3):
        whole.train_step((data(seed=index),))
    Checkpoints(tmp_path).save(whole, 3)
    Checkpoints(tmp_path).restore(3, **parts_of(again))
    assert int(again.memory["g"][1]["turns"]) == 3
    for gan in (whole, again):
        gan.train_step((data(seed=3),))
    for name in ("d", "g"):
        np.testing.assert_array_equal(means_of(whole, name), means_of(again, name))
    np.testing.assert_array_equal(flat(whole.networks["g"].weights), flat(again.networks["g"].weights))


def test_mixed_precision_keeps_full_means():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        gan = made(RULES[1])
        logs = gan.train_step((data(),))
        logs = gan.train_step((data(seed=1),))
    finally:
        keras.config.set_dtype_policy("float32")
    assert logs["d/historical_averaging"].dtype == tf.float32 and float(logs["d/historical_averaging"]) > 0
    assert {variable.dtype for variable in gan.memory["d"][1].values()} == {tf.int64, tf.float32}


@pytest.mark.parametrize("spec, bytes_each", list(zip(RULES, (8, 4))))
def test_it_remembers_no_more_than_it_says(spec, bytes_each):
    model = network()
    values = TERMS.make(spec).memory(model).values()
    count = sum(np.prod(variable.shape) for variable in model.trainable_variables)
    assert sum(value.dtype.size * np.prod(value.shape) for value in values) == bytes_each * count + 8


def test_two_replicas_remember_the_same_as_one():
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "2"}
    done = subprocess.run([sys.executable, HERE / "averaging_replicas.py"], env=environment, capture_output=True,
                          text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    report = json.loads(done.stdout.splitlines()[-1])
    assert set(report) == set(RULES)
    for found in report.values():
        assert found["turns"] == [4, 4] and found["copies"] == 0.0 and found["moved"] > 1e-3
        assert found["weights"] < 1e-6 and found["means"] < 1e-6


def test_weights_that_are_frozen_later_are_told():
    gan = made(RULES[0])
    gan.networks["d"].get_layer("dense_2").trainable = False
    with pytest.raises(ValueError, match="remembers 6 variables of player 'd', which now trains 4; set `trainable`"):
        gan.train_step((data(),))


@pytest.mark.parametrize("settings", [{"factor": -0.1}, {"factor": float("nan")}, {"decay": 1.0}, {"decay": -0.1}])
def test_values_that_cannot_be(settings):
    with pytest.raises(ValueError, match="historical_averaging needs factor >= 0 and decay from 0 to below 1; receiv"):
        HistoricalAveraging(**settings)
    with pytest.raises(SpecError, match="historical_averaging needs factor >= 0"):
        TERMS.make("historical_averaging:decay=1.0")


def test_it_is_a_term_of_any_player():
    """It reads no image: a player of another name, without data, may have it."""
    model = network()
    player = Player(model, (TERMS.make(RULES[0]),))
    view = Turn(player.terms[0], model, player="information")
    assert float(player.terms[0](view)) == 0.0  # theta_1 is its own mean
