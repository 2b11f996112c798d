"""Test errors of a discriminator that classifies, alone or in an ensemble."""

import numpy as np
import tensorflow as tf

from tfgan_improved.evaluation import EvaluationError
from tfgan_improved.ops.pixels import to_float


class Classifier:
    """The class probabilities of a network with "classes" logits (n, K) or (n, K + 1), whose last is no class.

    Called with images uint8 (n, h, w, c) -> probabilities float64 (n, K), rows summing to 1. `rows` images are seen at
    once: for a network that compares the images of a batch, as many as in training (`assemble.rows_seen`); the
    last ones see the first images beside them, so that none has fewer. Noise and dropout are off.
    EvaluationError where the network gives no class logits. Source: Salimans et al. 2016, arXiv:1606.03498, section 5.
    """

    def __init__(self, network, classes, rows=100):
        if "classes" not in network.output:
            raise EvaluationError("this discriminator does not classify: it has no class logits; train one with "
                                  "--d_verdict=class_logits")
        self.classes, self.rows = classes, rows

        def logits(images):
            x = to_float(images)  # a conditional network's class logits do not depend on the labels that it is given
            x = x if len(network.inputs) == 1 else [x, tf.zeros(tf.shape(images)[:1], tf.int32)]
            return network(x, training=False)["classes"]

        self._logits = tf.function(logits, reduce_retracing=True, autograph=False)

    def __call__(self, images):
        places = (np.arange(start, start + self.rows) % len(images) for start in range(0, len(images), self.rows))
        logits = np.concatenate([self._logits(tf.constant(images[rows])).numpy() for rows in places])
        logits = logits[:len(images), :self.classes]
        powers = np.exp((logits - logits.max(axis=1, keepdims=True)).astype(np.float64))
        return powers / powers.sum(axis=1, keepdims=True)


def errors(probabilities, labels):
    """How many of n images are named wrong by the most probable class; probabilities (n, K), labels (n,)."""
    return int(np.sum(probabilities.argmax(axis=1) != labels))


def ensemble(probabilities):
    """The mean of several models' class probabilities, each (n, K): what their ensemble says."""
    return np.mean(probabilities, axis=0)
