"""What the regularizers of kernels share: any kernel becomes a matrix with one column for each unit."""

import numbers

import keras
import tensorflow as tf

from tfgan_improved.ops import kernel_matrix

HALF = ("bfloat16", "float16")


class KernelRegularizer(keras.regularizers.Regularizer):
    """Base: `of_matrix(W)` of a kernel of any rank from 2 on, W (inputs, units) in at least float32.

    `output_axis` is the kernel's axis of units. ValueError for a kernel of rank 1 and an output_axis that is no
    whole number.
    """

    def __init__(self, output_axis=-1):
        if not isinstance(output_axis, numbers.Integral):
            raise ValueError(f"output_axis of {type(self).__name__} must be a whole number; received {output_axis!r}")
        self.output_axis = output_axis

    def __call__(self, kernel):
        if len(kernel.shape) < 2:
            raise ValueError(f"{type(self).__name__} wants a kernel of rank 2 or more; received shape "
                             f"{tuple(kernel.shape)}; leave biases and scales out")
        w = kernel_matrix.of(tf.convert_to_tensor(kernel), self.output_axis)
        return self.of_matrix(tf.cast(w, "float32") if keras.backend.standardize_dtype(w.dtype) in HALF else w)

    def of_matrix(self, w):
        """The penalty of W (inputs, units), a scalar."""
        raise NotImplementedError

    def get_config(self):
        return {"output_axis": self.output_axis}
