"""Mutual information of two arrays of paired observations, estimated by a neural network (MINE)."""

import dataclasses
import math
import numbers

import keras
import numpy as np
import tensorflow as tf

from tfgan_improved.evaluation import EvaluationError, canonical
from tfgan_improved.losses.information import BOUNDS, log_mean_exp, running_log_mean

FEWEST = 100  # pairs, of which a quarter is held out unless told otherwise
AT_ONCE = 2**22  # values of T held in memory while it is scored
READINGS = 20
MOST = 128  # of the canonical coordinates that T starts with
LONGEST = 10.0  # gradient of a step


@dataclasses.dataclass(frozen=True)
class MutualInformation:
    """An estimate in `nats`, its `curve` and what it rests on.

    `curve` has a (step, nats on the pairs that T was trained on, nats on the held-out ones) for each reading, from T's
    start at step 0. `nats` is the reading of `step`, at which the lower of the readings of either half of the held-out
    pairs is highest: one half alone now and then misses the pairs that decide, and reads far too much. It is 0 where
    nothing is found. Above `limit`, log(n (n - 1)) for n held-out pairs, no reading of a bound tells anything: there
    `nats` is `gaussian_nats`, what Gaussians that correlate alike have, if x or z is distributed as Gaussians (no pairs
    have less then), and otherwise the limit, of which there is more.
    Source: McAllester and Stratos 2020, arXiv:1811.04251 (no bound without assumptions tells much more than log n).
    """

    nats: float
    step: int
    limit: float
    gaussian_nats: float
    curve: tuple


def estimate_mutual_information(x, z, *, bound="donsker_varadhan", seed=0, steps=2000, batch_size=512, width=128,
                                rate=0.0, learning_rate=5e-3, holdout=0.25):
    """I(X; Z) in nats from pairs of rows, x (n, ...) and z (n, ...) of real numbers: a `MutualInformation`.

    Maximizes a bound (`donsker_varadhan` or `f_divergence`, `losses/information.py`) over statistics networks
    T(x, z) = f(x) . g(z) + a(x) + b(z), each part a network with a shortcut, on all pairs of rows in a batch, and reads
    it on all pairs of a share `holdout` of the rows, so that what T has learned by heart does not count. T sees
    canonical coordinates, ranks and columns (`evaluation/canonical.py`) and starts at the log ratio of Gaussians that
    correlate alike, so that what it has to learn is what Gaussians do not have. A `rate` above 0 is that of the running
    mean which corrects the gradient's bias; with so many pairs in a batch there is little to correct, and of much
    information a high rate makes T diverge. The same arrays, seed, machine and number of threads give the same numbers.
    What Gaussians do not have may be found in part, the more so where it has edges (experiments/mine_gaussians).
    EvaluationError for arrays of different lengths, with NaN or infinity, of fewer than 100 pairs, for a constant
    array, an unknown bound and settings out of range.
    Source: Belghazi et al. 2018, arXiv:1801.04062; T's form: Poole et al. 2019, arXiv:1905.06922, section 3.
    """
    _check(bound, seed, steps, batch_size, width, rate, learning_rate, holdout)
    x, z = _checked(x, z)
    count, order = len(x), np.random.RandomState(seed).permutation(len(x))
    known = count - max(int(holdout * count), 20) // 2 * 2
    if known < FEWEST // 2:
        raise EvaluationError(f"holdout={holdout} leaves {known} of {count} pairs to train on; hold out less, so that "
                              f"at least {FEWEST // 2} are left")
    pairs = canonical.prepared(x[order], z[order], known)
    statistics = Statistics(pairs.x.shape[1], pairs.z.shape[1], width, seed, correlations=pairs.correlations)
    trainer = _Trainer(statistics, (pairs.x[:known], pairs.z[:known]), BOUNDS[bound], rate, learning_rate, steps,
                       min(batch_size, known), seed)
    parts = [(pairs.x[known + first::step], pairs.z[known + first::step]) for first, step in ((0, 1), (0, 2), (1, 2))]
    curve, lower = [], []
    for step, trained in trainer.readings():
        held, *halves = (read(statistics, *part, BOUNDS[bound]) for part in parts)
        curve.append((step, trained, held))
        lower.append(min(halves))
    best = int(np.nan_to_num(lower, nan=-np.inf).argmax())  # NaN is of a T that diverged
    nats, limit = curve[best][2], math.log(count - known) + math.log(count - known - 1)
    if nats > limit:
        nats = max(limit, pairs.gaussian_nats if pairs.gaussian else 0.0)
    return MutualInformation(max(nats, 0.0), curve[best][0], limit, pairs.gaussian_nats, tuple(curve))


