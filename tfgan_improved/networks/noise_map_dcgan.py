"""A convolutional pair whose generator takes noise at every resolution, for square images of any size 4 x 2^k."""

import dataclasses
import itertools
import math

import keras

from tfgan_improved.layers.leaky_relu import LeakyReLU
from tfgan_improved.layers.part import Part
from tfgan_improved.networks import parts

layers = keras.layers
UNSTRIDED = 2  # convolutions of D that keep the size


@dataclasses.dataclass(frozen=True)
class NoiseMapDCGAN:
    """The pair of the paper's ImageNet code, made for 128 x 128; images (h, w, c) in [-1, 1], h = w = 4 x 2^k, k >= 1.

    z is one flat row: `vector` numbers from which a dense layer makes 4 x 4 x 8 width, then the noise maps, of width,
    width, width / 2, width / 4 and from 64 pixels on width / 8 channels (at least 1), size by size. `latent_size` says
    how many numbers that are: 201,728 for 128 x 128. G: at each size norm, ReLU and the map beside the channels, then
    a 5x5 transposed convolution with stride 2, to 4 width, 2 width and then width channels; at the end one with
    stride 1 and tanh, with weights N(0, 0.075^2) and a bias of -0.45 at first, about where images lie.
    D: noise of deviation `noise` on the image, 3x3 convolutions with stride 2 to width, 2 width, 4 width and then
    8 width channels, two without stride behind the third, down to 4 x 4, and a dense layer of 40 width; each with norm
    and leaky ReLU 0.2. The last is the features. Kernels start with deviation 0.02, D's convolutions truncated; gammas
    as N(1, 0.02^2); a layer before a norm has no bias. Conditional: `embedding` as in `DCGAN`.
    ValueError for other sizes of images or of z. Source: the code for ImageNet of Salimans et al. 2016,
    arXiv:1606.03498 (section 6.4).
    """

    width: int = 64
    vector: int = 8192
    embedding: int = 16
    noise: float = 0.1

    def __post_init__(self):
        if min(self.width, self.vector, self.embedding) < 1 or self.noise < 0:
            raise ValueError("NoiseMapDCGAN wants width, vector and embedding of at least 1 and noise >= 0; received "
                             f"width={self.width}, vector={self.vector}, embedding={self.embedding}, "
                             f"noise={self.noise}")

    def latent_size(self, shape):
        """How many numbers z has for images of `shape`: `vector` and those of the noise maps. ValueError as built."""
        return self.vector + sum(math.prod(part) for part in self._noise_shapes(shape))

    def generator(self, shape, latent, classes=0, norm=None, wrap=None):
        """z (n, latent), or [z, labels (n,)] with classes -> images (n, h, w, c), float32."""
        wrap, noises = wrap or parts.bare, self._noise_shapes(shape)
        if latent != (wanted := self.latent_size(shape)):
            raise ValueError(f"NoiseMapDCGAN with width {self.width} wants a z of {wanted} numbers, {self.vector} and "
                             f"{wanted - self.vector} for its noise maps; received {latent}; give a latent such as "
                             f"uniform:{wanted}, or other values of width and vector")
        inputs, z = parts.latent_inputs(latent, classes, self.embedding)
        x = Part(0, (self.vector,), name="vector")(z)
        if classes:
            x = layers.Concatenate(name="vector_and_label")([x, Part(latent, (self.embedding,), name="label")(z)])
        x = wrap(layers.Dense(4 * 4 * 8 * self.width, use_bias=norm is None, kernel_initializer=_normal(),
                              name="dense"))(x)
        x = layers.Reshape((4, 4, 8 * self.width), name="map_4")(x)
        firsts = itertools.accumulate(map(math.prod, noises), initial=self.vector)
        for level, (noise, first) in enumerate(zip(noises, firsts)):
            size = noise[0]
            if level:
                x = wrap(layers.Conv2DTranspose(
                    max(8 >> level, 1) * self.width, 5, strides=2, padding="same", use_bias=norm is None,
                    kernel_initializer=_normal(), name=f"up_{size}"))(x)
            x = parts.normalized(x, norm, f"norm_{size}", gamma_deviation=0.02)
            x = layers.ReLU(name=f"relu_{size}")(x)
            x = layers.Concatenate(name=f"with_noise_{size}")([x, Part(first, noise, name=f"noise_{size}")(z)])
        x = wrap(layers.Conv2DTranspose(
            shape[-1], 5, padding="same", kernel_initializer=_normal(0.075),
            bias_initializer=keras.initializers.Constant(-0.45), name="to_image"))(x)
        return keras.Model(inputs, layers.Activation("tanh", dtype="float32", name="image")(x), name="generator")

    def discriminator(self, shape, classes=0, norm=None, wrap=None, head=None, verdict=None):
        """Images (n, h, w, c), or [images, labels (n,)] with classes -> {"features": (n, 40 width), "logits": ...}."""
        wrap, levels = wrap or parts.bare, _levels(shape)
        inputs, image, labels = parts.image_inputs(shape, classes)
        x = parts.noisy(image, self.noise)
        plan = [(min(2**level, 8), 2) for level in range(levels)]
        middle = min(levels, 3)
        plan[middle:middle] = [(plan[middle - 1][0], 1)] * UNSTRIDED
        for index, (factor, strides) in enumerate(plan, 1):
            x = wrap(layers.Conv2D(
                factor * self.width, 3, strides=strides, padding="same", use_bias=norm is None,
                kernel_initializer=keras.initializers.TruncatedNormal(stddev=0.02), name=f"conv_{index}"))(x)
            x = parts.normalized(x, norm, f"norm_{index}", gamma_deviation=0.02)
            x = LeakyReLU(0.2, name=f"leaky_{index}")(x)
        x = layers.Flatten(name="flat")(x)
        x = wrap(layers.Dense(40 * self.width, use_bias=norm is None, kernel_initializer=_normal(), name="dense"))(x)
        x = LeakyReLU(0.2, name="leaky_dense")(parts.normalized(x, norm, "norm_dense", gamma_deviation=0.02))
        return parts.finished(inputs, x, labels, classes, wrap, head, _normal, verdict)

    def _noise_shapes(self, shape):
        """Shapes (size, size, channels) of the noise maps from 4 pixels to the image's."""
        shares = [1, 1, 2, 4]  # then 8, at 128 pixels too: the code reckons 16 there and does not use it
        return [(4 * 2**level, 4 * 2**level, max(self.width // (shares[level] if level < 4 else 8), 1))
                for level in range(_levels(shape) + 1)]


def _normal(deviation=0.02):
    return keras.initializers.RandomNormal(stddev=deviation)  # a fresh one for each layer


def _levels(shape):
    """k of a square image (h, w, c) with h = 4 x 2^k; ValueError for others."""
    if len(shape) != 3 or shape[0] != shape[1] or shape[0] < 8 or shape[0] & (shape[0] - 1):
        raise ValueError("NoiseMapDCGAN wants square images whose size is 4 x 2^k, such as 32 or 128; received shape "
                         f"{tuple(shape)}; set image_size")
    return shape[0].bit_length() - 3
