"""The training step against a loop written by hand, and what it promises about turns, seeds and names."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.layers import BatchNorm
from tfgan_improved.ops import noise
from tfgan_improved.terms import R1, FeatureMatching
from tfgan_improved.training.gan import GAN
from tfgan_improved.training.player import two_players

CONV = {"family": "dcgan:width=4", "shape": (8, 8, 1), "norm": "batch"}
RATE, STEPS = 0.05, 3


def cross_entropy(logits, target):
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(tf.fill(tf.shape(logits), target), logits))


def by_hand(generator, discriminator, batches, smoothing=0.0, gamma=0.0, d_steps=1):
    """The non-saturating game, D's moves and then G's on D's last generated images, updated by plain SGD."""
    for step, batch in enumerate(batches):
        for part, real in enumerate(tf.split(batch, d_steps)):
            z = tf.random.stateless_normal((len(real), 4), noise.fold(noise.root(0), step, part, 0), alg="philox")
            with tf.GradientTape(persistent=True) as tape:
                fake = generator(z, training=True)
                loss = cross_entropy(discriminator(real, training=True)["logits"], 1 - smoothing)
                loss += cross_entropy(discriminator(tf.stop_gradient(fake), training=True)["logits"], 0.0)
                if gamma:
                    with tf.GradientTape() as inner:
                        inner.watch(real)
                        total = tf.reduce_sum(discriminator(real, training=True)["logits"])
                    loss += gamma / 2 * tf.reduce_mean(tf.reduce_sum(inner.gradient(total, real) ** 2, axis=[1, 2, 3]))
                descend(discriminator, tape, loss)
                if part == d_steps - 1:
                    descend(generator, tape, cross_entropy(discriminator(fake, training=True)["logits"], 1.0))


def descend(network, tape, loss):
    variables = [weight.value for weight in network.trainable_variables]
    with tape.stop_recording():
        for variable, slope in zip(variables, tape.gradient(loss, variables, unconnected_gradients="zero")):
            variable.assign_sub(RATE * slope)


@pytest.mark.parametrize("players, settings", [
    ({}, {}),
    ({"loss": "non_saturating"}, {}),
    ({"d_steps": 2}, {"d_steps": 2}),
    ({"d_terms": [R1(2.0)]}, {"gamma": 2.0}),
    ({"smoothing": 0.1}, {"smoothing": 0.1}),
    ({"smoothing": 0.2, "d_terms": [R1(1.0)], "d_steps": 2}, {"smoothing": 0.2, "gamma": 1.0, "d_steps": 2}),
], ids=["plain", "by name", "two D steps", "R1", "smoothing", "all"])
def test_the_step_is_the_loop_written_by_hand(tiny, batch, weights, players, settings):
    from tfgan_improved.losses import NonSaturating

    players = dict(players)
    smoothing = players.pop("smoothing", 0.0)
    players.setdefault("loss", NonSaturating(smoothing))
    ours, theirs = (tiny(**CONV, rate=RATE, players=players) for _ in range(2))
    start = weights(ours)
    batches = [batch((8, 8, 1), seed=seed) for seed in range(STEPS)]
    for data in batches:
        ours.train_step(data)
    by_hand(theirs.networks["g"], theirs.networks["d"], batches, **settings)
    assert np.abs(weights(ours) - start).max() > 1e-2
    np.testing.assert_allclose(weights(ours), weights(theirs), rtol=1e-4, atol=2e-6)  # with batch norm's statistics


def test_traced_steps_are_the_eager_ones(tiny, batch, weights):
    eager, traced = (tiny(**CONV) for _ in range(2))
    step = tf.function(traced.train_step)
    for seed in range(3):
        data = batch((8, 8, 1), seed=seed)
        want, got = eager.train_step(data), step(data)
        np.testing.assert_allclose([got[name] for name in want], list(want.values()), rtol=1e-4)
    np.testing.assert_allclose(weights(eager), weights(traced), rtol=1e-4, atol=1e-5)


