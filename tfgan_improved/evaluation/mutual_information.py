"""Mutual information of two arrays of paired observations, estimated by a neural network (MINE)."""

import dataclasses
import math

import keras
import numpy as np
import scipy.special
import scipy.stats
import tensorflow as tf

from tfgan_improved.evaluation import EvaluationError
from tfgan_improved.losses.information import BOUNDS, log_mean_exp, running_log_mean

FEWEST = 100  # pairs, of which a fifth is held out
AT_ONCE = 2**22  # values of T held in memory while it is scored
READINGS = 20
FAR = 5.0  # deviations
LONGEST = 10.0  # gradient of a step


@dataclasses.dataclass(frozen=True)
class MutualInformation:
    """An estimate in `nats`, its `curve` and what it rests on.

    `curve` has a (step, nats on the pairs that T was trained on, nats on the held-out ones) for each reading. `steps`
    are those at which one and the other half of the held-out pairs read most, and `nats` is the mean of what the other
    half reads there: none is chosen by what it is judged with. `pairs` are the held-out ones.
    """

    nats: float
    steps: tuple
    pairs: int
    curve: tuple


def estimate_mutual_information(x, z, *, bound="donsker_varadhan", seed=0, steps=2000, batch_size=512, width=128,
                                rate=0.0, learning_rate=5e-3, holdout=0.25):
    """I(X; Z) in nats from pairs of rows, x (n, ...) and z (n, ...) of real numbers: a `MutualInformation`.

    Maximizes a bound (`donsker_varadhan` or `f_divergence`, `losses/information.py`) over statistics networks
    T(x, z) = f(x) . g(z) + a(x) + b(z), each part a network with a shortcut, on all pairs of rows in a batch, and reads
    it on all pairs of a share `holdout` of the rows, so that what T has learned by heart does not count. A `rate` above
    0 is that of the running mean which corrects the gradient's bias; with so many pairs in a batch there is little to
    correct, and of much information a high rate makes T diverge. T sees each column at a deviation of 1 beside the
    normal scores of its ranks, which hold the same information, so that neither scale nor outliers do harm. The same
    arrays, seed, machine and number of threads give the same numbers.
    The more information there is and the fewer the pairs, the further the estimate stays below it
    (experiments/mine_gaussians). EvaluationError for arrays of different lengths, with NaN or infinity, of fewer than
    100 pairs, for a constant array, an unknown bound and settings out of range.
    Source: Belghazi et al. 2018, arXiv:1801.04062; T's form: Poole et al. 2019, arXiv:1905.06922, section 3.
    """
    _check(bound, seed, steps, batch_size, width, rate, learning_rate, holdout)
    x, z = _prepared(x, z)
    order = np.random.RandomState(seed).permutation(len(x))
    x, z, held = x[order], z[order], max(int(holdout * len(x)), 20) // 2 * 2
    if len(x) - held < FEWEST // 2:
        raise EvaluationError(f"holdout={holdout} leaves {len(x) - held} of {len(x)} pairs to train on; hold out less, "
                              f"so that at least {FEWEST // 2} are left")
    batch_size = min(batch_size, len(x) - held)
    statistics = Statistics(x.shape[1], z.shape[1], width, seed)
    trainer = _Trainer(statistics, (x[held:], z[held:]), BOUNDS[bound], rate, learning_rate, steps, batch_size, seed)
    halves = [(x[first:held:2], z[first:held:2]) for first in (0, 1)]
    told, readings = zip(*((told, [read(statistics, *half, BOUNDS[bound]) for half in halves])
                           for told in trainer.readings()))
    readings = np.array(readings)
    best = readings.argmax(axis=0)
    nats = float(np.mean([readings[best[0], 1], readings[best[1], 0]]))
    curve = tuple((step, trained, float(both.mean())) for (step, trained), both in zip(told, readings))
    return MutualInformation(nats, tuple(told[place][0] for place in best), held, curve)


