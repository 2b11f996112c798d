"""MINE as a term of G and a third player: against NumPy, its memory, its turns, and by flags."""

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
from tfgan_improved.networks import Statistics
from tfgan_improved.spec import SpecError
from tfgan_improved.terms import Information, StatisticsLoss
from tfgan_improved.training.checkpoints import Checkpoints, parts_of
from tfgan_improved.training.view import View

HERE = pathlib.Path(__file__).parent
DATA = {"name": "grid25", "shape": [2], "dtype": "float32", "classes": 25, "counts": {"train": 9}}
RECIPE = {"network": "mlp:width=8,depth=1", "latent": "normal:3", "d_norm": "none", "g_norm": "none",
          "t_network": "statistics:width=8", "t_lr": 1e-2}


class Bilinear(keras.layers.Layer):
    """T(x, z)_k = x A z_k for x (n, p) and z (n, k, q) -> (n, k)."""

    def build(self, shapes):
        self.a = self.add_weight(shape=(shapes[0][-1], shapes[1][-1]), initializer="orthogonal")

    def call(self, inputs):
        return keras.ops.einsum("np,pq,nkq->nk", inputs[0], self.a, inputs[1])


def turn(player, code=0):
    """A view of five rows with a linear G and a bilinear T, and the arrays that it is made of."""
    keras.utils.set_random_seed(3)
    random = np.random.default_rng(4)
    z, size = random.normal(size=(5, 3)).astype("float32"), code or 3
    latent, example, codes = keras.Input((3,)), keras.Input((2,)), keras.Input((None, size))
    g = keras.Model(latent, keras.layers.Dense(2, use_bias=False)(latent))
    t = keras.Model([example, codes], Bilinear()([example, codes]))
    view = View({"g": g, "t": t}, tf.zeros((5, 2)), tf.constant(z))
    view.player, view.memory = player, {"log_mean": tf.Variable(0.0), "turns": tf.Variable(0, dtype=tf.int64)}
    return view, z, np.asarray(g.weights[0]), np.asarray(t.weights[0])


def oracle(z, kernel, a, code=0, shifts=1):
    """T on the pairs that belong together, (n,), and on those that do not, (n, shifts)."""
    x, c = z @ kernel, z[:, :code] if code else z
    return (np.einsum("np,pq,nq->n", x, a, c),
            np.stack([np.einsum("np,pq,nq->n", x, a, np.roll(c, -k, axis=0)) for k in range(1, shifts + 1)], axis=1))


@pytest.mark.parametrize("code, shifts", [(0, 1), (2, 3)])
def test_the_third_player_minimizes_minus_the_bound(code, shifts):
    view, z, kernel, a = turn("t", code)
    with tf.GradientTape() as tape:
        value = StatisticsLoss(code=code, shifts=shifts)(view)
    joint, marginal = oracle(z, kernel, a, code, shifts)
    np.testing.assert_allclose(value, np.log(np.exp(marginal).mean()) - joint.mean(), rtol=1e-4)
    by_a = tape.gradient(value, view.networks["t"].trainable_variables[0].value)
    x, c = z @ kernel, z[:, :code] if code else z
    weights = np.exp(marginal) / np.exp(marginal).sum()  # the first running mean is the batch's own
    want = sum(np.einsum("n,np,nq->pq", weights[:, k], x, np.roll(c, -k - 1, axis=0)) for k in range(shifts))
    np.testing.assert_allclose(by_a, want - np.einsum("np,nq->pq", x, c) / 5, rtol=1e-3, atol=1e-5)


