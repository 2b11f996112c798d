"""How kernels start as orthonormal matrices, in any precision. It lies here to be registered with the layers."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("tfgan_improved")
class Orthogonal(keras.initializers.Orthogonal):
    """gain times a kernel whose columns, or rows where these are fewer, are orthonormal; Keras's, the same numbers.

    Shapes (..., units), the kernel seen as (inputs, units). In half precision, in which TensorFlow has no QR
    decomposition, the kernel is made in float32 and rounded. ValueError for rank below 2.
    Source: Saxe et al. 2014, arXiv:1312.6120.
    """

    def __call__(self, shape, dtype=None):
        dtype = keras.backend.standardize_dtype(dtype)
        return ops.cast(super().__call__(shape, keras.backend.result_type(dtype, "float32")), dtype)
