"""DCGAN for square images of any size base x 2^k; the depth follows the size."""

import dataclasses

import keras

from tfgan_improved import checks
from tfgan_improved.layers.dropout import Dropout
from tfgan_improved.layers.leaky_relu import LeakyReLU
from tfgan_improved.layers.self_attention import SelfAttention
from tfgan_improved.layers.thin_convolution import ImageConv2D, ImageConv2DTranspose
from tfgan_improved.networks import parts

layers = keras.layers
BASES = (4, 5, 6, 7)


@dataclasses.dataclass(frozen=True)
class DCGAN:
    """Strided 4x4 convolutions between base x base and the image; images (h, w, c) in [-1, 1], h = w = base x 2^k.

    With a base from 4 to 7 and k >= 1 both are unique: 28 is 7 x 2^2, 32 is 4 x 2^3. D's channels double from `width`
    at half the image's size to width * 2^(k-1) at the base, at most `max_width`; G's are the same in reverse. D has a
    width of its own where `d_width` is not 0.
    G: dense, then transposed convolutions, each but the last with norm and ReLU, the last with tanh.
    D: convolutions, each but the first with norm, leaky ReLU 0.2; the last map flat is the features.
    Kernels start as N(0, 0.02^2), gammas as N(1, 0.02^2); a layer before a norm has no bias.
    Conditional: G starts from [z, a class's vector of size `embedding`], D adds the projection (`parts.finished`).
    `noise` is the deviation of Gaussian noise on D's images in training. `attention` is the size of the maps that both
    attend to, 0 for none. `dropout` is the rate at which D drops numbers, or with `whole_channels` channels, of each
    map but the first, behind the norm. ValueError for other sizes, naming the nearest.
    Source: Radford et al. 2016, arXiv:1511.06434, section 3 (with 4x4 kernels, which the stride divides, for its 5x5);
    attention: Zhang et al. 2019, arXiv:1805.08318, section 3.
    """

    width: int = 64
    max_width: int = 1024
    embedding: int = 16
    noise: float = 0.0
    attention: int = 0
    dropout: float = 0.0
    whole_channels: bool = True
    d_width: int = 0

    def __post_init__(self):
        if not checks.whole(self.attention) or not checks.real(self.dropout, 0) or self.dropout >= 1:
            raise ValueError("DCGAN wants attention of at least 0 and dropout from 0 to below 1; received "
                             f"attention={self.attention!r}, dropout={self.dropout!r}")
        if not (checks.whole(self.max_width, 1) and checks.whole(self.width, 1, self.max_width)
                and checks.whole(self.d_width, 0, self.max_width) and checks.whole(self.embedding, 1)
                and checks.real(self.noise, 0)):
            raise ValueError("DCGAN wants 1 <= width <= max_width, d_width up to it, embedding >= 1, whole numbers, "
                             f"and noise >= 0; received width={self.width!r}, d_width={self.d_width!r}, "
                             f"max_width={self.max_width!r}, embedding={self.embedding!r}, noise={self.noise!r}")

    def generator(self, shape, latent, classes=0, norm=None, wrap=None):
        """z (n, latent), or [z, labels (n,)] with classes -> images (n, h, w, c), float32."""
        base, levels = self._base_and_levels(shape)
        wrap, widths = wrap or parts.bare, self._widths(self.width, levels)
        inputs, x = parts.latent_inputs(latent, classes, self.embedding)
        x = wrap(layers.Dense(
            base * base * widths[-1], use_bias=norm is None, kernel_initializer=_normal(), name="dense"))(x)
        x = layers.Reshape((base, base, widths[-1]), name=f"map_{base}")(x)
        size = base
        for width in (*reversed(widths[:-1]), None):
            x = parts.normalized(x, norm, f"norm_{size}", gamma_deviation=0.02)
            x = self._attended(layers.ReLU(name=f"relu_{size}")(x), size, wrap)
            size *= 2
            kind = layers.Conv2DTranspose if width else ImageConv2DTranspose
            x = wrap(kind(
                width or shape[-1], 4, strides=2, padding="same", use_bias=norm is None or width is None,
                kernel_initializer=_normal(), name=f"up_{size}"))(x)
        return keras.Model(inputs, layers.Activation("tanh", dtype="float32", name="image")(x), name="generator")

    def discriminator(self, shape, classes=0, norm=None, wrap=None, head=None, verdict=None):
        """Images (n, h, w, c), or [images, labels (n,)] with classes -> {"logits": (n, 1), "features": (n, f)}."""
        base, levels = self._base_and_levels(shape)
        wrap = wrap or parts.bare
        inputs, image, labels = parts.image_inputs(shape, classes)
        x, size = parts.noisy(image, self.noise), base * 2**levels
        for width in self._widths(self.d_width or self.width, levels):
            first, size = size == base * 2**levels, size // 2
            x = wrap((ImageConv2D if first else layers.Conv2D)(
                width, 4, strides=2, padding="same", use_bias=norm is None or first,
                kernel_initializer=_normal(), name=f"down_{size}"))(x)
            x = x if first else parts.normalized(x, norm, f"norm_{size}", gamma_deviation=0.02)
            if self.dropout and not first:
                x = Dropout(self.dropout, self.whole_channels, name=f"dropout_{size}")(x)
            x = self._attended(LeakyReLU(0.2, name=f"leaky_{size}")(x), size, wrap)
        return parts.finished(inputs, x, labels, classes, wrap, head, _normal, verdict)

    def _base_and_levels(self, shape):
        base, levels = base_and_levels(shape)
        maps = [base * 2**level for level in range(levels)]
        if self.attention and self.attention not in maps:
            raise ValueError(f"attention of DCGAN must be the size of a map, {', '.join(map(str, maps))}; received "
                             f"{self.attention}")
        return base, levels

    def _widths(self, width, levels):
        return [min(width * 2**level, self.max_width) for level in range(levels)]

    def _attended(self, x, size, wrap):
        if size != self.attention:
            return x
        return SelfAttention.released(x.shape[-1], wrap, _normal, name=f"attention_{size}")(x)


def base_and_levels(shape):
    """(base, k) of a square image (h, w, c) with h = base x 2^k. ValueError naming the nearest sizes for others."""
    if len(shape) != 3 or shape[0] != shape[1]:
        raise ValueError(f"DCGAN wants square images (h, w, c) with h = w; received shape {tuple(shape)}; "
                         "crop the images, or use the network mlp")
    size, levels = shape[0], 0
    while size > BASES[-1] and size % 2 == 0:
        size, levels = size // 2, levels + 1
    if size in BASES and levels:
        return size, levels
    allowed = sorted(base * 2**k for base in BASES for k in range(1, max(shape[0], 2).bit_length() + 1))
    below, above = [s for s in allowed if s < shape[0]][-1:], [s for s in allowed if s > shape[0]][:1]
    nearest = f"nearest are {below[0]} and {above[0]}" if below else f"smallest is {above[0]}"
    raise ValueError(f"DCGAN wants an image size of base x 2^k with a base from 4 to 7 and k at least 1; "
                     f"received {shape[0]}; the {nearest}")


def _normal():
    return keras.initializers.RandomNormal(stddev=0.02)  # a fresh one for each layer: the same one would repeat itself
