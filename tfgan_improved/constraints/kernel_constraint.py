"""What the constraints of kernels share: any kernel becomes a matrix with one column for each unit, and back."""

import numbers

import keras
import tensorflow as tf

from tfgan_improved.ops import kernel_matrix

HALF = ("bfloat16", "float16")


class KernelConstraint(keras.constraints.Constraint):
    """Base: the kernel whose matrix is `of_matrix(W)`, W (inputs, units) that of the kernel in at least float32.

    It is a projection of the weights behind an update, not a reparametrisation: the gradient does not know of it.
    `output_axis` is the kernel's axis of units: -1, of a transposed convolution -2, of an Embedding's classes 0.
    ValueError for a kernel of rank 1 and an output_axis that is no whole number.
    """

    def __init__(self, output_axis=-1):
        if not isinstance(output_axis, numbers.Integral):
            raise ValueError(f"output_axis of {type(self).__name__} must be a whole number; received {output_axis!r}")
        self.output_axis = output_axis

    def __call__(self, kernel):
        if len(kernel.shape) < 2:
            raise ValueError(f"{type(self).__name__} wants a kernel of rank 2 or more; received shape "
                             f"{tuple(kernel.shape)}; leave biases and scales out")
        kernel = tf.convert_to_tensor(kernel)
        w = kernel_matrix.of(kernel, self.output_axis)
        # There is no decomposition in half precision, and lengths would have too few digits.
        matrix = self.of_matrix(tf.cast(w, "float32") if kernel.dtype.name in HALF else w)
        return kernel_matrix.back(tf.cast(matrix, kernel.dtype), kernel.shape, self.output_axis)

    def of_matrix(self, w):
        """The matrix (inputs, units) to which W is moved."""
        raise NotImplementedError

    def get_config(self):
        return {"output_axis": self.output_axis}
