"""Cropping and resizing."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.data import images

RANDOM = np.random.RandomState(0)


@pytest.mark.parametrize("shape", [(6, 10, 3), (10, 6, 1), (7, 6, 3), (6, 6, 1)])
def test_the_centered_square_keeps_its_pixels_exactly(shape):
    image = RANDOM.randint(0, 256, shape).astype(np.uint8)
    top, left = (shape[0] - 6) // 2, (shape[1] - 6) // 2
    np.testing.assert_array_equal(images.square(tf.constant(image), 6), image[top:top + 6, left:left + 6])


def test_shrinking_by_a_whole_number_is_antialiased():
    fine = np.indices((32, 32)).sum(0) % 2 * 255  # a checkerboard: without antialiasing it shrinks to 0 or 255
    shrunk = images.square(tf.constant(fine[..., None], tf.uint8), 8).numpy()
    assert np.abs(shrunk.astype(int) - 128).max() <= 2


def test_shrinking_follows_the_triangle_filter():
    image = RANDOM.randint(0, 256, (12, 12, 1)).astype(np.uint8)
    centers = (np.arange(4) + 0.5) * 3  # filter of half width 3, sampled at pixel centers, normalized
    weights = np.maximum(0, 1 - np.abs(np.arange(12) + 0.5 - centers[:, None]) / 3)
    weights /= weights.sum(1, keepdims=True)
    want = np.rint(weights @ image[..., 0] @ weights.T)
    assert np.abs(images.square(tf.constant(image), 4).numpy()[..., 0] - want).max() <= 1  # rounding of halves


def test_sizes_unknown_until_run_time():
    traced = tf.function(lambda x: images.square(x, 8), input_signature=[tf.TensorSpec((None, None, 3), tf.uint8)])
    assert traced.get_concrete_function().structured_outputs.shape == (8, 8, 3)
    assert traced(np.full((20, 9, 3), 77, np.uint8)).numpy().tolist() == np.full((8, 8, 3), 77).tolist()


def test_bytes_are_rounded_and_clipped():
    np.testing.assert_array_equal(images.to_bytes(tf.constant([-3.0, 0.4, 0.6, 254.7, 300.0])), [0, 0, 1, 255, 255])
