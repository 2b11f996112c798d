"""Orthogonal regularization that leaves the lengths of the units' weights free."""

import keras
from keras import ops

from tfgan_improved.ops import kernel_matrix


@keras.saving.register_keras_serializable("tfgan_improved")
class OffDiagonal(keras.regularizers.Regularizer):
    """beta * |W'W * (1 - I)|_F^2 for a kernel seen as W (inputs, units), a scalar >= 0.

    `axis` is the kernel's axis of units: -1, or -2 for a transposed convolution. ValueError unless beta >= 0, and for
    a kernel of rank 1. The released BigGAN code adds half of this one's gradient: its beta of 1e-4 is 5e-5 here.
    Source: Brock et al. 2019, arXiv:1809.11096, equation 3.
    """

    def __init__(self, beta=1e-4, axis=-1):
        if beta < 0:
            raise ValueError(f"beta of OffDiagonal must be at least 0; received {beta}")
        self.beta, self.axis = beta, axis

    def __call__(self, kernel):
        if len(kernel.shape) < 2:
            raise ValueError(f"OffDiagonal wants a kernel of rank 2 or more; received shape {tuple(kernel.shape)}")
        w = kernel_matrix.of(kernel, self.axis)
        off_diagonal = ops.matmul(ops.transpose(w), w) * (1.0 - ops.eye(w.shape[-1], dtype=w.dtype))
        return self.beta * ops.sum(ops.square(off_diagonal))

    def get_config(self):
        return {"beta": self.beta, "axis": self.axis}
