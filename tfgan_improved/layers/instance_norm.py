"""Instance normalization: each channel of an example by its own statistics."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("tfgan_improved")
class InstanceNorm(keras.layers.Layer):
    """y = gamma (x - mean) / sqrt(variance + epsilon) + beta, moments of each example and channel over space.

    gamma and beta are per channel; scale=False and center=False leave them out. Shapes: x (n, ..., c), y the same.
    Rows (n, c) have no space: they are normalized over their channels, which is layer norm, because one number's
    variance is 0. For the same reason a map of 1 x 1 becomes beta. ValueError for rank 1, and unless epsilon > 0.
    The same in training and outside. Statistics are float32 in mixed precision. Differentiable twice.
    Source: Ulyanov et al. 2016, arXiv:1607.08022, equation 4.
    """

    def __init__(self, epsilon=1e-5, center=True, scale=True, gamma_initializer="ones", **kwargs):
        super().__init__(**kwargs)
        if epsilon <= 0:
            raise ValueError(f"epsilon of InstanceNorm must be above 0; received {epsilon}")
        self.epsilon, self.center, self.scale = epsilon, center, scale
        self.gamma_initializer = keras.initializers.get(gamma_initializer)

    def build(self, shape):
        if len(shape) < 2:
            raise ValueError(f"InstanceNorm wants shape (n, ..., c); received {tuple(shape)}; give it a batch")
        size = (shape[-1],)
        self.gamma = self.beta = None
        if self.scale:
            self.gamma = self.add_weight(name="gamma", shape=size, initializer=self.gamma_initializer, autocast=False)
        if self.center:
            self.beta = self.add_weight(name="beta", shape=size, initializer="zeros", autocast=False)

    def call(self, x):
        dtype, axes = x.dtype, tuple(range(1, max(len(x.shape) - 1, 2)))
        x = ops.cast(x, self.variable_dtype)
        difference = x - ops.mean(x, axis=axes, keepdims=True)
        variance = ops.mean(ops.square(difference), axis=axes, keepdims=True)
        factor = ops.rsqrt(variance + self.epsilon)
        y = difference * (factor if self.gamma is None else factor * self.gamma)
        return ops.cast(y if self.beta is None else y + self.beta, dtype)

    def compute_output_shape(self, shape):
        return shape

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon, "center": self.center, "scale": self.scale,
                "gamma_initializer": keras.initializers.serialize(self.gamma_initializer)}
