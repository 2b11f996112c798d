"""The loop: several steps a call, callbacks in time, failures named, and the step compiled by XLA."""

import dataclasses
import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved import assemble
from tfgan_improved.config import RunConfig
from tfgan_improved.data.source import steady
from tfgan_improved.errors import RunError
from tfgan_improved.ops import noise
from tfgan_improved.training.checkpoints import Checkpoints
from tfgan_improved.training.loop import Loop

DENSE, CONV = "mlp:width=8,depth=2", "dcgan:width=4"
RECIPES = {
    "spectral hinge": {"network": CONV, "g_wrap": "weight", "d_wrap": "spectral", "d_norm": "none", "loss": "hinge"},
    "r1": {"network": CONV, "d_terms": "r1:gamma=1.0", "label_smoothing": 0.1},
    "gradient penalty": {"network": DENSE, "loss": "wasserstein", "d_terms": "gradient_penalty", "d_norm": "layer"},
    "lecam, two D steps, averaged": {"network": DENSE, "d_terms": "lecam", "d_steps": 2, "ema": 0.9,
                                     "loss": "least_squares"},
    "all": {"network": DENSE, "conditional": True, "ema": 0.9, "d_steps": 2, "d_head": "minibatch_discrimination",
            "d_terms": "r1:gamma=1e-3 lecam", "g_terms": "feature_matching", "loss": "saturating", "d_wrap": "weight"},
}
FAST = ("spectral hinge", "all")  # convolutions, and every term at once: the others take as long to compile
OTHERS = [name for name in RECIPES if name not in FAST]
SHAPE, ROWS = (16, 16, 1), 8  # the smallest with a batch norm in DCGAN's D
DATA = {"name": "squares", "shape": list(SHAPE), "classes": 3}


