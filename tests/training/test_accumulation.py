"""A batch that passes in parts, and averages that begin later."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.config import ConfigError, RunConfig
from tfgan_improved.training import DEALS
from tfgan_improved.training.average import average_of, update_average

CASES = {"plain": {}, "apart": {"step": {"deal": DEALS.make("apart")}}, "turns": {"players": {"d_steps": 2}},
         "classes": {"classes": 3}, "joint": {"step": {"joint": ("real", "fake")}}}


def data(batch, case, rows=16):
    images = batch((2,), rows)
    return (images, tf.constant(np.arange(rows) % 3, tf.int32)) if "classes" in case else (images,)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_parts_give_the_update_of_the_whole_batch(tiny, batch, weights, case):
    found = []
    for count in (1, 4):
        gan = tiny(**{**case, "step": {"accumulate": count, "ema": 0.9, **case.get("step", {})}})
        start = weights(gan)
        step = tf.function(gan.train_step)
        logs = [step(data(batch, case)) for _ in range(3)]
        found.append((weights(gan), np.concatenate([w.ravel() for w in gan.averages["g"].get_weights()]),
                      np.array([list(log.values()) for log in logs])))
    for whole, parts in zip(*found):
        np.testing.assert_allclose(parts, whole, rtol=1e-4, atol=1e-6)
    assert np.abs(found[0][0] - start).max() > 1e-2


def test_labeled_rows_pass_in_parts_too(tiny, batch):
    gan = tiny()
    few = (batch((2,), 8, seed=1), tf.range(8))
    (_, (view,)), _ = gan.deal(gan, (batch((2,), 8), tf.range(8), *few))
    parts = view.cut(2)
    for index, part in enumerate(parts):
        rows = slice(4 * index, 4 * index + 4)
        for got, want in ((part.real, view.real), (part.z, view.z), (part.labels, view.labels),
                          (part.images("labeled"), few[0]), (part.labels_of("labeled"), few[1])):
            np.testing.assert_array_equal(got, want[rows])
    assert (parts[0].seed.numpy() != parts[1].seed.numpy()).any() and view.cut(1) == [view]
    with pytest.raises(ValueError, match="8 rows of a turn cannot be accumulated over 3 equal parts; give a batch of"):
        view.cut(3)


def test_batch_statistics_are_those_of_a_part(tiny, batch, weights):
    whole, parts = (tiny(norm="batch", step={"accumulate": count}) for count in (1, 2))
    for gan in (whole, parts):
        gan.train_step(batch((2,), 16))
    assert np.abs(weights(whole) - weights(parts)).max() > 1e-4


class Counted(keras.layers.Layer):
    """Notes how many rows pass."""

    seen = []

    def call(self, x):
        self.seen.append(x.shape[0])
        return x


def test_what_a_part_needs_is_computed_anew_for_each_player(tiny, batch):
    gan = tiny(step={"accumulate": 2})
    inner = gan.networks["g"]
    z = keras.Input((4,))
    gan.networks["g"] = keras.Model(z, inner(Counted()(z)))
    Counted.seen.clear()
    gan.train_step(batch((2,), 8))
    assert Counted.seen == [4, 4, 4, 4]  # nothing of D's turn is kept for G's


@pytest.mark.parametrize("settings, told", [
    ({"batch_size": 10, "accumulate": 4}, "--batch_size=10 cannot be accumulated in --accumulate=4 equal passes"),
    ({"batch_size": 12, "accumulate": 4, "strategy": "mirrored", "num_logical_devices": 2}, "--accumulate=4 equal"),
    ({"accumulate": 0}, "--accumulate=0 is out of range; it must be at least 1"),
    ({"ema_start": 5}, "--ema_start=5 has no average to start; give --ema")])
def test_recipes_that_cannot_be(settings, told):
    with pytest.raises(ConfigError, match=told):
        RunConfig(**settings)


def test_an_average_is_a_copy_until_it_starts(tiny, batch):
    x = keras.Input((3,))
    original, random = keras.Model(x, keras.layers.Dense(2)(x)), np.random.default_rng(0)
    copy, want = average_of(original), None
    for t in range(8):
        original.set_weights([random.normal(size=w.shape) for w in original.get_weights()])
        new = np.concatenate([w.ravel() for w in original.get_weights()])
        want = new if t < 3 else 0.9 * want + 0.1 * new
        update_average(copy, original, 0.9, t, start=3)
        np.testing.assert_allclose(np.concatenate([w.ravel() for w in copy.get_weights()]), want, rtol=1e-5)
    gan = tiny(step={"ema": 0.9, "ema_start": 2})
    for step in range(3):
        gan.train_step(batch((2,), seed=step))
        apart = max(np.abs(a - b).max() for a, b in zip(
            gan.averages["g"].get_weights(), gan.networks["g"].get_weights()))
        assert (apart < 1e-7) == (step < 2)