def test_the_running_mean_is_remembered_and_corrects_the_gradient():
    view, z, kernel, a = turn("t")
    view.memory["log_mean"].assign(np.log(7.0))
    view.memory["turns"].assign(9)
    with tf.GradientTape() as tape:
        value = StatisticsLoss(rate=0.25)(view)
    joint, marginal = oracle(z, kernel, a)
    mean = 0.75 * 7.0 + 0.25 * np.exp(marginal).mean()
    np.testing.assert_allclose(view.memory["log_mean"].numpy(), np.log(mean), rtol=1e-5)
    assert int(view.memory["turns"].numpy()) == 10
    np.testing.assert_allclose(value, np.log(np.exp(marginal).mean()) - joint.mean(), rtol=1e-4)
    x, others = z @ kernel, np.roll(z, -1, axis=0)
    want = (np.einsum("n,np,nq->pq", np.exp(marginal[:, 0]) / mean, x, others) - np.einsum("np,nq->pq", x, z)) / 5
    by_a = tape.gradient(value, view.networks["t"].trainable_variables[0].value)
    np.testing.assert_allclose(by_a, want, rtol=1e-3, atol=1e-5)


def test_the_generator_raises_the_bound_through_its_examples_only_in_its_turn():
    view, z, kernel, a = turn("g")
    term = Information(weight=2.0)
    with tf.GradientTape(persistent=True) as tape:
        value = term(view)
        view.player = "t"
        of_the_other = term(view)
    joint, marginal = oracle(z, kernel, a)
    np.testing.assert_allclose(value, 2 * (np.log(np.exp(marginal).mean()) - joint.mean()), rtol=1e-4)
    weights = np.exp(marginal[:, 0]) / np.exp(marginal).sum()
    by_x = weights[:, None] * (np.roll(z, -1, axis=0) @ a.T) - z @ a.T / 5
    weight = view.networks["g"].trainable_variables[0].value
    np.testing.assert_allclose(tape.gradient(value, weight), 2 * z.T @ by_x, rtol=1e-3, atol=1e-5)
    assert tape.gradient(of_the_other, weight) is None  # in the turn of T examples are constants


def test_the_information_gradient_is_clipped_to_the_adversarial_one():
    main, other = [tf.constant([3.0, 4.0])], [tf.constant([0.0, 100.0])]
    np.testing.assert_allclose(Information().join(main, other)[0], [3.0, 9.0], rtol=1e-6)
    np.testing.assert_allclose(Information(clip=False).join(main, other)[0], [3.0, 104.0], rtol=1e-6)


@pytest.fixture(scope="module")
def played():
    """A GAN with MINE by its flags, behind three steps, and what these told."""
    gan = assemble.gan(RunConfig(**RECIPE, g_terms="information:code=2 ", t_steps=2), DATA)
    before = {name: network.get_weights() for name, network in gan.networks.items()}
    step = tf.function(gan.train_step)
    logs = [step((tf.random.stateless_normal((16, 2), (index, 0)),)) for index in range(3)]
    return gan, before, logs


def test_by_flags_it_brings_its_player(played):
    gan, before, logs = played
    assert list(gan.players) == ["d", "t", "g"] and gan.players["t"].steps == 2
    assert gan.players["t"].terms == (StatisticsLoss(code=2),)
    assert gan.networks["t"].input_shape == [(None, 2), (None, None, 2)]
    assert gan.log_names == ["d/loss", "t/loss", "t/nats", "g/loss", "g/information"] == list(logs[0])
    assert all(float(log["t/nats"]) == -float(log["t/loss"]) != 0 for log in logs)
    np.testing.assert_allclose(float(gan.optimizers["t"].learning_rate), 1e-2, rtol=1e-6)
    for name, network in gan.networks.items():
        assert max(np.abs(old - new).max() for old, new in zip(before[name], network.get_weights())) > 1e-5
    assert int(gan.memory["t"][0]["turns"].numpy()) == 6
    assert assemble.parts(RunConfig(**RECIPE, g_terms="information", t_steps=3)) == 3
    assert assemble.parts(RunConfig(**RECIPE, t_steps=3)) == 1


