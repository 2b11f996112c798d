"""The first batch of a GAN: who sees it, what follows it, and that `fit` does not forget it."""

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
from tfgan_improved.layers import BatchNorm, GaussianNoise, MinibatchDiscrimination, SpectralNorm, WeightNorm
from tfgan_improved.networks.reference import carry_reference
from tfgan_improved.training.checkpoints import Checkpoints, parts_of
from tfgan_improved.training.gan import GAN
from tfgan_improved.training.player import two_players

layers = keras.layers


def make(starting="d", seed=0, ema=None):
    """A GAN on points whose networks in `starting` start from data; both have batch norm and G spectral norm."""
    keras.utils.set_random_seed(0)

    def dense(units, player):
        layer = layers.Dense(units, bias_initializer="ones")
        return WeightNorm(layer, scale=False, start=1.0, deviation=1.0) if player in starting else layer

    z, x = keras.Input((4,)), keras.Input((2,))
    made = SpectralNorm(layers.Dense(2))(BatchNorm()(dense(5, "g")(z)))
    features = BatchNorm()(dense(6, "d")(GaussianNoise(0.5)(x)))
    players = two_players(keras.Model(z, made, name="g"), keras.Model(
        x, {"logits": layers.Dense(1)(features), "features": features}, name="d"))
    gan = GAN(players, "normal:4", ema=ema or {}, seed=seed)
    gan.compile(d_optimizer=keras.optimizers.SGD(0.1), g_optimizer=keras.optimizers.SGD(0.1))
    return gan


def state(gan, name):
    return [np.asarray(weight) for weight in gan.networks[name].weights]


def started(gan, name):
    """The scales of the network's first layer."""
    return np.asarray(next(layer for layer in gan.networks[name].layers if isinstance(layer, WeightNorm)).g)


def same(ones, others):
    return all(np.array_equal(one, other) for one, other in zip(ones, others, strict=True))


@pytest.mark.parametrize("starting", ["", "d", "g", "dg"])
def test_only_networks_with_layers_that_start_from_data_change(starting, batch):
    gan = make(starting)
    before = {name: state(gan, name) for name in "dg"}
    assert gan.starts_from_data == bool(starting)
    gan.initialize(batch((2,), 30))
    assert not gan.starts_from_data and int(gan.updates) == 0
    for name in "dg":  # batch norm's averages and the power iteration of a network that needs no start stay too
        assert same(before[name], state(gan, name)) == (name not in starting)
        if name in starting:
            assert np.abs(started(gan, name) - 1).min() > 1e-3


def test_d_sees_the_images_with_its_noise_and_g_draws_of_the_latent(batch):
    gan, x = make("dg"), batch((2,), 4000)
    gan.initialize(x)
    d, g = gan.networks["d"], gan.networks["g"]
    for network, data in ((d, x + tf.random.stateless_normal(x.shape, (1, 2), stddev=0.5)),
                          (g, tf.random.stateless_normal((4000, 4), (3, 4)))):
        t = next(layer for layer in network.layers if isinstance(layer, WeightNorm))(data)
        np.testing.assert_allclose(np.mean(t, axis=0), 0, atol=0.1)
        np.testing.assert_allclose(np.std(t, axis=0), 1, atol=0.1)


@pytest.mark.parametrize("data", ["images", "labeled", "semi-supervised"])
def test_data_are_those_of_a_step(data, batch):
    x = batch((2,), 20)
    given = {"images": x, "labeled": (x, tf.zeros(20, tf.int32)),
             "semi-supervised": (x.numpy(), np.zeros(20, "int32"), x[:5], tf.zeros(5, tf.int32))}[data]
    gan, plain = make(), make()
    gan.initialize(given)
    plain.initialize(x)
    assert same(state(gan, "d"), state(plain, "d"))


def test_it_is_a_function_of_the_seed_and_the_batch(batch):
    values = [started_with(seed, batch((2,), 20, seed=data)) for seed, data in ((0, 0), (0, 0), (1, 0), (0, 1))]
    np.testing.assert_array_equal(values[0], values[1])
    assert all(np.abs(values[0] - other).min() > 1e-5 for other in values[2:])


def started_with(seed, x):
    gan = make(seed=seed)
    gan.initialize(x)
    return started(gan, "d")


def test_averages_take_over_what_was_set(batch):
    gan = make("d", ema={"g": 0.9, "d": 0.99})
    gan.initialize(batch((2,), 20))
    for name in "dg":
        assert same([np.asarray(weight) for weight in gan.averages[name].weights], state(gan, name))
    gan.train_step(batch((2,)))
    decay, before = min(0.99, 1 / 10), started(gan, "d")  # fixed scales stay what they are in the average
    average = next(layer for layer in gan.averages["d"].layers if isinstance(layer, WeightNorm))
    np.testing.assert_allclose(average.g, before, rtol=1e-6)
    assert decay == 0.1 and not same([np.asarray(weight) for weight in gan.averages["d"].weights], state(gan, "d"))