class Spy(keras.layers.Layer):
    """Notes what it is called with."""

    def __init__(self, note):
        super().__init__()
        self.note = note

    def call(self, x):
        if tf.executing_eagerly():
            self.note(np.asarray(x))
        return x


def spied(order="dg", joint=(), **settings):
    """A GAN on points whose networks note their calls: "real", if all points are (1, 1), or "fake"."""
    keras.utils.set_random_seed(0)
    calls = {"d": [], "g": []}
    z, x = keras.Input((4,)), keras.Input((2,))
    features = keras.layers.Dense(3)(Spy(lambda x: calls["d"].append("real" if np.all(x == 1.0) else "fake"))(x))
    networks = (keras.Model(z, keras.layers.Dense(2)(Spy(calls["g"].append)(z))),
                keras.Model(x, {"logits": keras.layers.Dense(1)(features), "features": features}))
    players = two_players(*networks, **settings)
    gan = GAN({name: players[name] for name in order}, "normal:4", joint=joint)
    gan.compile(d_optimizer=keras.optimizers.SGD(0.1), g_optimizer=keras.optimizers.SGD(0.1))
    return gan, calls


@pytest.mark.parametrize("settings, d_calls, g_calls", [
    ({}, ["real", "fake", "fake"], 1),  # G's turn: D on the same generated images, and on no real ones
    ({"d_steps": 2}, ["real", "fake", "real", "fake", "fake"], 2),
    ({"d_terms": [R1()]}, ["real", "fake", "real", "fake"], 1),
    ({"g_terms": [FeatureMatching()]}, ["real", "fake", "fake", "real"], 1),  # a term of G's reads them
    ({"order": "gd"}, ["fake", "real", "fake"], 2),  # G has moved: D needs new images
], ids=["plain", "two D steps", "R1", "feature matching", "G first"])
def test_networks_run_as_often_as_needed_and_no_more(settings, d_calls, g_calls):
    gan, calls = spied(**settings)
    for _ in range(2):
        gan.train_step(tf.ones((4, 2)))
    assert calls["d"] == d_calls * 2 and len(calls["g"]) == g_calls * 2


def test_batch_norm_of_d_averages_over_the_passes_of_both_turns(tiny, batch):
    seen, base = [], tiny()
    x = keras.Input((2,))
    norm = BatchNorm(momentum=0.9)
    features = norm(Spy(seen.append)(keras.layers.Dense(3)(x)))
    d = keras.Model(x, {"logits": keras.layers.Dense(1)(features), "features": features})
    gan = GAN(two_players(base.networks["g"], d), "normal:4")
    gan.compile(d_optimizer=keras.optimizers.SGD(0.1), g_optimizer=keras.optimizers.SGD(0.1))
    gan.train_step(batch((2,)))
    want = np.zeros(3)
    for value in seen:
        want = 0.9 * want + 0.1 * value.mean(axis=0)
    assert len(seen) == 3  # real, generated; generated
    np.testing.assert_allclose(norm.moving_mean, want, rtol=1e-4, atol=1e-6)


def test_seeds_decide_everything(tiny, batch, weights):
    results = {}
    for name, seed in (("first", 3), ("again", 3), ("other", 4)):
        gan = tiny(seed=seed)  # the initial weights are the same
        for step in range(2):
            gan.train_step(batch((2,), seed=step))
        results[name] = weights(gan)
    np.testing.assert_array_equal(results["first"], results["again"])
    assert np.abs(results["first"] - results["other"]).max() > 1e-4


def test_z_is_new_for_each_step_and_each_turn(tiny, batch):
    gan, seen = tiny(players={"d_steps": 2}), []
    for _ in range(2):
        seen += [gan.view((batch((2,)),), index).z.numpy() for index in range(2)]
        gan.updates.assign_add(1)
    assert len({z.tobytes() for z in seen}) == 4


