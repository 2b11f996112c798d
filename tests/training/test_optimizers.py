"""The fused Adam against Keras's own."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.training.optimizers import FusedAdam

SHAPES = ((3, 4), (5,), (2, 2, 1, 3))
SETTINGS = {
    "plain": {}, "ours": {"beta_1": 0.5, "epsilon": 1e-8}, "no memory": {"beta_1": 0.0, "beta_2": 0.9},
    "clipped": {"clipnorm": 0.1}, "decayed": {"weight_decay": 0.1}, "amsgrad": {"amsgrad": True},
    "scheduled": {"learning_rate": keras.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)},
}


def variables():
    random = np.random.default_rng(0)
    return [keras.Variable(random.normal(size=shape).astype("float32")) for shape in SHAPES]


def gradients(step):
    random = np.random.default_rng(step + 1)
    return [tf.constant(random.normal(size=shape).astype("float32")) for shape in SHAPES]


def train(optimizer, weights, first=0, last=6):
    for step in range(first, last):
        optimizer.apply(gradients(step), weights)
    return [np.asarray(weight) for weight in weights]


@pytest.mark.parametrize("name", list(SETTINGS))
def test_it_is_adam(name):
    settings = {"learning_rate": 0.1, **SETTINGS[name]}
    fused, plain = FusedAdam(**settings), keras.optimizers.Adam(**settings)
    start = [np.asarray(weight) for weight in variables()]
    for before, mine, theirs in zip(start, train(fused, variables()), train(plain, variables())):
        assert np.abs(mine - before).max() > 1e-2
        np.testing.assert_allclose(mine - before, theirs - before, rtol=1e-4, atol=1e-6)
    for mine, theirs in zip(fused.variables, plain.variables, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-6)  # the kernel rounds 1 - beta_2 to float32


def test_it_follows_the_papers_formula():
    weight, m, v = variables()[1], 0.0, 0.0
    optimizer, want = FusedAdam(0.1, 0.5, 0.9, epsilon=1e-3), np.asarray(weight).astype("float64")
    for t in range(1, 5):
        slope = np.asarray(gradients(t)[1])
        optimizer.apply([tf.constant(slope)], [weight])
        m, v = 0.5 * m + 0.5 * slope, 0.9 * v + 0.1 * slope**2
        want -= 0.1 * np.sqrt(1 - 0.9**t) / (1 - 0.5**t) * m / (np.sqrt(v) + 1e-3)
    np.testing.assert_allclose(weight, want, rtol=1e-5)


@pytest.mark.parametrize("jit", [False, True])
def test_a_traced_step_is_the_eager_one(jit):
    weights, optimizer = variables(), FusedAdam(0.1)
    optimizer.build(weights)
    step = tf.function(lambda slopes: optimizer.apply(slopes, weights), jit_compile=jit)
    for number in range(6):
        step(gradients(number))
    for got, want in zip(weights, train(FusedAdam(0.1), variables())):
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)


def test_sparse_gradients_fall_back():
    results = []
    for kind in (FusedAdam, keras.optimizers.Adam):
        weight = variables()[0]
        optimizer = kind(0.1)
        for _ in range(3):
            optimizer.apply([tf.IndexedSlices(tf.ones((2, 4)), tf.constant([0, 2]), tf.constant([3, 4]))], [weight])
        results.append(np.asarray(weight))
    np.testing.assert_allclose(*results, rtol=1e-5)


def test_a_restored_optimizer_goes_on_bit_for_bit(tmp_path):
    whole = train(FusedAdam(0.1), variables())
    optimizer, weights = FusedAdam(0.1), variables()
    middle = train(optimizer, weights, 0, 3)
    path = tf.train.Checkpoint(optimizer=optimizer).write(str(tmp_path / "adam"))
    other, weights = FusedAdam(0.1), variables()
    other.build(weights)
    tf.train.Checkpoint(optimizer=other).read(path).assert_existing_objects_matched()
    for weight, value in zip(weights, middle):
        weight.assign(value)
    assert int(other.iterations) == 3
    for got, want in zip(train(other, weights, 3, 6), whole):
        np.testing.assert_array_equal(got, want)


def test_it_is_the_same_from_its_config():
    optimizer = keras.optimizers.deserialize(keras.optimizers.serialize(FusedAdam(0.3, 0.5, epsilon=1e-8, name="d")))
    assert isinstance(optimizer, FusedAdam)
    assert optimizer.get_config() == FusedAdam(0.3, 0.5, epsilon=1e-8, name="d").get_config()
