"""Weight clipping."""

import keras
import tensorflow as tf

from tfgan_improved.constraints import kernel_constraint


@keras.saving.register_keras_serializable("tfgan_improved")
class WeightClipping(kernel_constraint.KernelConstraint):
    """w <- min(max(w, -limit), limit) for each weight of a kernel.

    `output_axis` has no meaning here; all constraints of kernels take it. ValueError unless limit > 0, and for a kernel
    of rank 1. Source: Arjovsky et al. 2017, arXiv:1701.07875, algorithm 1 (limit 0.01).
    """

    def __init__(self, limit=0.01, output_axis=-1):
        super().__init__(output_axis)
        if not limit > 0:
            raise ValueError(f"limit of WeightClipping must be above 0; received {limit}")
        self.limit = limit

    def of_matrix(self, w):
        return tf.clip_by_value(w, -self.limit, self.limit)

    def get_config(self):
        return {**super().get_config(), "limit": self.limit}
