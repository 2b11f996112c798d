"""The convolutional pair of semi-supervised learning: a noisy, weight-normalized discriminator that classifies."""

import dataclasses

import keras

from tfgan_improved.layers.dropout import Dropout
from tfgan_improved.layers.gaussian_noise import GaussianNoise
from tfgan_improved.layers.leaky_relu import LeakyReLU
from tfgan_improved.layers.weight_norm import WeightNorm
from tfgan_improved.networks import parts

layers = keras.layers


@dataclasses.dataclass(frozen=True)
class NoisyConv:
    """The convolutional pair of semi-supervised CIFAR-10 (`width` 96) and SVHN (64), for images of 32 x 32.

    D: dropout `input_dropout` or noise `input_noise` on the image; 3x3 convolutions width, width, width with stride 2,
    dropout, 2 width twice and with stride 2, dropout, 2 width without padding, 1x1 twice; leaky ReLU 0.2, weight norm
    with fixed scales started from data; the mean over positions gives the features, and the last layer starts with
    deviation 0.1 and trained scales. G: dense 4x4x512, then 5x5 transposed convolutions with stride 2 to 256, 128 and
    the image, norm and ReLU between, weight norm and tanh at the end. A given `wrap` takes the place of weight norm.
    The paper gives SVHN the networks of CIFAR-10; its code has the narrower ones. Layers with stride 2 pad as "same"
    does, which lies a pixel beside the code's equal borders. ValueError for other sizes and senseless settings.
    Source: Salimans et al. 2016, arXiv:1606.03498, section 6.2 and 6.3, and its released CIFAR-10 and SVHN code.
    """

    width: int = 96
    input_dropout: float = 0.2
    input_noise: float = 0.0
    dropout: float = 0.5

    def __post_init__(self):
        if self.width < 1 or self.input_noise < 0 or not (0 <= self.input_dropout < 1 and 0 <= self.dropout < 1):
            raise ValueError("NoisyConv wants width >= 1, input_noise >= 0 and rates of dropout from 0 to below 1; "
                             f"received width={self.width}, input_dropout={self.input_dropout}, "
                             f"input_noise={self.input_noise}, dropout={self.dropout}")

    def generator(self, shape, latent, classes=0, norm=None, wrap=None):
        """z (n, latent), or [z, labels (n,)] with classes -> images (n, 32, 32, c) in [-1, 1], float32."""
        _check(shape)
        inputs, x = parts.latent_inputs(latent, classes, 16)
        x = layers.Dense(4 * 4 * 512, use_bias=norm is None, kernel_initializer=_small(), name="dense")(x)
        x = layers.ReLU(name="relu_0")(parts.normalized(x, norm, "norm_0"))
        x = layers.Reshape((4, 4, 512), name="map_4")(x)
        for width, size in ((256, 8), (128, 16)):
            x = layers.Conv2DTranspose(width, 5, strides=2, padding="same", use_bias=norm is None,
                                       kernel_initializer=_small(), name=f"up_{size}")(x)
            x = layers.ReLU(name=f"relu_{size}")(parts.normalized(x, norm, f"norm_{size}"))
        x = (wrap or _last)(layers.Conv2DTranspose(shape[-1], 5, strides=2, padding="same",
                                                   kernel_initializer=_small(), name="up_32"))(x)
        return keras.Model(inputs, layers.Activation("tanh", dtype="float32", name="image")(x), name="generator")

    def discriminator(self, shape, classes=0, norm=None, wrap=None, head=None, verdict=None):
        """Images (n, 32, 32, c), or [images, labels (n,)] -> {"features": (n, 2 width), "logits": (n, 1), ...}."""
        _check(shape)
        inputs, image, labels = parts.image_inputs(shape, classes)
        x = GaussianNoise(self.input_noise, name="noise")(Dropout(self.input_dropout, name="dropout_0")(image))
        plan = [(1, 3, 1, "same"), (1, 3, 1, "same"), (1, 3, 2, "same"), None,
                (2, 3, 1, "same"), (2, 3, 1, "same"), (2, 3, 2, "same"), None,
                (2, 3, 1, "valid"), (2, 1, 1, "valid"), (2, 1, 1, "valid")]
        for index, step in enumerate(plan, 1):
            if step is None:
                x = Dropout(self.dropout, name=f"dropout_{index}")(x)
                continue
            factor, kernel, strides, padding = step
            x = (wrap or _started)(layers.Conv2D(
                factor * self.width, kernel, strides=strides, padding=padding, kernel_initializer=_small(),
                name=f"conv_{index}"))(x)
            x = LeakyReLU(0.2, name=f"leaky_{index}")(parts.normalized(x, norm, f"norm_{index}"))
        x = layers.GlobalAveragePooling2D(name="mean")(x)
        return parts.finished(inputs, x, labels, classes, wrap or _last, head, _small, verdict)


def _small():
    return keras.initializers.RandomNormal(stddev=0.05)


def _started(layer):
    return WeightNorm(layer, scale=False, start=1.0, deviation=1.0)


def _last(layer):
    """Weight norm whose scales are trained; a table of classes' vectors stays bare."""
    return layer if isinstance(layer, layers.Embedding) else WeightNorm(layer, scale=True, start=1.0, deviation=0.1)


def _check(shape):
    if tuple(shape[:2]) != (32, 32) or len(shape) != 3:
        raise ValueError(f"NoisyConv wants images of 32 x 32; received shape {tuple(shape)}; set image_size to 32")
