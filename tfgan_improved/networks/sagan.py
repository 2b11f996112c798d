"""SAGAN: residual networks with self-attention and spectral normalization."""

import dataclasses

from tfgan_improved import checks
from tfgan_improved.networks import blocks, residual

# Image size: G's channels from 4 x 4 up and D's, in multiples of the width.
TABLES = {64: ((16, 16, 8, 4, 2), (1, 2, 4, 8, 16)), 128: ((16, 16, 8, 4, 2, 1), (1, 2, 4, 8, 16, 16))}


@dataclasses.dataclass(frozen=True)
class SAGAN:
    """Residual pair for square images (h, w, c) in [-1, 1] of size 64 or 128 that attend at maps of one size.

    G: dense 4x4, blocks that double the size, norm, ReLU, 3x3, tanh; D: blocks that halve it down to 4x4, one that does
    not, ReLU, the sum over positions. Both attend at maps of size `attention` (0: nowhere), in the `form` "released"
    or "reported". Conditional: each norm of G has tables of gains and biases, D adds the projection. The paper
    normalizes all kernels spectrally, --d_wrap=spectral --g_wrap=spectral. Kernels start as in Glorot's uniform.
    ValueError for other sizes of images, and unless width >= 1 and attention >= 0.
    Source: Zhang et al. 2019, arXiv:1805.08318, section 4 and its released code.
    """

    width: int = 64
    attention: int = 32
    form: str = "released"

    def __post_init__(self):
        residual.check_sizes("SAGAN", width=self.width)
        residual.check_start("SAGAN", "glorot", self.form)
        if not checks.whole(self.attention):
            raise ValueError(f"attention of SAGAN must be a map's size, or 0 for none; received {self.attention!r}")

    def generator(self, shape, latent, classes=0, norm=None, wrap=None):
        """z (n, latent), or [z, labels (n,)] with classes -> images (n, h, w, c), float32."""
        return residual.generator(self._plan(shape), shape, latent, classes, norm, wrap)

    def discriminator(self, shape, classes=0, norm=None, wrap=None, head=None, verdict=None):
        """Images (n, h, w, c), or [images, labels (n,)] with classes -> {"logits": (n, 1), "features": (n, f)}."""
        return residual.discriminator(self._plan(shape), shape, classes, norm, wrap, head, verdict)

    def _plan(self, shape):
        g, d = TABLES[residual.checked_size("SAGAN", shape, TABLES)]
        return residual.Plan(4, tuple(self.width * m for m in g), tuple(self.width * m for m in d), len(d) - 1,
                             blocks.STARTS["glorot"], self.attention, self.attention, self.form)