@dataclasses.dataclass(frozen=True)
class Bits:
    """A latent of the bits that a seed gives: they, unlike TensorFlow's floats, are the same under XLA."""

    size: int = 4

    def draw(self, seed, count):
        bits = tf.random.stateless_uniform((count, self.size), seed, None, None, tf.int32, alg=noise.ALGORITHM)
        return tf.cast(bits // 2**8, tf.float32) / 2.0**23


def elements(seed=0, count=None):
    """Batches of (uint8 images, labels), always the same."""
    random = np.random.default_rng(seed)
    images = random.integers(0, 256, (5, ROWS, *SHAPE), dtype=np.uint8)
    labels = random.integers(0, 3, (5, ROWS), dtype=np.int32)
    return steady(tf.data.Dataset.from_tensor_slices((images, labels)).repeat(count))


def built(settings, exact=True):
    """The GAN of a recipe, with SGD and, for `exact`, z and other draws that are the same under XLA."""
    gan = assemble.gan(RunConfig(**{"latent": "normal:4", **settings}), DATA)
    gan.latent = Bits() if exact else gan.latent
    gan.compile(d_optimizer=keras.optimizers.SGD(0.01), g_optimizer=keras.optimizers.SGD(0.01))
    return gan


@pytest.mark.parametrize("name", [*FAST, *(pytest.param(name, marks=pytest.mark.slow) for name in OTHERS)])
def test_every_recipes_step_compiles_with_xla_and_does_the_same(name, weights, monkeypatch):
    monkeypatch.setattr(noise, "uniform", lambda shape: Bits(math.prod(shape[1:])).draw(
        noise.next_seed(), shape[0])[..., None, None])
    plain, compiled = (built(RECIPES[name]) for _ in range(2))
    step = tf.function(compiled.train_step, jit_compile=True)
    start = weights(plain)
    for data in elements().take(2):
        want, got = plain.train_step(data), step(data)
        assert list(got) == plain.log_names
        np.testing.assert_allclose([got[key] for key in want], list(want.values()), rtol=1e-3, atol=1e-5)
    assert np.abs(weights(plain) - start).max() > 1e-3
    np.testing.assert_allclose(weights(compiled), weights(plain), rtol=1e-3, atol=2e-5)
    if plain.averages:
        for mine, theirs in zip(compiled.averages["g"].get_weights(), plain.averages["g"].get_weights()):
            np.testing.assert_allclose(mine, theirs, rtol=1e-3, atol=2e-5)


class Recorder:
    def __init__(self, every):
        self.every, self.calls = every, []

    def __call__(self, step, means):
        self.calls.append((step, means))


@pytest.fixture(scope="module")
def run():
    """A function that trains a small recipe for 7 steps, and returns (gan, values of each step, callbacks)."""
    def run(steps_per_call, callbacks=(), jit=False, first=0, gan=None):
        gan = gan or built({"network": DENSE, "d_terms": "lecam"})
        each = Recorder(1)
        loop = Loop(gan, tf.distribute.get_strategy(), steps_per_call=steps_per_call, jit=jit)
        loop.run(elements().skip(first), first, 7, [each, *callbacks])
        return gan, each.calls

    return run


@pytest.fixture(scope="module")
def one_by_one(run):
    return run(1)


def test_steps_per_call_do_not_change_the_weights(run, one_by_one, weights):
    gan = built({"network": DENSE, "d_terms": "lecam"})
    calls = []
    loop = Loop(gan, tf.distribute.get_strategy(), steps_per_call=5)
    loop.run(elements(), 0, 7, watch=calls.append)
    assert calls == [5, 7]
    np.testing.assert_array_equal(weights(gan), weights(one_by_one[0]))
    assert int(gan.updates) == 7


def test_the_loop_is_the_step(one_by_one, weights):
    gan = built({"network": DENSE, "d_terms": "lecam"})
    for (_, means), data in zip(one_by_one[1], elements()):
        logs = gan.train_step(data)
        np.testing.assert_allclose([means[key] for key in logs], list(logs.values()), rtol=1e-5)
    assert len(one_by_one[1]) == 7
    np.testing.assert_allclose(weights(gan), weights(one_by_one[0]), rtol=1e-5, atol=1e-6)


def test_the_loop_may_be_compiled(run, one_by_one, weights):
    gan, calls = run(3, jit=True)
    assert [step for step, _ in calls] == list(range(1, 8))
    np.testing.assert_allclose(weights(gan), weights(one_by_one[0]), rtol=1e-3, atol=1e-5)


def test_callbacks_come_in_time_with_means_since_their_last_call(run, one_by_one):
    twos, threes, tens = Recorder(2), Recorder(3), Recorder(10)
    gan, ones = run(4, [twos, threes, tens])
    assert [step for step, _ in twos.calls] == [2, 4, 6, 7]
    assert [step for step, _ in threes.calls] == [3, 6, 7]
    assert [step for step, _ in tens.calls] == [7]
    value = {step: means["d/loss"] for step, means in ones}
    np.testing.assert_allclose([means["d/loss"] for _, means in threes.calls],
                               [np.mean([value[s] for s in part]) for part in ((1, 2, 3), (4, 5, 6), (7,))], rtol=1e-6)
    np.testing.assert_allclose(tens.calls[0][1]["d/loss"], np.mean(list(value.values())), rtol=1e-6)
    assert list(tens.calls[0][1]) == gan.log_names == ["d/loss", "d/lecam", "g/loss"]


def test_a_run_cut_in_two_is_the_whole_one(run, one_by_one, weights, tmp_path):
    gan, saver = built({"network": DENSE, "d_terms": "lecam"}), Recorder(3)
    loop = Loop(gan, tf.distribute.get_strategy(), steps_per_call=2)
    loop.run(elements(), 0, 3, [saver])
    gan, calls = run(2, first=3, gan=gan)
    assert [step for step, _ in calls] == [4, 5, 6, 7]
    np.testing.assert_array_equal(weights(gan), weights(one_by_one[0]))


def test_nothing_is_done_where_nothing_is_left(one_by_one, weights):
    gan = one_by_one[0]
    before = weights(gan)
    Loop(gan, tf.distribute.get_strategy()).run(elements(), 7, 7, [Recorder(1)])
    np.testing.assert_array_equal(weights(gan), before)


@dataclasses.dataclass(frozen=True)
class Breaks:
    """A term that is not a number from a certain step on."""

    at: int
    name: str = "breaks"

    def memory(self, network):
        return {"calls": tf.zeros(())}

    def __call__(self, view):
        calls = view.memory["calls"]
        calls.assign_add(1.0)
        return tf.where(calls.read_value() >= self.at, float("nan"), 1.0)


def test_a_loss_that_is_no_number_ends_the_run_by_name_and_step_and_keeps_the_checkpoint(tiny, tmp_path):
    gan = tiny(shape=SHAPE, players={"g_terms": [Breaks(6)]})
    checkpoints, calls = Checkpoints(tmp_path), Recorder(4)

    def save(step, means):
        checkpoints.save(gan, step)

    save.every = 4
    loop = Loop(gan, tf.distribute.get_strategy(), steps_per_call=10)
    with pytest.raises(RunError) as error:
        loop.run(elements(), 0, 20, [calls, save])
    assert str(error.value).startswith("g/breaks became nan at step 6; the last checkpoint is kept; ")
    assert "\n" not in str(error.value)
    assert [step for step, _ in calls.calls] == [4] and checkpoints.newest() == 4


def test_a_loss_that_runs_away_is_named_too(tiny):
    gan = tiny(shape=SHAPE, rate=1e30, players={"loss": "wasserstein"})
    with pytest.raises(RunError, match=r"^[dg]/loss became (inf|-inf|nan) at step \d"):
        Loop(gan, tf.distribute.get_strategy()).run(elements(), 0, 20)


def test_weights_that_are_no_numbers_are_not_saved(tiny):
    gan = tiny(shape=SHAPE)
    loop = Loop(gan, tf.distribute.get_strategy())
    loop.check_weights(3)
    gan.networks["g"].weights[0].value[0, 0].assign(np.inf)
    with pytest.raises(RunError, match="a weight .* stopped being finite by step 4; the last checkpoint is kept"):
        loop.check_weights(4)