def _check(bound, seed, steps, batch_size, width, rate, learning_rate, holdout):
    if bound not in BOUNDS:
        raise EvaluationError(f"unknown bound '{bound}'; choose one of {', '.join(BOUNDS)}")
    whole = all(isinstance(number, (int, np.integer)) for number in (seed, steps, batch_size, width))
    if not whole or min(seed + 1, steps, batch_size - 1, width) < 1 or not (0 < holdout < 1 and 0 <= rate <= 1
                                                                            and learning_rate > 0):
        raise EvaluationError("estimate_mutual_information needs whole numbers, a seed of at least 0, steps and width "
                              "of at least 1, batch_size of at least 2, holdout and rate from 0 to 1 and a "
                              f"learning_rate above 0; received seed={seed}, steps={steps}, batch_size={batch_size}, "
                              f"width={width}, holdout={holdout}, rate={rate}, learning_rate={learning_rate}")


def _prepared(x, z):
    """Both as T sees them, float32 (n, 2 columns). EvaluationError for what cannot be estimated from."""
    arrays = []
    for name, array in (("x", x), ("z", z)):
        array = np.asarray(array)
        if array.dtype.kind not in "fiub" or not array.ndim:
            raise EvaluationError(f"mutual information is estimated from arrays of real numbers; received {name} of "
                                  f"{array.dtype}, shape {array.shape}; give (n, ...) numbers")
        if not np.isfinite(array).all():
            raise EvaluationError(f"{name} has NaN or infinity; take out these rows of both arrays")
        arrays.append(array.reshape(len(array), -1).astype(np.float64))
    if len(arrays[0]) != len(arrays[1]):
        raise EvaluationError(f"mutual information is that of pairs; received {len(arrays[0])} rows of x and "
                              f"{len(arrays[1])} of z; give as many of each, in the same order")
    if len(arrays[0]) < FEWEST:
        raise EvaluationError(f"{len(arrays[0])} pairs are too few to estimate mutual information from; give at least "
                              f"{FEWEST}, better some thousands")
    return [_scaled(name, array) for name, array in zip("xz", arrays)]


def _scaled(name, array):
    """Normal scores of the columns' ranks, (n, c), beside the columns themselves, (n, c), all of deviation 1.

    The ranks hold all the information, whatever the scale and the tails; the columns, cut off at FAR, show gaps that
    ranks close. EvaluationError where nothing varies.
    """
    varies = array.min(axis=0) < array.max(axis=0)
    if not varies.any():
        raise EvaluationError(f"{name} is constant, and holds no information; give one that varies")
    array = array[:, varies] / np.abs(array[:, varies]).max(axis=0)  # squares of the largest numbers are not finite
    scores = scipy.special.ndtri((scipy.stats.rankdata(array, axis=0) - 0.5) / len(array))
    both = [(values - values.mean(axis=0)) / np.maximum(values.std(axis=0), 1e-300) for values in (scores, array)]
    return np.concatenate(both, axis=1).clip(-FAR, FAR).astype(np.float32)


class Statistics:
    """T(x, z) = f(x) . g(z) + a(x) + b(z) for rows x (n, p) and z (m, q), all pairs at once."""

    def __init__(self, x_columns, z_columns, width=128, seed=0, depth=2, size=32):
        self.of_x, self.of_z = (_features(columns, width, depth, size + min(x_columns, z_columns, 64), 2 * seed + side)
                                for side, columns in enumerate((x_columns, z_columns)))

    @property
    def variables(self):
        """What is trained."""
        return self.of_x.trainable_variables + self.of_z.trainable_variables

    def __call__(self, x, z):
        """T of each x with each z, (n, m); those that belong together are its diagonal."""
        return self.pairs(self.of_x(x), self.of_z(z))

    @staticmethod
    def pairs(of_x, of_z):
        """All pairs of what the two networks make of rows."""
        return tf.matmul(of_x[:, 1:], of_z[:, 1:], transpose_b=True) + of_x[:, :1] + of_z[:, 0]


