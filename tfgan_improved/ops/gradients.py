"""What is done to gradients before they are applied."""

import tensorflow as tf


def adaptive_clip(main, other):
    """main + min(|main|, |other|) other / |other|: `other` joined, its norm held to that of `main`.

    Two lists of tensors, one for each variable; norms are over all of them together. Where |other| is 0 it is main.
    Source: Belghazi et al. 2018, arXiv:1801.04062, section 5.1 (adaptive gradient clipping).
    """
    limit, norm = tf.linalg.global_norm(main), tf.linalg.global_norm(other)
    scale = tf.minimum(limit, norm) / tf.maximum(norm, 1e-30)
    return [mine + tf.cast(scale, mine.dtype) * more for mine, more in zip(main, other)]
