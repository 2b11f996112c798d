"""Constraints on the singular values of a kernel's matrix, by its singular value decomposition W = U S V'."""

import keras
import tensorflow as tf

from tfgan_improved.constraints import kernel_constraint


@keras.saving.register_keras_serializable("tfgan_improved")
class SpectralProjection(kernel_constraint.KernelConstraint):
    """W <- U min(S, limit) V': the nearest matrix, by the Frobenius norm, whose largest singular value is at most it.

    A W within the limit is left as it is. Spectral normalization (`tfi.layers.SpectralNormalization`) divides W by its
    largest singular value instead, and differentiates through that. Exact, so slower than a power iteration: a
    decomposition a kernel and update, a quarter of a second of one core for 4,608 x 512.
    ValueError unless limit > 0, and for a kernel of rank 1. Source: Gouk et al. 2021, arXiv:1804.04368, section 3, who
    project behind each update by dividing W; to cut the values is the projection of Sedghi et al. 2019,
    arXiv:1805.10408, section 3.
    """

    def __init__(self, limit=1.0, output_axis=-1):
        super().__init__(output_axis)
        if not limit > 0:
            raise ValueError(f"limit of SpectralProjection must be above 0; received {limit}")
        self.limit = limit

    def of_matrix(self, w):
        s, u, v = tf.linalg.svd(w)
        projected = tf.matmul(u * tf.minimum(s, self.limit), v, transpose_b=True)
        return tf.where(s[0] > self.limit, projected, w)

    def get_config(self):
        return {**super().get_config(), "limit": self.limit}


@keras.saving.register_keras_serializable("tfgan_improved")
class OrthogonalProjection(kernel_constraint.KernelConstraint):
    """W <- U V': the nearest matrix, by the Frobenius norm, whose singular values are all 1.

    So W'W = I, the units orthonormal; with more units than inputs WW' = I. A decomposition a kernel and update, as in
    `SpectralProjection`. ValueError for a kernel of rank 1.
    Source: Higham 1986, doi:10.1137/0907079, section 2 (the polar factor is the nearest).
    """

    def __init__(self, output_axis=-1):
        super().__init__(output_axis)

    def of_matrix(self, w):
        _, u, v = tf.linalg.svd(w)
        return tf.matmul(u, v, transpose_b=True)