def test_two_terms_of_one_name_are_both_logged(tiny, batch):
    gan = tiny(players={"d_terms": [R1(1.0), R1(10.0)]})
    assert gan.log_names == ["d/loss", "d/r1_1", "d/r1_2", "g/loss"]
    logs = gan.train_step(batch((2,)))
    assert list(logs) == gan.log_names
    np.testing.assert_allclose(float(logs["d/r1_2"]), 10 * float(logs["d/r1_1"]), rtol=1e-5)


def test_regularizers_of_a_network_join_its_player(batch):
    def gan(beta):
        keras.utils.set_random_seed(0)
        x, z = keras.Input((2,)), keras.Input((4,))
        last = keras.layers.Dense(1, kernel_regularizer=keras.regularizers.L2(beta))
        model = GAN(two_players(keras.Model(z, keras.layers.Dense(2)(z)),
                                keras.Model(x, {"logits": last(x), "features": x})), "normal:4")
        model.compile(d_optimizer=keras.optimizers.SGD(1.0), g_optimizer=keras.optimizers.SGD(1.0))
        start = last.kernel.numpy()
        model.train_step(batch((2,)))
        return start, last.kernel.numpy()

    (start, plain), (_, pulled) = gan(0.0), gan(0.1)
    np.testing.assert_allclose(pulled, plain - 0.2 * start, rtol=1e-4, atol=1e-6)


def test_a_joint_pass_gives_the_same_weights_without_batch_norm(tiny, batch, weights):
    apart, together = tiny(), tiny(step={"joint": ("real", "fake")})
    for seed in range(3):
        apart.train_step(batch((2,), seed=seed))
        together.train_step(batch((2,), seed=seed))
    np.testing.assert_allclose(weights(apart), weights(together), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("step", [{"accumulate": 0}, {"accumulate": 1.5}, {"ema": 1.5}, {"ema": {"d": -0.1}},
                                  {"ema_start": -5}, {"ema": float("nan")}, {"ema_start": 1.5},
                                  {"accumulate": True}])
def test_impossible_settings_are_told(tiny, step):
    with pytest.raises(ValueError, match="decays of averages from 0 to below 1 and whole numbers, ema_start and seed "
                                         "of at least 0 and accumulate of at least 1; received ema="):
        tiny(step=step)


@pytest.mark.parametrize("step, told", [
    ({"joint": ("reel",)}, r"joint of a GAN must be a tuple of real, fake, labeled, .*; received \('reel',\)"),
    ({"joint": "real"}, "received 'real'"), ({"joint": {"d": ("fak",)}}, "received {'d'"),
    ({"deal": "shared"}, r"deal of a GAN must be a function \(gan, data\) -> turns, .*; received 'shared'")])
def test_settings_of_another_kind_are_told(tiny, step, told):
    with pytest.raises(ValueError, match=told):
        tiny(step=step)


def test_a_latent_that_does_not_fit_is_told(tiny):
    players = tiny().players
    with pytest.raises(ValueError, match="player 'g' takes z of 4 numbers; received a latent of 5; give"):
        GAN(players, "normal:5")
    with pytest.raises(ValueError, match="latent of a GAN must be a distribution or its spec, .*; received 5"):
        GAN(players, 5)
    for seed in (1.5, "a", -1):
        with pytest.raises(ValueError, match=f"seed={seed!r}, accumulate=1"):
            GAN(players, "normal:4", seed=seed)


@pytest.mark.parametrize("labels", [[-1] * 8, [3] * 8])
def test_labels_out_of_range_are_told(tiny, batch, labels):
    gan, told = tiny(classes=3), f"(?s)labels must be from 0 to 2; received.*{labels[0]}"
    with pytest.raises(tf.errors.InvalidArgumentError, match=told):
        gan.train_step((batch((2,)), tf.constant(labels)))
