"""Orthogonal regularization that leaves the lengths of the units' weights free."""

import keras
import tensorflow as tf

from tfgan_improved import checks
from tfgan_improved.regularizers import kernel_regularizer

FORMS = {"equation": 1.0, "code": 0.5}  # the share of the equation's penalty


@keras.saving.register_keras_serializable("tfgan_improved")
class OffDiagonal(kernel_regularizer.KernelRegularizer):
    """beta * |W'W * (1 - I)|_F^2 for a kernel seen as W (inputs, units), a scalar >= 0.

    Its gradient is 4 beta W (W'W * (1 - I)). form="code" is the released BigGAN code, which adds 2 beta W (W'W *
    (1 - I)) to the gradient instead: half of the penalty. In float32 at least. For many more units than inputs it is
    computed as |WW'|_F^2 - sum_i |w_i|^4, the same without a matrix of all pairs of units.
    `output_axis` is the kernel's axis of units: -1, or -2 for a transposed convolution. ValueError unless beta >= 0,
    for another form, and for a kernel of rank 1. Source: Brock et al. 2019, arXiv:1809.11096, equation 3.
    """

    def __init__(self, beta=1e-4, output_axis=-1, form="equation"):
        super().__init__(output_axis)
        if not checks.real(beta, 0):
            raise ValueError(f"beta of OffDiagonal must be at least 0; received {beta!r}")
        if form not in list(FORMS):
            raise ValueError(f"form of OffDiagonal must be {' or '.join(FORMS)}; received '{form}'")
        self.beta, self.form = beta, form

    def of_matrix(self, w):
        return FORMS[self.form] * self.beta * _squares(w)

    def get_config(self):
        return {**super().get_config(), "beta": self.beta, "form": self.form}


def _squares(w):
    if w.shape[1] >= 2 * w.shape[0]:
        lengths = tf.reduce_sum(tf.square(w), axis=0)
        every = tf.reduce_sum(tf.square(tf.matmul(w, w, transpose_b=True)))
        return tf.maximum(every - tf.reduce_sum(tf.square(lengths)), 0.0)  # rounding may put it a little below
    gram = tf.matmul(w, w, transpose_a=True)
    return tf.reduce_sum(tf.square(tf.linalg.set_diag(gram, tf.zeros_like(gram[0]))))
