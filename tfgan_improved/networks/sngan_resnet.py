"""The residual networks of SN-GAN for small images."""

import dataclasses

from tfgan_improved.networks import blocks, residual

# Image size: where G starts, its channels from there up, D's, in multiples of the width, and D's halvings.
TABLES = {32: (4, (4, 4, 4, 4), (2, 2, 2, 2), 2), 48: (6, (8, 4, 2, 1), (1, 2, 4, 8, 16), 4)}


@dataclasses.dataclass(frozen=True)
class SNGANResNet:
    """Residual pair for square images (h, w, c) in [-1, 1] of size 32 (CIFAR-10) or 48 (STL-10).

    G at 32: dense 4x4, three blocks of 4 width channels that double the size, norm, ReLU, 3x3, tanh; at 48: dense 6x6
    of 8 width, then 4, 2 and 1 width. D at 32: four blocks of 2 width, the first two halve the size; at 48: 1, 2, 4, 8
    and 16 width, the last does not; ReLU, the sum over positions. Inside, D's blocks keep the width of their input.
    Conditional: each norm of G has tables of gains and biases, D adds the projection. The paper's D has --d_norm=none
    --d_wrap=spectral. Kernels start as Glorot's uniform, those inside blocks larger by the root of 2.
    ValueError for other sizes of images, and unless width >= 1.
    Source: Miyato et al. 2018, arXiv:1802.05957, tables 4 and 5; conditional: arXiv:1802.05637.
    """

    width: int = 64

    def __post_init__(self):
        residual.check_sizes("SNGANResNet", width=self.width)

    def generator(self, shape, latent, classes=0, norm=None, wrap=None):
        """z (n, latent), or [z, labels (n,)] with classes -> images (n, h, w, c), float32."""
        return residual.generator(self._plan(shape), shape, latent, classes, norm, wrap)

    def discriminator(self, shape, classes=0, norm=None, wrap=None, head=None, verdict=None):
        """Images (n, h, w, c), or [images, labels (n,)] with classes -> {"logits": (n, 1), "features": (n, f)}."""
        return residual.discriminator(self._plan(shape), shape, classes, norm, wrap, head, verdict)

    def _plan(self, shape):
        base, g, d, downs = TABLES[residual.checked_size("SNGANResNet", shape, TABLES)]
        return residual.Plan(base, tuple(self.width * m for m in g), tuple(self.width * m for m in d), downs,
                             blocks.STARTS["glorot_sqrt2"], narrow=True)