def test_it_is_restored_from_a_checkpoint(played, tmp_path):
    gan, *_ = played
    Checkpoints(tmp_path).save(gan, 3)
    other = assemble.gan(RunConfig(**RECIPE, g_terms="information:code=2", t_steps=2, seed=9), DATA)
    Checkpoints(tmp_path).restore(3, **parts_of(other))
    for mine, theirs in zip(gan.networks["t"].weights, other.networks["t"].weights, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert float(other.memory["t"][0]["log_mean"].numpy()) == float(gan.memory["t"][0]["log_mean"].numpy()) != 0
    assert int(other.optimizers["t"].iterations) == 6


def test_the_other_players_start_alike_without_it():
    plain = assemble.gan(RunConfig(**RECIPE), DATA)
    mine = assemble.gan(RunConfig(**RECIPE, g_terms="information"), DATA)
    for name in "dg":
        for one, other in zip(plain.networks[name].get_weights(), mine.networks[name].get_weights()):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("settings, told", [
    ({"g_terms": "information:code=4"}, "--latent=normal:3 is too small: information is asked for 4 components of z"),
    ({"g_terms": "information information"}, "has two terms that bring the player t; keep one"),
    ({"d_terms": "information"}, "--d_terms=information is a term of G, .*; give it as --g_terms=information"),
    ({"g_terms": "information", "t_network": "statistics:width=0"}, "received width=0"),
    ({"g_terms": "information:rate=0.0"}, "0 < rate <= 1 .* received .*rate=0.0"),
    ({"g_terms": "information:bound=jensen"}, "bound=donsker_varadhan or f_divergence; received .*bound=jensen"),
    ({"g_terms": "information:weight=-1"}, "weight of information must be at least 0; received -1"),
])
def test_what_cannot_be_is_told(settings, told):
    with pytest.raises(SpecError, match=told):
        assemble.gan(RunConfig(**RECIPE | settings), DATA)


def test_a_batch_without_others_is_told():
    view, *_ = turn("t")
    with pytest.raises(ValueError, match="pairs each example with 5 others; received a batch of 5; give a larger one"):
        StatisticsLoss(shifts=5)(view)


@pytest.mark.parametrize("shape, levels", [((2,), 0), ((28, 28, 3), 2), ((7, 7, 1), 0), ((30, 30, 1), 3)])
def test_statistics_networks_judge_each_pair_by_itself(shape, levels, tmp_path):
    network = Statistics(width=6, depth=3, filters=2).build(shape, 4)
    assert sum(isinstance(layer, keras.layers.Conv2D) for layer in network.layers) == levels
    random = np.random.default_rng(0)
    x, z = random.normal(size=(3, *shape)).astype("float32"), random.normal(size=(3, 5, 4)).astype("float32")
    values = np.asarray(network([x, z]))
    assert values.shape == (3, 5) and values.dtype == np.float32
    alone = np.stack([np.asarray(network([x, z[:, [k]]]))[:, 0] for k in range(5)], axis=1)
    np.testing.assert_allclose(values, alone, rtol=1e-4, atol=1e-5)
    assert np.abs(values - values[:, :1])[:, 1:].min() > 1e-6 and np.abs(values[0] - np.asarray(
        network([x[[1]], z[:1]]))).min() > 1e-6  # both count
    network.save(tmp_path / "t.keras")
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "t.keras")([x, z]), values)


def test_it_compiles_with_xla_and_in_half_precision():
    try:
        gan = assemble.gan(RunConfig(**RECIPE, g_terms="information:shifts=2", precision="mixed_bfloat16"), DATA)
    finally:
        keras.config.set_dtype_policy("float32")
    logs = tf.function(gan.train_step, jit_compile=True)((tf.random.stateless_normal((16, 2), (1, 0)),))
    assert all(np.isfinite(value) for value in logs.values()) and logs["t/loss"].dtype == tf.float32


def test_two_replicas_end_as_one():
    environment = {**os.environ, "PYTHONPATH": str(pathlib.Path(tfgan_improved.__path__[0]).parent),
                   "CUDA_VISIBLE_DEVICES": "-1"}
    done = subprocess.run([sys.executable, HERE / "information_replicas.py"], env=environment, capture_output=True,
                          text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["moved"] > 1e-3 and found["weights"] < 2e-5 and found["memory"] < 1e-5
