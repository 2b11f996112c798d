"""DCGAN with five convolutions on either side, whatever the size of the images."""

import dataclasses

import keras

from tfgan_improved.layers.leaky_relu import LeakyReLU
from tfgan_improved.layers.orthogonal import Orthogonal
from tfgan_improved.layers.thin_convolution import ImageConv2D, ImageConv2DTranspose
from tfgan_improved.networks import parts
from tfgan_improved.networks.dcgan import base_and_levels

layers = keras.layers
STAGES = 4  # of either network; the fifth block leads from z and to the logit
STARTS = {"normal": lambda: keras.initializers.RandomNormal(stddev=0.02),
          "orthogonal": Orthogonal}


@dataclasses.dataclass(frozen=True)
class FiveBlockDCGAN:
    """The DCGAN that is usual at 64 x 64, for square images (h, w, c) in [-1, 1] with h = w = base x 2^k, 1 <= k <= 4.

    With a base from 4 to 7 both are unique. At 64 (4 x 2^4) it is the usual one; smaller images keep its five blocks
    and its widths, and 4 - k of them have 3x3 kernels and stride 1 at the base's size: one at 32, two at 28 (7 x 2^2).
    G: a transposed convolution of base x base that takes z for a map of 1 x 1, to 8 width, then stages to 4, 2 and 1
    width and the image, those with stride 1 first; norm and ReLU behind each but the last, tanh behind that.
    D: stages to 1, 2, 4 and 8 width, 4x4 with stride 2 and those with stride 1 last, leaky ReLU 0.2 behind each and a
    norm before it but for the first; then base x base weights to the logit, a dense layer on the flat map.
    A layer before a norm has no bias. Gammas start as N(1, 0.02^2), kernels as N(0, 0.02^2), D's with
    d_start="orthogonal" as orthonormal matrices. Conditional as in `DCGAN`. `noise` is the deviation of Gaussian noise
    on D's images in training. ValueError for other sizes, and unless width and embedding are >= 1 and noise >= 0.
    Source: Radford et al. 2016, arXiv:1511.06434, section 3, with the 4x4 kernels and the blocks that PyTorch's example
    has made usual; Ayinde et al. 2019, arXiv:1901.10824, section 4, names only five layers.
    """

    width: int = 64
    d_start: str = "normal"
    embedding: int = 16
    noise: float = 0.0

    def __post_init__(self):
        if min(self.width, self.embedding) < 1 or self.noise < 0 or self.d_start not in STARTS:
            raise ValueError(f"FiveBlockDCGAN wants width and embedding of at least 1, noise >= 0 and d_start "
                             f"{' or '.join(STARTS)}; received width={self.width}, embedding={self.embedding}, "
                             f"noise={self.noise}, d_start='{self.d_start}'")

    def generator(self, shape, latent, classes=0, norm=None, wrap=None):
        """z (n, latent), or [z, labels (n,)] with classes -> images (n, h, w, c), float32."""
        base, levels = _checked(shape)
        wrap, bias = wrap or parts.bare, norm is None
        inputs, x = parts.latent_inputs(latent, classes, self.embedding)
        x = layers.Reshape((1, 1, x.shape[-1]), name="map_1")(x)
        x = wrap(layers.Conv2DTranspose(8 * self.width, base, use_bias=bias, kernel_initializer=STARTS["normal"](),
                                        name="from_z"))(x)
        for index, factor in enumerate((4, 2, 1, None), 1):
            x = layers.ReLU(name=f"relu_{index}")(parts.normalized(x, norm, f"norm_{index}", gamma_deviation=0.02))
            settings = _stage(index > STAGES - levels) | {"kernel_initializer": STARTS["normal"]()}
            if factor:
                x = wrap(layers.Conv2DTranspose(factor * self.width, use_bias=bias, name=f"up_{index}", **settings))(x)
            else:
                x = wrap(ImageConv2DTranspose(shape[-1], name=f"up_{index}", **settings))(x)
        return keras.Model(inputs, layers.Activation("tanh", dtype="float32", name="image")(x), name="generator")

    def discriminator(self, shape, classes=0, norm=None, wrap=None, head=None, verdict=None):
        """Images (n, h, w, c), or [images, labels (n,)] with classes -> {"logits": (n, 1), "features": (n, f)}."""
        _, levels = _checked(shape)
        wrap, start = wrap or parts.bare, STARTS[self.d_start]
        inputs, image, labels = parts.image_inputs(shape, classes)
        x = parts.noisy(image, self.noise)
        for index in range(1, STAGES + 1):
            first = index == 1
            x = wrap((ImageConv2D if first else layers.Conv2D)(
                2 ** (index - 1) * self.width, use_bias=norm is None or first, kernel_initializer=start(),
                name=f"down_{index}", **_stage(index <= levels)))(x)
            x = x if first else parts.normalized(x, norm, f"norm_{index}", gamma_deviation=0.02)
            x = LeakyReLU(0.2, name=f"leaky_{index}")(x)
        return parts.finished(inputs, x, labels, classes, wrap, head, start, verdict)


def _stage(resizes):
    """Kernel, stride and padding of a stage."""
    return {"kernel_size": 4 if resizes else 3, "strides": 2 if resizes else 1, "padding": "same"}


def _checked(shape):
    """(base, k) of the image's size. ValueError for what `DCGAN` refuses, and for images that need more stages."""
    base, levels = base_and_levels(shape)
    if levels > STAGES:
        raise ValueError(f"FiveBlockDCGAN wants images of at most 112 x 112 (7 x 2^{STAGES}); received {shape[0]}; set "
                         "image_size to 64, or use the network dcgan")
    return base, levels
