"""From images of any shape to squares of the wanted size."""

import tensorflow as tf


def square(image, size):
    """The largest centered square, resized with antialiasing: uint8 (..., h, w, c) -> uint8 (..., size, size, c).

    A square that has the size already keeps its pixels exactly.
    """
    if image.shape[-3:-1] == (size, size):
        return image
    height, width = tf.unstack(tf.shape(image)[-3:-1])
    side = tf.minimum(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    crop = image[..., top:top + side, left:left + side, :]
    return to_bytes(tf.image.resize(crop, (size, size), antialias=True))


def to_bytes(values):
    """Rounds and clips pixel values on the scale 0 to 255 to uint8."""
    return tf.cast(tf.clip_by_value(tf.round(values), 0.0, 255.0), tf.uint8)
