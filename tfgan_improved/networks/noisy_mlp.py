"""The dense pair of semi-supervised learning: a noisy, weight-normalized discriminator that classifies."""

import dataclasses
import math

import keras

from tfgan_improved.layers.gaussian_noise import GaussianNoise
from tfgan_improved.layers.weight_norm import WeightNorm
from tfgan_improved.networks import parts

layers = keras.layers
D_WIDTHS, G_WIDTH = (1000, 500, 250, 250, 250), 500


@dataclasses.dataclass(frozen=True)
class NoisyMLP:
    """Dense layers on flat images, with Gaussian noise before each of D's: the network of permutation-invariant MNIST.

    D: noise of `input_noise` on the image in [0, 1], then dense 1000, 500, 250, 250, 250, each with ReLU and noise of
    deviation `noise`, weight-normalized with fixed scales and started from data; the last ReLU gives the features, and
    the last layer's scales are trained. G: `g_hidden` times dense 500 with norm and softplus, then a weight-normalized
    dense layer with sigmoid, rescaled to [-1, 1]. A given `wrap` takes the place of weight norm. The paper says both
    have five hidden layers; its code, which is the default here, has two in G. ValueError for negative noise or a G
    without hidden layers.
    Source: Salimans et al. 2016, arXiv:1606.03498, section 6.1, and its released MNIST code.
    """

    input_noise: float = 0.3
    noise: float = 0.5
    g_hidden: int = 2

    def __post_init__(self):
        if min(self.input_noise, self.noise) < 0:
            raise ValueError(f"NoisyMLP wants noise of at least 0; received input_noise={self.input_noise}, "
                             f"noise={self.noise}")
        if self.g_hidden < 1:
            raise ValueError(f"NoisyMLP wants g_hidden of at least 1; received {self.g_hidden}")

    def generator(self, shape, latent, classes=0, norm=None, wrap=None):
        """z (n, latent), or [z, labels (n,)] with classes -> images (n, h, w, c) in [-1, 1], float32."""
        inputs, x = parts.latent_inputs(latent, classes, 16)
        for index in range(1, self.g_hidden + 1):
            x = layers.Dense(G_WIDTH, use_bias=norm is None, name=f"dense_{index}")(x)
            x = layers.Activation("softplus", name=f"softplus_{index}")(parts.normalized(x, norm, f"norm_{index}"))
        x = (wrap or _by_rows)(layers.Dense(math.prod(shape), activation="sigmoid", name="to_pixels"))(x)
        x = layers.Reshape(shape, name="shaped")(x)
        return keras.Model(inputs, layers.Rescaling(2.0, -1.0, dtype="float32", name="image")(x), name="generator")

    def discriminator(self, shape, classes=0, norm=None, wrap=None, head=None, verdict=None):
        """Images (n, h, w, c), or [images, labels (n,)] -> {"features": (n, 250), "logits": (n, 1), ...}."""
        inputs, image, labels = parts.image_inputs(shape, classes)
        x = layers.Flatten(name="flat")(layers.Rescaling(0.5, 0.5, name="unit_range")(image))
        noise = self.input_noise
        for index, width in enumerate(D_WIDTHS, 1):
            x = GaussianNoise(noise, name=f"noise_{index}")(x)
            x = (wrap or _started)(layers.Dense(
                width, kernel_initializer=_normal(), name=f"dense_{index}"))(x)
            x = layers.ReLU(name=f"relu_{index}")(parts.normalized(x, norm, f"norm_{index}"))
            noise = self.noise
        last = GaussianNoise(noise, dtype="float32", name="noise_last")
        return parts.finished(inputs, x, labels, classes, wrap or _last, lambda features: (head or parts.bare)(
            last(features)), _normal, verdict)


def _normal():
    return keras.initializers.RandomNormal(stddev=0.1)


def _by_rows(layer):
    return WeightNorm(layer, start=1.0)


def _started(layer):
    return WeightNorm(layer, scale=False, start=1.0, deviation=1.0, epsilon=0.0)


def _last(layer):
    """Weight norm whose scales are trained; a table of classes' vectors stays bare."""
    if isinstance(layer, layers.Embedding):
        return layer
    return WeightNorm(layer, scale=True, start=1.0, deviation=1.0, epsilon=0.0)
