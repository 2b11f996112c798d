"""Weight normalization of a layer's kernel."""

import keras
from keras import ops

from tfgan_improved.layers.kernel_wrapper import KernelWrapper


@keras.saving.register_keras_serializable("tfgan_improved")
class WeightNorm(KernelWrapper):
    """The layer with g V / sqrt(|V|^2 + epsilon) for its kernel V, |V| the length of each unit's weights.

    It is a reparametrisation: V and g (units,) are trained and the gradient flows through the quotient. g starts at
    |V|, so that the layer starts unchanged; scale=False keeps it there.
    Layers: Dense, convolutions, transposed convolutions, Embedding (units are its classes); TypeError for any other.
    Source: Salimans & Kingma 2016, arXiv:1602.07868, equation 2; epsilon as in the code of arXiv:1606.03498.
    """

    def __init__(self, layer, scale=True, epsilon=1e-6, **kwargs):
        super().__init__(layer, **kwargs)
        self.scale, self.epsilon = scale, epsilon

    def build(self, shape):
        super().build(shape)
        self.g = self.add_weight(
            name="g", shape=(self.units,), trainable=self.scale, autocast=False,
            initializer=lambda shape, dtype: self._lengths(self.kernel.value))

    def effective(self, kernel, training):
        return kernel * self.per_unit(self.g / self._lengths(kernel))

    def _lengths(self, kernel):
        return ops.sqrt(ops.sum(ops.square(self.matrix(kernel)), axis=0) + self.epsilon)

    def get_config(self):
        return {**super().get_config(), "scale": self.scale, "epsilon": self.epsilon}