def test_a_restored_run_has_it_and_does_not_start_again(batch, tmp_path):
    gan = make()
    gan.initialize(batch((2,), 20))
    gan.train_step(batch((2,)))
    Checkpoints(tmp_path).save(gan, 1)
    again = make()
    assert again.starts_from_data
    Checkpoints(tmp_path).restore(1, **parts_of(again))
    assert not again.starts_from_data and same(state(again, "d"), state(gan, "d"))
    again.fit(batch((2,)), batch_size=8, verbose=0)
    np.testing.assert_array_equal(started(again, "d"), started(gan, "d"))


def test_fit_starts_from_its_first_batch(batch):
    x = batch((2,), 24)
    gan, by_hand = make(), make()
    by_hand.initialize(x[:8])
    for model in (gan, by_hand):
        model.fit(tf.data.Dataset.from_tensor_slices(x).batch(8), verbose=0)
    assert same(state(gan, "d"), state(by_hand, "d")) and np.abs(started(gan, "d") - 1).min() > 1e-3
    assert int(gan.updates) == 3
    scales = started(gan, "d")
    gan.fit(tf.data.Dataset.from_tensor_slices(x[::-1]).batch(8), verbose=0)  # not a second time
    np.testing.assert_array_equal(started(gan, "d"), scales)


def test_fit_leaves_a_start_of_ones_own_alone(batch):
    gan = make()
    gan.initialize(batch((2,), 100, seed=5))
    scales = started(gan, "d")
    gan.fit(batch((2,)), batch_size=4, verbose=0)
    np.testing.assert_array_equal(started(gan, "d"), scales)


@pytest.mark.parametrize("kind", ["arrays", "arrays and labels", "four parts", "sequence"])
def test_fit_takes_its_first_batch_from_whatever_it_is_given(kind, batch):
    x, y = batch((2,), 24).numpy(), np.zeros(24, "int32")
    gan = make()
    if kind.startswith("arrays"):
        gan.fit(x, y if "labels" in kind else None, batch_size=8, epochs=1, verbose=0)
    elif kind == "four parts":
        gan.fit(tf.data.Dataset.from_tensor_slices((x, y, x, y)).batch(8), verbose=0)
    else:
        class Batches(keras.utils.PyDataset):
            def __len__(self):
                return 3

            def __getitem__(self, index):
                return x[8 * index:8 * index + 8], y[:8]

        gan.fit(Batches(), verbose=0)
    assert np.abs(started(gan, "d") - 1).min() > 1e-3 and int(gan.updates) == 3


def test_fit_with_a_generator_asks_for_a_start(batch):
    gan, x = make(), batch((2,)).numpy()
    with pytest.raises(ValueError, match="gives its first batch only once; call GAN.initialize with a batch before"):
        gan.fit((x for _ in range(2)), verbose=0)
    gan.initialize(x)
    gan.fit(((x, np.zeros(8)) for _ in range(2)), verbose=0)
    assert int(gan.updates) == 2
    make("").fit(((x, np.zeros(8)) for _ in range(2)), verbose=0)  # which needs no start


@pytest.mark.parametrize("head", [MinibatchDiscrimination(weight_norm=True), MinibatchDiscrimination()],
                         ids=["with a start", "without"])
def test_other_layers_say_whether_they_start_from_data(head):
    x = keras.Input((2,))
    network = keras.Model(x, {"logits": layers.Dense(1)(head(x)), "features": x})
    z = keras.Input((4,))
    gan = GAN(two_players(keras.Model(z, layers.Dense(2)(z)), network), "normal:4")
    assert gan.starts_from_data == head.weight_norm


def test_a_network_with_a_reference_batch_starts_from_data():
    z = keras.Input((4,))
    made = layers.Dense(2)(tfgan_improved.layers.VirtualBatchNorm(reference=3)(layers.Dense(5)(z)))
    x = keras.Input((2,))
    d = keras.Model(x, {"logits": layers.Dense(1)(x), "features": x})
    gan = GAN(two_players(carry_reference(keras.Model(z, made)), d), "normal:4")
    gan.compile(d_optimizer="sgd", g_optimizer="sgd")
    assert gan.starts_from_data
    gan.fit(np.random.default_rng(0).normal(size=(8, 2)).astype("float32"), batch_size=4, verbose=0)
    assert int(gan.updates) == 2 and np.isfinite(gan.networks["g"].reference[0]).all()


@pytest.fixture(scope="module")
def report():
    here = pathlib.Path(__file__).parent
    environment = {**os.environ, "PYTHONPATH": str(pathlib.Path(tfgan_improved.__path__[0]).parent),
                   "CUDA_VISIBLE_DEVICES": "-1"}
    done = subprocess.run([sys.executable, here / "started_on_two_replicas.py"], env=environment, text=True,
                          capture_output=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_two_replicas_start_as_one(report):
    assert report["moved"] > 1e-2 and report["start"] == 0.0 and report["copies"] == 0.0


def test_an_average_keeps_the_moments_that_replicas_have_apart(report):
    assert report["moments"]["apart"] > 0.01 and report["moments"]["gap"] < 1e-6


def test_two_replicas_draw_other_noise_and_the_same_again(report):
    for layer in ("noise", "dropout"):
        first, second = report[layer]
        assert first["again"] == second["again"] == 0.0 and first["other step"] > 0.1 and first["other replica"] > 0.1


def test_two_replicas_take_the_steps_of_one_with_root_adam(report):
    assert report["way"] > 1e-2 and report["steps"] < 2e-5
