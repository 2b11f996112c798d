"""The loop that drives `GAN.train_step` under any strategy, several steps in one call of TensorFlow."""

import math

import tensorflow as tf

from tfgan_improved.errors import RunError
from tfgan_improved.training.checkpoints import all_finite
from tfgan_improved.training.strategies import patience


class Loop:
    """Runs steps of `gan` on `dataset` (of this worker's replicas' parts, in turn, or distributed).

    `callbacks` have `every` and are called with (step, {name: mean since their last call}) after each multiple of it
    and at the end, first with a mean of fewer steps where `run` starts between two multiples; `watch(step)` is called
    after every call of TensorFlow. `wait` bounds the seconds of one call, 0 does not. RunError where a loss or a weight
    is not finite; nothing is saved then.
    """

    def __init__(self, gan, strategy, *, steps_per_call=10, jit=False, wait=0):
        self.gan, self.strategy, self.steps_per_call, self.wait = gan, strategy, steps_per_call, wait
        names = gan.log_names

        def step(data):
            logs = gan.train_step(data)
            return tf.stack([tf.cast(logs[name], tf.float32) for name in names])

        step = tf.function(step, jit_compile=True, autograph=False) if jit else step

        @tf.function
        def several(iterator, count):
            rows = tf.TensorArray(tf.float32, count, element_shape=(len(names),))
            for index in tf.range(count):
                rows = rows.write(index, strategy.reduce("MEAN", strategy.run(step, (next(iterator),)), axis=None))
            return rows.stack()

        self._several = several

    def run(self, dataset, first, last, callbacks=(), watch=lambda step: None):
        """Steps first + 1 ... last."""
        with patience(self.wait, "waited {wait} s for the other workers to make their data ready; start them all"):
            iterator, step = iter(dataset), first
        history = {callback: [] for callback in callbacks}
        while step < last:
            count = min([self.steps_per_call, last - step] + [c.every - step % c.every for c in callbacks])
            with patience(self.wait, "waited {wait} s for the other workers; start all workers again, they go on "
                          "from the last checkpoint"):
                rows = self._several(iterator, tf.constant(count)).numpy()
            self._check(rows, step)
            step += count
            for callback, seen in history.items():
                seen.append(rows)
                if step % callback.every == 0 or step == last:
                    total = sum(len(part) for part in seen)
                    means = sum(part.sum(axis=0, dtype="float64") for part in seen) / total
                    callback(step, dict(zip(self.gan.log_names, means.tolist())))
                    seen.clear()
            watch(step)

    def _check(self, rows, step):
        for offset, row in enumerate(rows):
            for name, value in zip(self.gan.log_names, row.tolist()):
                if not math.isfinite(value):
                    raise RunError(f"{name} became {value} at step {step + offset + 1}; the last checkpoint is kept; "
                                   "lower the learning rates, or choose another loss or normalization")

    def check_weights(self, step):
        """RunError where a weight or an optimizer's state is not finite: a loss can look well for some steps more."""
        if not all_finite(self.gan):
            raise RunError(f"a weight or its optimizer's state stopped being finite by step {step}; the last "
                           "checkpoint is kept; lower the learning rates, or choose another loss or normalization")
