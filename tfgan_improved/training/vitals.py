"""A quick look at how a run fares: what D says, how much the samples differ, how the weights grow and move."""

import math

import numpy as np
import tensorflow as tf

BATCHES = 2  # that D judges
KEPT = 2**16  # numbers of each variable that stand for all of it
COUNT = 128  # samples and real examples that are compared among themselves


class Vitals:
    """Called with a step and the mean of every term -> a record of numbers; remembers the weights of the last look.

    "apart": the share of pairs of a real and a generated example of which D finds the real one more real. "real_low"
    and "fake_high": the 5% quantile of D's logits of real ones, the 95% quantile of generated ones'. "nearest": the
    median distance of samples from their nearest other sample, and "width": the root mean square distance from their
    mean, both as parts of the same of real examples. For each player "<name>_size", the root mean square of its
    weights, and "<name>_moved", that of what they moved by in a step since the last look, as a part of the learning
    rate: Adam moves a weight by about that where its gradients agree. "d_least", where D's loss has one: what it comes
    near to where D tells everything apart. What is not finite is None.
    """

    def __init__(self, probe, optimizers):
        self.probe, self.optimizers, self.last, self.step = probe, optimizers, {}, None
        self.least = {f"{name}_least": term.least for name, terms in probe.terms.items() for term in terms
                      if math.isfinite(getattr(term, "least", math.inf))}
        self.real = _nearest_and_width(probe.real(COUNT))

    def __call__(self, step, means):
        record = {"step": step, **means, **self.least, **self._judged(), **self._differences()}
        for name, network in self.probe.networks.items():
            record |= self._weights(name, network, step)
        self.step = step
        return {name: value if math.isfinite(value) else None for name, value in record.items()}

    def _judged(self):
        real, fake = (logits.astype(np.float64) for logits in self.probe.logits(BATCHES))
        pairs = (real[:, None] > fake) + 0.5 * (real[:, None] == fake)
        return {"apart": float(pairs.mean()), "real_low": float(np.quantile(real, 0.05)),
                "fake_high": float(np.quantile(fake, 0.95))}

    def _differences(self):
        near, width = _nearest_and_width(self.probe.samples(min(COUNT, len(self.probe.real(COUNT)))))
        return {"nearest": near / max(self.real[0], 1e-9), "width": width / max(self.real[1], 1e-9)}

    def _weights(self, name, network, step):
        weights = [tf.reshape(variable.value, (-1,))[:KEPT].numpy() for variable in network.trainable_variables]
        size, found = _root_mean_square(weights), {}
        rate = float(self.optimizers[name].learning_rate)
        if name in self.last and rate:
            moved = _root_mean_square([new - old for new, old in zip(weights, self.last[name])])
            found[f"{name}_moved"] = moved / rate / (step - self.step)
        self.last[name] = weights
        return {f"{name}_size": size, **found}


def _root_mean_square(arrays):
    total = sum(float(np.square(array, dtype=np.float64).sum()) for array in arrays)
    return math.sqrt(total / max(sum(array.size for array in arrays), 1))


def _nearest_and_width(examples):
    rows = np.reshape(examples, (len(examples), -1)).astype(np.float64)
    rows -= rows.mean(axis=0)
    lengths = np.einsum("nk,nk->n", rows, rows)
    squares = np.maximum(lengths[:, None] + lengths - 2.0 * rows @ rows.T, 0.0)
    np.fill_diagonal(squares, np.inf)
    return float(np.median(np.sqrt(squares.min(axis=1)))), float(np.sqrt(lengths.mean()))