def _features(columns, width, depth, size, seed):
    """[a(x), f(x)]: dense layers with ELU, and a shortcut: of f linear, of a linear in x and its squares."""
    def dense(units, place, deviation=None, **settings):
        start = (keras.initializers.GlorotUniform(seed=100 * seed + place) if deviation is None
                 else keras.initializers.RandomNormal(stddev=deviation, seed=100 * seed + place))
        return keras.layers.Dense(units, kernel_initializer=start, dtype="float32", **settings)

    inputs = x = keras.Input((columns,), dtype="float32")
    for level in range(depth):
        x = dense(width, level, activation="elu")(x)
    # Small at the start, where T must say nothing: with values of ten its exponentials are those of a few pairs.
    squares = keras.layers.Multiply(dtype="float32")([inputs, inputs])
    both = keras.layers.Concatenate(dtype="float32")([inputs, squares])
    own = keras.layers.Add(dtype="float32")([dense(1, 10, 0.01)(x), dense(1, 11, 0.01, use_bias=False)(both)])
    shared = keras.layers.Add(dtype="float32")([
        dense(size, 12, 0.1 / math.sqrt(width))(x), dense(size, 13, 0.3 / math.sqrt(columns), use_bias=False)(inputs)])
    return keras.Model(inputs, keras.layers.Concatenate(dtype="float32")([own, shared]))


class _Trainer:
    """Trains T with Adam, its rate falling to 0 as a cosine."""

    def __init__(self, statistics, pairs, bound, rate, learning_rate, steps, batch_size, seed):
        self.statistics, self.bound, self.rate, self.steps, self.batch_size = statistics, bound, rate, steps, batch_size
        self.pairs = [tf.constant(array) for array in pairs]
        self.random = np.random.RandomState(seed)
        self.optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(learning_rate, steps))
        self.optimizer.build(statistics.variables)
        self.log_mean, self.turns = tf.Variable(0.0), tf.Variable(0)
        self._run = tf.function(self._several)

    def readings(self):
        """Trains, and gives (step, mean of the bound since the last one) READINGS times."""
        places = np.unique(np.linspace(0, self.steps, READINGS + 1).astype(int))
        for first, last in zip(places, places[1:]):
            rows = [self.random.choice(len(self.pairs[0]), self.batch_size, replace=False) for _ in range(last - first)]
            yield int(last), float(self._run(tf.constant(np.stack(rows).astype(np.int32))))

    def _several(self, rows):
        total = 0.0
        for step in tf.range(tf.shape(rows)[0]):
            total += self._step(*(tf.ensure_shape(tf.gather(array, rows[step]), (self.batch_size, array.shape[1]))
                                  for array in self.pairs))
        return total / tf.cast(tf.shape(rows)[0], tf.float32)

    @tf.autograph.experimental.do_not_convert  # only the loop around it is
    def _step(self, x, z):
        variables = self.statistics.variables
        with tf.GradientTape() as tape:
            values = self.statistics(x, z)
            joint = tf.linalg.diag_part(values)
            marginal = off_diagonal(values)
            value = self.bound(joint, marginal, self._running(marginal) if self.rate else None)
            loss = -value
        gradients, _ = tf.clip_by_global_norm(tape.gradient(loss, [v.value for v in variables]), LONGEST)
        self.optimizer.apply(gradients, variables)
        return value

    def _running(self, marginal):
        self.turns.assign_add(1)
        self.log_mean.assign(running_log_mean(self.log_mean.read_value(), log_mean_exp(marginal),
                                              self.turns.read_value(), self.rate))
        return self.log_mean.read_value()


def off_diagonal(values):
    """All but the diagonal of (n, n), as (n - 1, n): behind each value of the diagonal come n others."""
    count = values.shape[0]
    return tf.reshape(tf.reshape(values, [-1])[1:], (count - 1, count + 1))[:, :-1]


def read(statistics, x, z, bound):
    """The bound on rows x (n, p) and z (n, q), from all n (n - 1) pairs of rows that do not belong together."""
    of_x, of_z = statistics.of_x(x), statistics.of_z(z)
    count, rows = len(x), max(1, AT_ONCE // len(x))
    joint, parts = [], []
    for start in range(0, count, rows):
        values = statistics.pairs(of_x[start:start + rows], of_z).numpy()
        own = np.arange(len(values)), start + np.arange(len(values))
        joint.append(values[own])
        values[own] = -np.inf
        parts.append(tf.reduce_logsumexp(values).numpy())
    # One value that stands for all: its exponential is their mean.
    mean = tf.reduce_logsumexp(np.array(parts, np.float64)) - math.log(count) - math.log(count - 1)
    return float(bound(np.concatenate(joint), mean))
