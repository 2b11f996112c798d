"""Units whose weights have a fixed length."""

import keras
import tensorflow as tf

from tfgan_improved.constraints import kernel_constraint


@keras.saving.register_keras_serializable("tfgan_improved")
class UnitNorm(kernel_constraint.KernelConstraint):
    """w <- length * w / |w| for the weights w of each unit; those of a unit that has only zeros stay so.

    `keras.constraints.UnitNorm` takes axes instead of units. ValueError unless length > 0, and for a kernel of rank 1.
    Source: Salimans & Kingma 2016, arXiv:1602.07868, section 2, the lengths without their own variable.
    """

    def __init__(self, length=1.0, output_axis=-1):
        super().__init__(output_axis)
        if not length > 0:
            raise ValueError(f"length of UnitNorm must be above 0; received {length}")
        self.length = length

    def of_matrix(self, w):
        largest = tf.reduce_max(tf.abs(w), axis=0)  # first, so that tiny weights have a square
        w = tf.math.divide_no_nan(w, largest)
        return self.length * tf.math.divide_no_nan(w, tf.norm(w, axis=0))

    def get_config(self):
        return {**super().get_config(), "length": self.length}
