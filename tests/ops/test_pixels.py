"""Images: bytes outside, floats in [-1, 1] inside."""

import numpy as np
import tensorflow as tf

from tfgan_improved.ops import pixels

BYTES = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)


def test_bytes_become_floats_in_the_unit_range():
    x = pixels.to_float(tf.constant(BYTES))
    assert x.dtype == tf.float32
    np.testing.assert_allclose(x, BYTES / 127.5 - 1, atol=1e-6)
    assert float(tf.reduce_min(x)) == -1.0 and float(tf.reduce_max(x)) <= 1.0


def test_every_byte_comes_back():
    np.testing.assert_array_equal(pixels.to_uint8(pixels.to_float(tf.constant(BYTES))), BYTES)


def test_floats_are_rounded_and_clipped():
    x = tf.constant([-3.0, -1.0, -0.9981, -0.9959, 0.0039, 0.9981, 1.0, 2.0])
    np.testing.assert_array_equal(pixels.to_uint8(x), [0, 0, 0, 1, 128, 255, 255, 255])


def test_points_keep_their_values():
    points = tf.constant([[1.5, -4.0]], tf.float64)
    assert pixels.to_float(points).dtype == tf.float32
    np.testing.assert_array_equal(pixels.to_float(points), [[1.5, -4.0]])
