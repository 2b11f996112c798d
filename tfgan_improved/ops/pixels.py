"""The two forms of an image: uint8 at the edges, float32 in [-1, 1] inside."""

import tensorflow as tf


def to_float(images):
    """uint8 in [0, 255] -> float32 in [-1, 1]; other types (points) only become float32."""
    if images.dtype == tf.uint8:
        return tf.cast(images, tf.float32) * (2.0 / 255.0) - 1.0
    return tf.cast(images, tf.float32)


def to_uint8(images):
    """float32 in [-1, 1] -> uint8 in [0, 255], rounded to the nearest; values outside are clipped."""
    return tf.cast(tf.round(tf.clip_by_value((images + 1.0) * 127.5, 0.0, 255.0)), tf.uint8)
