"""What is looked at while a run trains, against the same written out in NumPy."""

import types

import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.losses import LOSSES
from tfgan_improved.terms.adversarial import DiscriminatorLoss, GeneratorLoss
from tfgan_improved.training.probe import Probe
from tfgan_improved.training.vitals import Vitals

RNG = np.random.default_rng(0)


def plain(examples):
    """(median distance from the nearest other, root mean square distance from the mean)."""
    rows = np.reshape(examples, (len(examples), -1)).astype(float)
    nearest = [min(np.linalg.norm(a - b) for j, b in enumerate(rows) if j != i) for i, a in enumerate(rows)]
    return np.median(nearest), np.sqrt(np.mean(np.square(rows - rows.mean(axis=0)).sum(axis=1)))


def test_the_numbers_of_a_look():
    real, made = RNG.integers(0, 256, (30, 3, 3, 1), dtype=np.uint8), RNG.integers(0, 50, (30, 3, 3, 1), dtype=np.uint8)
    logits = RNG.normal(1.0, 1.0, 40), RNG.normal(0.0, 1.0, 30)
    weight = types.SimpleNamespace(value=tf.constant([3.0, 4.0]))
    probe = types.SimpleNamespace(logits=lambda batches: logits, real=lambda count: real[:count],
                                  samples=lambda count: made[:count], terms={"d": (), "g": ()},
                                  networks={"d": types.SimpleNamespace(trainable_variables=[weight])})
    look = Vitals(probe, {"d": types.SimpleNamespace(learning_rate=0.1)})
    first = look(10, {"d/loss": 0.5, "g/loss": float("nan")})
    pairs = [a > b for a in logits[0] for b in logits[1]]
    assert first["apart"] == pytest.approx(np.mean(pairs)) and first["step"] == 10
    assert first["real_low"] == pytest.approx(np.quantile(logits[0], 0.05)) and first["g/loss"] is None
    assert first["fake_high"] == pytest.approx(np.quantile(logits[1], 0.95))
    np.testing.assert_allclose([first["nearest"], first["width"]], np.divide(plain(made), plain(real)))
    assert first["d_size"] == pytest.approx(np.sqrt(12.5)) and "d_moved" not in first
    weight.value = tf.constant([3.0, 6.0])
    assert look(15, {})["d_moved"] == pytest.approx(np.sqrt(2.0) / 0.1 / 5)


@pytest.mark.parametrize("loss, least", [("non_saturating:label_smoothing=0.1", {"d_least": pytest.approx(0.6501659)}),
                                         ("hinge", {"d_least": 0.0}), ("wasserstein", {})])
def test_a_look_knows_the_least_that_ds_loss_comes_near_to(loss, least):
    rows = RNG.normal(size=(20, 2)).astype(np.float32)
    terms = {"d": [DiscriminatorLoss(LOSSES.make(loss), weight=2.0)], "g": [GeneratorLoss(LOSSES.make(loss))]}
    probe = types.SimpleNamespace(logits=lambda batches: (rows[:, 0], rows[:, 1]), real=lambda count: rows,
                                  samples=lambda count: rows, networks={}, terms=terms)
    look = Vitals(probe, {})(1, {})
    assert {name: value for name, value in look.items() if name.endswith("_least")} == least


def test_looking_changes_nothing_and_takes_points_too(tiny, weights):
    gan = tiny()
    before = weights(gan)
    vitals = Vitals(Probe(gan, RNG.normal(size=(20, 2)).astype(np.float32), np.zeros(20, np.int32), 8), gan.optimizers)
    first, second = vitals(1, {}), vitals(2, {})
    assert second["g_moved"] == second["d_moved"] == 0.0 and first["width"] == second["width"] > 0
    np.testing.assert_array_equal(weights(gan), before)
