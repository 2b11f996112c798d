"""Orthonormal regularization: units are pushed to be orthogonal to each other and of length 1."""

import keras
import tensorflow as tf

from tfgan_improved.regularizers import kernel_regularizer

SIZES = {"frobenius": tf.square, "absolute": tf.abs}


@keras.saving.register_keras_serializable("tfgan_improved")
class Orthonormal(kernel_regularizer.KernelRegularizer):
    """factor * |W'W - I|_F^2 for a kernel seen as W (inputs, units), or with size="absolute" factor * sum |W'W - I|.

    All entries count, the diagonal too: lengths are pulled to 1. A scalar >= 0, in float32 at least. More units than
    inputs cannot all be orthogonal: then |W'W - I|_F^2 = |WW' - I|_F^2 + units - inputs, as which it is computed.
    `output_axis` is the kernel's axis of units: -1, or -2 for a transposed convolution. ValueError unless factor >= 0,
    for another size, and for a kernel of rank 1. Source: Brock et al. 2017, arXiv:1609.07093, section 3 (absolute),
    as compared in Miyato et al. 2018, arXiv:1802.05957, section 4; most other code squares.
    """

    def __init__(self, factor=1e-4, output_axis=-1, size="frobenius"):
        super().__init__(output_axis)
        if not factor >= 0:
            raise ValueError(f"factor of Orthonormal must be at least 0; received {factor}")
        if size not in SIZES:
            raise ValueError(f"size of Orthonormal must be {' or '.join(SIZES)}; received '{size}'")
        self.factor, self.size = factor, size

    def of_matrix(self, w):
        inputs, units = w.shape
        transposed = self.size == "frobenius" and units > inputs
        gram = tf.matmul(w, w, transpose_a=not transposed, transpose_b=transposed)
        total = tf.reduce_sum(SIZES[self.size](gram - tf.eye(gram.shape[0], dtype=gram.dtype)))
        return self.factor * (total + (units - inputs) if transposed else total)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor, "size": self.size}
