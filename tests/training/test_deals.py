"""Which rows each turn of each player gets."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.layers import BatchNorm
from tfgan_improved.networks import NETWORKS, VERDICTS
from tfgan_improved.terms import Classification, FeatureMatching
from tfgan_improved.training.deals import Apart, Shared
from tfgan_improved.training.gan import GAN
from tfgan_improved.training.player import two_players

ROWS = 12


def rows(count=ROWS, first=0):
    """Examples (count, 2) that say which row they are, and labels that do too."""
    return tf.stack([tf.range(first, first + count, dtype=tf.float32)] * 2, axis=1), tf.range(first, first + count)


def dealt(tiny, deal, d_steps, g_steps, data=None):
    gan = tiny(players={"d_steps": d_steps, "g_steps": g_steps}, step={"deal": deal})
    return gan, deal(gan, data or rows())


def numbers(view):
    return view.real[:, 0].numpy().astype(int).tolist()


# (D's turns, G's turns, in how many parts the rows are cut, the parts of D's turns and of G's)
CASES = [(Shared(), 1, 1, 1, [0], [0]), (Shared(), 3, 1, 3, [0, 1, 2], [2]), (Shared(), 1, 3, 3, [2], [0, 1, 2]),
         (Shared(), 3, 2, 3, [0, 1, 2], [1, 2]), (Apart(), 1, 1, 2, [0], [1]), (Apart(), 2, 1, 3, [0, 1], [2]),
         (Apart(), 1, 3, 4, [0], [1, 2, 3])]


@pytest.mark.parametrize("deal, d_steps, g_steps, parts, of_d, of_g", CASES,
                         ids=lambda part: getattr(type(part), "__name__", None) if not isinstance(part, int) else None)
def test_every_turn_has_its_part(tiny, deal, d_steps, g_steps, parts, of_d, of_g):
    assert deal.parts({"d": d_steps, "g": g_steps}) == parts
    _, turns = dealt(tiny, deal, d_steps, g_steps)
    assert [name for name, _ in turns] == ["d"] * d_steps + ["g"] * g_steps
    each = ROWS // parts
    for (_, (view,)), part in zip(turns, of_d + of_g, strict=True):
        assert numbers(view) == list(range(part * each, (part + 1) * each))
        np.testing.assert_array_equal(view.labels, numbers(view))
    views = {part: view for (_, (view,)), part in zip(turns, of_d + of_g)}
    assert all(views[part] is view for (_, (view,)), part in zip(turns, of_d + of_g))  # one view a part, shared
    drawn = [view.z.numpy().tobytes() for view in views.values()]
    assert len(set(drawn)) == len(views) and all(len(view.z) == each for view in views.values())


def test_images_alone_are_dealt_too(tiny):
    _, turns = dealt(tiny, Apart(), 1, 1, (rows()[0],))
    assert [numbers(view) for _, (view,) in turns] == [list(range(6)), list(range(6, 12))]
    assert all(view.labels is None and view.labeled is None for _, (view,) in turns)


@pytest.mark.parametrize("deal, d_steps, g_steps", [
    (Shared(), 1, 1), (Apart(), 1, 1), (Apart(), 2, 1), (Shared(), 2, 3)])
def test_labeled_rows_are_dealt_to_ds_turns(tiny, deal, d_steps, g_steps):
    few, names = rows(8, first=100)
    images = tf.cast(few, tf.uint8)
    _, turns = dealt(tiny, deal, d_steps, g_steps, (*rows(), images, names))
    judges = [view for name, (view,) in turns if name == "d"]
    each = 8 // d_steps
    for turn, view in enumerate(judges):
        got, labels = view.labeled
        np.testing.assert_array_equal(labels, np.arange(100 + turn * each, 100 + (turn + 1) * each))
        np.testing.assert_allclose(got, few[turn * each:(turn + 1) * each] * (2 / 255) - 1.0, rtol=1e-5)
        np.testing.assert_array_equal(view.images("labeled"), got)
        np.testing.assert_array_equal(view.labels_of("labeled"), labels)
    others = [view for name, (view,) in turns if name == "g" and not any(view is judge for judge in judges)]
    assert all(view.labeled is None for view in others)


@pytest.mark.parametrize("deal, d_steps, g_steps, count, parts", [
    (Shared(), 3, 1, 10, 3), (Apart(), 1, 1, 7, 2), (Apart(), 2, 3, 12, 5)])
def test_rows_that_cannot_be_cut_are_told(tiny, deal, d_steps, g_steps, count, parts):
    with pytest.raises(ValueError, match=f"a batch of {count} cannot be dealt into {parts} equal parts, .* give a"):
        dealt(tiny, deal, d_steps, g_steps, rows(count))
    with pytest.raises(ValueError, match="a batch of 5 cannot be dealt into 2 equal parts"):
        dealt(tiny, Shared(), 2, 1, (*rows(), *rows(5)))


class Spy(keras.layers.Layer):
    """Notes the rows that it sees."""

    def __init__(self, note):
        super().__init__()
        self.note = note

    def call(self, x):
        if tf.executing_eagerly():
            self.note(np.asarray(x)[:, 0].tolist())
        return x


def test_apart_features_are_matched_on_images_that_d_has_not_just_learned_from():
    seen, x, z = [], keras.Input((2,)), keras.Input((4,))
    features = Spy(seen.append)(x)
    players = two_players(keras.Model(z, keras.layers.Dense(2)(z)),
                          keras.Model(x, {"logits": keras.layers.Dense(1)(features), "features": features}),
                          g_terms=[FeatureMatching()], g_loss_weight=0.0)
    gan = GAN(players, "normal:4", deal=Apart())
    gan.compile(d_optimizer=keras.optimizers.SGD(0.1), g_optimizer=keras.optimizers.SGD(0.1))
    logs = gan.train_step(rows(6))
    assert list(logs) == ["d/loss", "g/feature_matching"]  # G minimizes nothing else
    assert seen[0] == [0, 1, 2] and seen[2] == [3, 4, 5] and len(seen) == 4  # and generated ones behind both
    assert seen[1] != seen[3]


def semi_supervised(**step):
    keras.utils.set_random_seed(0)
    family, verdict = NETWORKS.make("mlp:width=8,depth=2"), VERDICTS.find("class_logits")
    networks = (family.generator((2,), 4, norm=BatchNorm), family.discriminator(
        (2,), verdict=lambda features, dense: verdict(features, dense, 3)))
    gan = GAN(two_players(*networks, d_terms=[Classification()], d_loss_weight=0.5, g_terms=[FeatureMatching()],
                          g_loss_weight=0.0), "normal:4", **step)
    gan.compile(d_optimizer=keras.optimizers.SGD(0.1), g_optimizer=keras.optimizers.SGD(0.1))
    return gan


def test_a_semi_supervised_step_is_the_loop_written_by_hand(batch, weights):
    data = (batch((2,), 8), tf.zeros(8, tf.int32), batch((2,), 4, seed=1), tf.constant([0, 2, 1, 1]))
    ours, joint, theirs = semi_supervised(deal=Apart()), semi_supervised(
        deal=Apart(), joint={"d": ("labeled", "real", "fake"), "g": ("real", "fake")}), semi_supervised()
    g, d, start = *(theirs.networks[name] for name in "gd"), weights(theirs)
    z = [theirs.view((data[0][:4],), index).z for index in range(2)]
    with tf.GradientTape() as tape:
        real, fake, few = (d(x)["classes"] for x in (data[0][:4], g(z[0], training=True), data[2]))
        unsupervised = 0.5 * tf.reduce_mean(tf.nn.softplus(-tf.reduce_logsumexp(real, 1)))
        unsupervised += 0.5 * tf.reduce_mean(tf.nn.softplus(tf.reduce_logsumexp(fake, 1)))
        chosen = tf.gather(few, data[3], batch_dims=1)
        d_loss = unsupervised + tf.reduce_mean(-chosen + tf.reduce_logsumexp(few, 1))
    for variable, slope in zip(d.trainable_variables, tape.gradient(d_loss, d.trainable_variables)):
        variable.assign_sub(0.1 * slope)
    with tf.GradientTape() as tape:
        means = [tf.reduce_mean(d(x)["features"], 0) for x in (data[0][4:], g(z[1], training=True))]
        g_loss = tf.reduce_mean(tf.square(means[0] - means[1]))
    for variable, slope in zip(g.trainable_variables, tape.gradient(g_loss, g.trainable_variables)):
        variable.assign_sub(0.1 * slope)
    for gan in (ours, joint):
        logs = gan.train_step(data)
        np.testing.assert_allclose(logs["d/loss"] + logs["d/classification"], d_loss, rtol=1e-5)
        np.testing.assert_allclose(logs["g/feature_matching"], g_loss, rtol=1e-4)
        np.testing.assert_allclose(weights(gan), weights(theirs), rtol=1e-4, atol=1e-6)
    assert np.abs(weights(theirs) - start).max() > 1e-3
