"""Layer normalization: an example's own statistics, whatever else is in its batch."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("tfgan_improved")
class LayerNorm(keras.layers.Layer):
    """y = gamma (x - mean) / sqrt(variance + epsilon) + beta, moments of each example over space and channels.

    gamma and beta are per channel. Shapes: x (n, ..., c), y the same. ValueError for rank 1 and an epsilon that is not
    above 0.
    The same in training and outside. Statistics are at least float32. Differentiable twice, which
    `keras.layers.GroupNormalization` is not (see BatchNorm): the norm for D under a gradient penalty.
    Source: Ba et al. 2016, arXiv:1607.06450, section 3.
    """

    def __init__(self, epsilon=1e-5, center=True, scale=True, gamma_initializer="ones", **kwargs):
        super().__init__(**kwargs)
        if epsilon <= 0:
            raise ValueError(f"epsilon of {type(self).__name__} must be above 0; received {epsilon}")
        self.epsilon, self.center, self.scale = epsilon, center, scale
        self.gamma_initializer = keras.initializers.get(gamma_initializer)

    def build(self, shape):
        if len(shape) < 2:
            raise ValueError(f"{type(self).__name__} wants shape (n, ..., c); received {tuple(shape)}; give it a batch")
        size = (shape[-1],)
        self.gamma = self.beta = None
        if self.scale:
            self.gamma = self.add_weight(name="gamma", shape=size, initializer=self.gamma_initializer, autocast=False)
        if self.center:
            self.beta = self.add_weight(name="beta", shape=size, initializer="zeros", autocast=False)

    def axes(self, rank):
        """The axes of x over which moments are taken."""
        return tuple(range(1, rank))

    def call(self, x):
        dtype, axes, wide = x.dtype, self.axes(len(x.shape)), keras.backend.result_type(self.variable_dtype, "float32")
        x = ops.cast(x, wide)
        difference = x - ops.mean(x, axis=axes, keepdims=True)
        variance = ops.mean(ops.square(difference), axis=axes, keepdims=True)
        factor = ops.rsqrt(variance + self.epsilon)
        y = difference * (factor if self.gamma is None else factor * ops.cast(self.gamma, wide))
        return ops.cast(y if self.beta is None else y + ops.cast(self.beta, wide), dtype)

    def compute_output_shape(self, shape):
        return shape

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon, "center": self.center, "scale": self.scale,
                "gamma_initializer": keras.initializers.serialize(self.gamma_initializer)}
