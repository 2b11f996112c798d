"""Spectral normalization of a layer's kernel."""

import keras
import tensorflow as tf

from tfgan_improved import checks
from tfgan_improved.layers.kernel_wrapper import KernelWrapper
from tfgan_improved.ops import power_iteration


@keras.saving.register_keras_serializable("tfgan_improved")
class SpectralNorm(KernelWrapper):
    """The layer with W / sigma(W) for its kernel W (inputs, units), sigma the largest singular value.

    It is a reparametrisation: W is what is trained and the gradient flows through W / sigma(W), sigma = v' W u with u
    and v constant; where sigma is at most `epsilon`, the kernel stays W. `keras.layers.SpectralNormalization` is a
    projection instead: it overwrites W. One left vector u (units,) is remembered; every call refines it by
    `power_iterations` and only a training call stores it.
    Layers: Dense, convolutions, transposed convolutions, Embedding (units are its classes). TypeError for any other,
    ValueError unless power_iterations is a whole number >= 1 and epsilon >= 0.
    Source: Miyato et al. 2018, arXiv:1802.05957, section 2.1 and appendix A.
    """

    def __init__(self, layer, power_iterations=1, epsilon=1e-12, **kwargs):
        super().__init__(layer, **kwargs)
        if not checks.whole(power_iterations, 1) or not checks.real(epsilon, 0):
            raise ValueError("SpectralNorm wants power_iterations of at least 1 (a whole number) and epsilon of at "
                             f"least 0; received power_iterations={power_iterations!r}, epsilon={epsilon!r}")
        self.power_iterations, self.epsilon = power_iterations, epsilon

    def build(self, shape):
        super().build(shape)
        # Every replica computes the same u: each keeps its own copy and nothing has to be sent.
        self.u = keras.Variable(
            name="u", shape=(self.units,), initializer=keras.initializers.RandomNormal(stddev=1.0),
            dtype=self.variable_dtype, trainable=False, synchronization="on_read", aggregation="only_first_replica")

    def effective(self, kernel, training):
        sigma, u = power_iteration.spectral_norm(
            self.matrix(kernel), self.u.value, self.power_iterations, self.epsilon)
        if training:
            self.u.assign(u)
        return kernel / tf.where(sigma > self.epsilon, sigma, tf.ones_like(sigma))  # a kernel of zeros stays one

    def get_config(self):
        return {**super().get_config(), "power_iterations": self.power_iterations, "epsilon": self.epsilon}


SpectralNormalization = SpectralNorm  # Keras's name for a layer of this kind; saved models know it by the shorter one