def _check(bound, seed, steps, batch_size, width, rate, learning_rate, holdout):
    if bound not in BOUNDS:
        raise EvaluationError(f"unknown bound '{bound}'; choose one of {', '.join(BOUNDS)}")
    right = (all(isinstance(number, (int, np.integer)) for number in (seed, steps, batch_size, width))
             and all(isinstance(number, numbers.Real) for number in (holdout, rate, learning_rate)))
    if not right or min(seed + 1, steps, batch_size - 1, width) < 1 or not (0 < holdout < 1 and 0 <= rate <= 1
                                                                            and 0 < learning_rate < math.inf):
        raise EvaluationError("estimate_mutual_information needs whole numbers, a seed of at least 0, steps and width "
                              "of at least 1, batch_size of at least 2, holdout and rate from 0 to 1 and a "
                              f"learning_rate above 0; received seed={seed}, steps={steps}, batch_size={batch_size}, "
                              f"width={width}, holdout={holdout}, rate={rate}, learning_rate={learning_rate!r}")


def _checked(x, z):
    """Both as float64 (n, columns). EvaluationError for what cannot be estimated from."""
    arrays = []
    for name, array in (("x", x), ("z", z)):
        try:
            array = np.asarray(array)
        except ValueError:
            array = np.empty(0, object)  # rows of different lengths
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
    return arrays


class Statistics:
    """T(x, z) = f(x) . g(z) + a(x) + b(z) + sum_i s_i G_i for rows x (n, p) and z (m, q), all pairs at once.

    G_i = (r x_i z_i - r^2 (x_i^2 + z_i^2) / 2) / (1 - r^2) - log(1 - r^2) / 2 is the log ratio of Gaussians that
    correlate with r = `correlations`[i]. T starts at 1 + sum_i G_i: exact for Gaussians, and otherwise something to
    start from, of which s takes back what is wrong. (The 1 is the f-divergence's; the other bound does not see it.)
    """

    def __init__(self, x_columns, z_columns, width=128, seed=0, depth=2, correlations=()):
        self.r = np.asarray(correlations, np.float64)[:MOST]
        self.shares = keras.Variable(np.ones(len(self.r)), dtype="float32", name="shares")
        size = 32 + min(x_columns, z_columns, 64)
        self.x_network = _features(x_columns, width, depth, size, 2 * seed, zero=True)
        self.z_network = _features(z_columns, width, depth, size, 2 * seed + 1)

    @property
    def variables(self):
        """What is trained."""
        return self.x_network.trainable_variables + self.z_network.trainable_variables + [self.shares]

    def __call__(self, x, z):
        """T of each x with each z, (n, m); those that belong together are its diagonal."""
        return self.pairs(self.of_x(x), self.of_z(z))

    def of_x(self, x):
        """[a(x), f(x)] with x's part of the G_i."""
        return self._with_gaussian(self.x_network(x), x, self.shares)

    def of_z(self, z):
        """[b(z), g(z)] with z's part of the G_i."""
        return self._with_gaussian(self.z_network(z), z, 1.0)

    @staticmethod
    def pairs(of_x, of_z):
        """All pairs of what `of_x` and `of_z` make of rows."""
        return tf.matmul(of_x[:, 1:], of_z[:, 1:], transpose_b=True) + of_x[:, :1] + of_z[:, 0]

    def _with_gaussian(self, features, rows, factor):
        # r x z / (1 - r^2) is the product of both parts' last numbers, of which x's alone have s.
        slopes, squares = np.sqrt(self.r / (1 - self.r**2)), self.r**2 / (2 * (1 - self.r**2))
        rows = tf.cast(rows[:, :len(self.r)], tf.float32)
        own = -squares.astype(np.float32) * rows**2 - (np.log1p(-self.r**2) / 4).astype(np.float32)
        own = features[:, :1] + tf.reduce_sum(self.shares * own, axis=1, keepdims=True)
        return tf.concat([own, features[:, 1:], factor * slopes.astype(np.float32) * rows], axis=1)


def _features(columns, width, depth, size, seed, zero=False):
    """[a(x), f(x)]: dense layers with ELU, and a shortcut: of f linear, of a linear in x and its squares.

    a starts at 0; with `zero` at 1 and f at 0: then f . g says nothing, and its gradient to f is that of a network.
    """
    def dense(units, place, deviation=None, **settings):
        start = (keras.initializers.GlorotUniform(seed=100 * seed + place) if deviation is None
                 else keras.initializers.RandomNormal(stddev=deviation, seed=100 * seed + place))
        return keras.layers.Dense(units, kernel_initializer=start, dtype="float32", **settings)

    inputs = x = keras.Input((columns,), dtype="float32")
    for level in range(depth):
        x = dense(width, level, activation="elu")(x)
    squares = keras.layers.Multiply(dtype="float32")([inputs, inputs])
    both = keras.layers.Concatenate(dtype="float32")([inputs, squares])
    own = keras.layers.Add(dtype="float32")([
        dense(1, 10, 0.0, bias_initializer="ones" if zero else "zeros")(x), dense(1, 11, 0.0, use_bias=False)(both)])
    some = 0.0 if zero else 0.3
    shared = keras.layers.Add(dtype="float32")([
        dense(size, 12, some / math.sqrt(width))(x),
        dense(size, 13, some / math.sqrt(columns), use_bias=False)(inputs)])
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
        """Trains, and gives (step, mean of the bound since the last one) READINGS times, after the start's."""
        yield 0, math.nan
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
