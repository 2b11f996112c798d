"""Mutual information of two arrays of paired observations, estimated by a neural network (MINE)."""

import dataclasses
import math
import numbers

import keras
import numpy as np
import tensorflow as tf

from tfgan_improved.evaluation import EvaluationError, canonical, pair_statistics
from tfgan_improved.losses.information import BOUNDS, log_mean_exp, running_log_mean

FEWEST = 100  # pairs, of which a quarter is held out unless told otherwise
READINGS = 20
LONGEST = 10.0  # gradient of a step


@dataclasses.dataclass(frozen=True)
class MutualInformation:
    """An estimate in `nats`, its `curve` and what it rests on.

    `curve` has a (step, nats on the pairs that T was trained on, nats on the held-out ones) for each reading, from T's
    start at step 0. `nats` is the reading of `step`, at which the lowest of the readings of the held-out pairs and of
    either half of them is highest: a few pairs decide, and whoever misses them reads far too much. It is 0 where
    nothing is found. Above `limit`, log(n (n - 1)) for n held-out pairs, no reading of a bound tells anything: there
    `nats` is the limit (there is more).
    If x or z is distributed as Gaussians, as far as can be told, no pairs have less than `gaussian_nats`, what
    Gaussians that correlate alike have, and T's start reads just that, but for chance: then `nats` is `gaussian_nats`
    and what the reading of `step` has above that of the start.
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
    seed, steps, batch_size, width = map(int, (seed, steps, batch_size, width))  # which NumPy's numbers may be
    x, z = _checked(x, z)
    count, order = len(x), np.random.RandomState(seed).permutation(len(x))
    known = count - max(int(holdout * count), 20) // 2 * 2
    if known < FEWEST // 2:
        raise EvaluationError(f"holdout={holdout} leaves {known} of {count} pairs to train on; hold out less, so that "
                              f"at least {FEWEST // 2} are left")
    pairs = canonical.prepared(x[order], z[order], known)
    statistics = pair_statistics.Statistics(pairs.x.shape[1], pairs.z.shape[1], width, seed,
                                            correlations=pairs.correlations)
    trainer = _Trainer(statistics, (pairs.x[:known], pairs.z[:known]), BOUNDS[bound], rate, learning_rate, steps,
                       min(batch_size, known), seed)
    parts = [(pairs.x[known + first::step], pairs.z[known + first::step]) for first, step in ((0, 1), (0, 2), (1, 2))]
    curve, lower = [], []
    for step, trained in trainer.readings():
        readings = [pair_statistics.read(statistics, *part, BOUNDS[bound]) for part in parts]
        curve.append((step, trained, readings[0]))
        lower.append(min(readings))
    best = int(np.nan_to_num(lower, nan=-np.inf).argmax())  # NaN is of a T that diverged
    limit = math.log(count - known) + math.log(count - known - 1)
    start, nats = (min(curve[index][2], limit) for index in (0, best))
    if pairs.gaussian:
        nats = pairs.gaussian_nats + max(0.0, nats - start)
    return MutualInformation(max(0.0, nats), curve[best][0], limit, pairs.gaussian_nats, tuple(curve))


def _check(bound, seed, steps, batch_size, width, rate, learning_rate, holdout):
    if bound not in list(BOUNDS):  # a list compares, where a dict would hash
        raise EvaluationError(f"unknown bound '{bound}'; choose one of {', '.join(BOUNDS)}")
    right = (all(isinstance(number, (int, np.integer)) for number in (seed, steps, batch_size, width))
             and all(isinstance(number, numbers.Real) for number in (holdout, rate, learning_rate)))
    if not right or not 0 <= seed < 2**32 or min(steps, batch_size - 1, width) < 1 or not (
            0 < holdout < 1 and 0 <= rate <= 1 and 0 < learning_rate < math.inf):
        raise EvaluationError("estimate_mutual_information needs whole numbers, a seed from 0 to 2**32 - 1, steps and "
                              "width of at least 1, batch_size of at least 2, holdout and rate from 0 to 1 and a "
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
        arrays.append(array)
    if len(arrays[0]) != len(arrays[1]):
        raise EvaluationError(f"mutual information is that of pairs; received {len(arrays[0])} rows of x and "
                              f"{len(arrays[1])} of z; give as many of each, in the same order")
    if len(arrays[0]) < FEWEST:
        raise EvaluationError(f"{len(arrays[0])} pairs are too few to estimate mutual information from; give at least "
                              f"{FEWEST}, better some thousands")
    return [array.reshape(len(array), -1).astype(np.float64) for array in arrays]


class _Trainer:
    """Trains T with Adam, its rate falling to 0 as a cosine."""

    def __init__(self, statistics, pairs, bound, rate, learning_rate, steps, batch_size, seed):
        self.statistics, self.bound, self.rate, self.steps, self.batch_size = statistics, bound, rate, steps, batch_size
        self.pairs = [tf.constant(array) for array in pairs]
        self.random = np.random.RandomState(seed)
        self.optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(learning_rate, steps))
        self.optimizer.build(statistics.variables)
        self.log_mean, self.turns = tf.Variable(0.0), tf.Variable(0)
        self._run = tf.function(self._several, reduce_retracing=True)

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
            marginal = pair_statistics.off_diagonal(values)
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
