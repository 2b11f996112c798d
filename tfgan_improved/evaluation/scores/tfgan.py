"""TF-GAN's own Inception score, FID and KID, for whoever wants the reference itself and not what equals it."""

import contextlib
import dataclasses
import logging
import math

import numpy as np
import tensorflow as tf

from tfgan_improved.evaluation import bridge
from tfgan_improved.evaluation.scores import Value, checks


@dataclasses.dataclass(frozen=True)
class TFGAN:
    """Inception score in `splits` parts, Frechet and kernel distance, computed by TF-GAN's functions in float64.

    The numbers of samples equal those of `classifier_score`, `frechet` and `kernel`, which are quicker and give
    intervals; that of real images beside them is of `splits` parts too, however few they are. With the extractor
    `inception` they are what TF-GAN's `inception_metrics` computes. They take TF-GAN's memory.
    MissingPackage without TF-GAN. EvaluationError where there are fewer samples than splits.
    Source: Salimans et al. 2016, arXiv:1606.03498; Heusel et al. 2017, arXiv:1706.08500; Binkowski et al. 2018,
    arXiv:1801.01401, as in TF-GAN 2.1, eval/classifier_metrics.py.
    """

    splits: int = 10
    reads = ("logits", "features")
    compares, seen = True, True
    better = {"tfgan_classifier_score": "higher", "tfgan_fd": "lower", "tfgan_kd": "lower"}

    def __call__(self, samples, real):
        logits = checks.rows(samples.logits, "logits", least=max(1, self.splits))
        a, b = (tf.constant(features, tf.float64)
                for features in checks.pair(samples.features, real.features))
        tfgan = bridge.tfgan_eval()
        with _computing():
            parts = [float(tfgan.classifier_score_from_logits(tf.constant(part)))
                     for part in np.array_split(logits, self.splits)]
            distance = float(tfgan.frechet_classifier_distance_from_activations(a, b))
            kernel, error = map(float, tfgan.kernel_classifier_distance_and_std_from_activations(a, b))
        values = {"tfgan_classifier_score": float(np.mean(parts)), "tfgan_classifier_score_std": float(np.std(parts)),
                  "tfgan_fd": distance, "tfgan_kd": kernel, "tfgan_kd_std": error}
        return {name: Value(value) for name, value in values.items() if not math.isnan(value)}  # one block has no error


@contextlib.contextmanager
def _computing():
    """On the CPU, so that every machine has float64; without the notices that TF-GAN's use of old arguments causes."""
    logger = tf.get_logger()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with tf.device("CPU:0"):
            yield
    finally:
        logger.setLevel(level)
