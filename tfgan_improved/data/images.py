"""From an image of any shape to a square of the wanted size."""

import tensorflow as tf


def square(image, size):
    """The largest centered square of an image, resized with antialiasing: uint8 (h, w, c) -> uint8 (size, size, c)."""
    if image.shape[:2] == (size, size):
        return image
    shape = tf.shape(image)
    side = tf.minimum(shape[0], shape[1])
    top, left = (shape[0] - side) // 2, (shape[1] - side) // 2
    crop = image[top:top + side, left:left + side]
    channels = image.shape[-1]
    if min(image.shape[:2], key=lambda length: length or 0) == size:  # a plain crop keeps its pixels
        return tf.ensure_shape(crop, (size, size, channels))
    return tf.ensure_shape(to_bytes(tf.image.resize(crop, (size, size), antialias=True)), (size, size, channels))


def to_bytes(values):
    """Rounds and clips pixel values on the scale 0 to 255 to uint8."""
    return tf.cast(tf.clip_by_value(tf.round(values), 0.0, 255.0), tf.uint8)
