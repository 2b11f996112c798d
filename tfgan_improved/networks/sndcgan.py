"""SN-DCGAN: the convolutional pair of the spectral normalization study, with the discriminator of eight layers."""

import dataclasses

import keras

from tfgan_improved.layers.leaky_relu import LeakyReLU
from tfgan_improved.layers.orthogonal import Orthogonal
from tfgan_improved.layers.thin_convolution import ImageConv2D
from tfgan_improved.networks import parts

layers = keras.layers
STARTS = {"normal": lambda: keras.initializers.RandomNormal(stddev=0.02), "glorot": keras.initializers.GlorotUniform,
          "orthogonal": Orthogonal}
# Channels, in multiples of the width, of D's convolutions: 3x3 with stride 1 and 4x4 with stride 2 in turn.
PAPER, WIDE = (1, 1, 2, 2, 4, 4, 8), (1, 2, 2, 4, 4, 8, 8)


@dataclasses.dataclass(frozen=True)
class SNDCGAN:
    """The standard networks of the study for square images (h, w, c) in [-1, 1], h = w a multiple of 8 from 16 on.

    G: dense to h/8 x h/8 x 8 width, three 4x4 transposed convolutions with stride 2 to 4, 2 and 1 width, each map with
    norm over its channels and ReLU, then a 3x3 convolution to the image with tanh.
    D: seven convolutions, 3x3 with stride 1 and 4x4 with stride 2 in turn, each with leaky ReLU 0.1, then a dense layer
    to the logit. Widths are 1, 1, 2, 2, 4, 4, 8 times `width`, the paper's table 3; with wide=true the strided ones
    have 2, 4 and 8 times, as in code that many have taken up. A norm of D stands behind each convolution but the first.
    The paper's D has --d_norm=none --d_wrap=spectral. Every layer has a bias, also before a norm, as in its code.
    At 32 with width 64, G has 3,813,379 parameters with batch norm, D 2,935,873, wide 5,860,865.
    Kernels start as `g_start` and `d_start` say: normal is N(0, 0.02^2), glorot, or orthogonal, the orthonormal
    regularizer's. Conditional as in `DCGAN`. `noise` is the deviation of Gaussian noise on D's images in training.
    ValueError for other sizes of images, other starts, and unless width and embedding are >= 1 and noise >= 0.
    Source: Miyato et al. 2018, arXiv:1802.05957, table 3; wide: the code of Kurach et al. 2019, arXiv:1807.04720.
    """

    width: int = 64
    wide: bool = False
    g_start: str = "normal"
    d_start: str = "normal"
    embedding: int = 16
    noise: float = 0.0

    def __post_init__(self):
        if min(self.width, self.embedding) < 1 or self.noise < 0:
            raise ValueError("SNDCGAN wants width and embedding of at least 1 and noise >= 0; received "
                             f"width={self.width}, embedding={self.embedding}, noise={self.noise}")
        if {self.g_start, self.d_start} - set(STARTS):
            raise ValueError(f"g_start and d_start of SNDCGAN must be {', '.join(STARTS)}; received "
                             f"'{self.g_start}' and '{self.d_start}'")

    def generator(self, shape, latent, classes=0, norm=None, wrap=None):
        """z (n, latent), or [z, labels (n,)] with classes -> images (n, h, w, c), float32."""
        size, wrap, start = _eighth(shape), wrap or parts.bare, STARTS[self.g_start]
        inputs, x = parts.latent_inputs(latent, classes, self.embedding)
        x = wrap(layers.Dense(size * size * 8 * self.width, kernel_initializer=start(), name="dense"))(x)
        x = layers.Reshape((size, size, 8 * self.width), name=f"map_{size}")(x)
        for factor in (4, 2, 1, None):
            x = layers.ReLU(name=f"relu_{size}")(parts.normalized(x, norm, f"norm_{size}"))
            if factor:
                size *= 2
                x = wrap(layers.Conv2DTranspose(factor * self.width, 4, strides=2, padding="same",
                                                kernel_initializer=start(), name=f"up_{size}"))(x)
        x = wrap(ImageConv2D(shape[-1], 3, padding="same", kernel_initializer=start(), name="to_image"))(x)
        return keras.Model(inputs, layers.Activation("tanh", dtype="float32", name="image")(x), name="generator")

    def discriminator(self, shape, classes=0, norm=None, wrap=None, head=None, verdict=None):
        """Images (n, h, w, c), or [images, labels (n,)] with classes -> {"logits": (n, 1), "features": (n, f)}."""
        _eighth(shape)
        wrap, start = wrap or parts.bare, STARTS[self.d_start]
        inputs, image, labels = parts.image_inputs(shape, classes)
        x = parts.noisy(image, self.noise)
        for index, factor in enumerate(WIDE if self.wide else PAPER, 1):
            kind, (size, strides) = ImageConv2D if index == 1 else layers.Conv2D, (3, 1) if index % 2 else (4, 2)
            x = wrap(kind(factor * self.width, size, strides=strides, padding="same", kernel_initializer=start(),
                          name=f"conv_{index}"))(x)
            x = x if index == 1 else parts.normalized(x, norm, f"norm_{index}")
            x = LeakyReLU(0.1, name=f"leaky_{index}")(x)
        return parts.finished(inputs, x, labels, classes, wrap, head, start, verdict)


def _eighth(shape):
    """An eighth of the size of a square image (h, w, c). ValueError for other shapes, naming the nearest sizes."""
    if len(shape) != 3 or shape[0] != shape[1]:
        raise ValueError(f"SNDCGAN wants square images (h, w, c) with h = w; received shape {tuple(shape)}; "
                         "crop the images, or use the network mlp")
    if shape[0] % 8 or shape[0] < 16:
        below, above = shape[0] // 8 * 8, shape[0] // 8 * 8 + 8
        nearest = f"the nearest are {below} and {above}" if below >= 16 else "the smallest is 16"
        raise ValueError(f"SNDCGAN wants an image size that is a multiple of 8, at least 16; received {shape[0]}; "
                         f"{nearest}")
    return shape[0] // 8
