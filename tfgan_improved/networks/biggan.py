"""BigGAN: residual networks with conditional norms, latents at every block, attention and projection."""

import dataclasses

from tfgan_improved import checks
from tfgan_improved.networks import blocks, residual

# Image size: G's channels from 4 x 4 up, D's, in multiples of the width, and the sizes that each attends to.
TABLES = {
    32: ((4, 4, 4, 4), (4, 4, 4, 4), 0, 0),
    64: ((16, 16, 8, 4, 2), (1, 2, 4, 8, 16), 64, 0),
    128: ((16, 16, 8, 4, 2, 1), (1, 2, 4, 8, 16, 16), 64, 64),
    256: ((16, 16, 8, 8, 4, 2, 1), (1, 2, 4, 8, 8, 16, 16), 128, 64),
    512: ((16, 16, 8, 8, 4, 2, 1, 1), (1, 1, 2, 4, 8, 8, 16, 16), 64, 64),
}
DOWNS = {32: 2}  # of D's blocks; elsewhere all but the last halve the size


@dataclasses.dataclass(frozen=True)
class BigGAN:
    """Residual pair for square images (h, w, c) in [-1, 1] of size 32, 64, 128, 256 or 512.

    G: dense 4x4, blocks that double the size, norm, ReLU, 3x3, tanh; D: blocks that halve it down to 4x4 (8x8 at 32),
    one or two that do not, ReLU, the sum over positions. Channels are `width` times the table of the size; attention
    of the `form` "released" or "reported" where the table has it, or at g_attention and d_attention: a map's size, 0
    for none. Hierarchical: z is cut in equal parts, one for the first map and one for each block.
    Conditional: classes have vectors of size `shared`, and a block's norms have gains and biases linear in the class's
    vector and the block's part of z; shared=0: tables of gains and biases in each norm, and no parts of z. D adds the
    projection. Unconditional: the norms follow z's parts alone. --g_norm is what normalizes before those gains and
    biases, "none" leaves these alone. Kernels start "orthogonal", "normal" (0.02), "glorot" or "glorot_sqrt2".
    G at 128 with width 96, z of 120 and 1,000 classes has 70,433,988 trained parameters, D 87,982,370.
    ValueError for other sizes and names, and a z that cannot be cut. Source: Brock et al. 2019, arXiv:1809.11096,
    appendix B, with D's widths as in its first version and both public codes; 32 and D at 64 as in the author's code.
    """

    width: int = 96
    shared: int = 128
    hierarchical: bool = True
    g_attention: int = -1
    d_attention: int = -1
    form: str = "released"
    start: str = "orthogonal"

    def __post_init__(self):
        residual.check_sizes("BigGAN", width=self.width)
        if not checks.whole(self.shared) or not all(
                checks.whole(place, -1) for place in (self.g_attention, self.d_attention)):
            raise ValueError("BigGAN wants shared, a whole number of at least 0, g_attention and d_attention a map's "
                             f"size, 0 for none or -1 for the table's; received shared={self.shared!r}, "
                             f"g_attention={self.g_attention!r}, d_attention={self.d_attention!r}")
        if not isinstance(self.hierarchical, bool):
            raise ValueError(f"hierarchical of BigGAN must be True or False; received {self.hierarchical!r}")
        residual.check_start("BigGAN", self.start, self.form)

    def generator(self, shape, latent, classes=0, norm=None, wrap=None):
        """z (n, latent), or [z, labels (n,)] with classes -> images (n, h, w, c), float32."""
        return residual.generator(self._plan(shape), shape, latent, classes, norm, wrap)

    def discriminator(self, shape, classes=0, norm=None, wrap=None, head=None, verdict=None):
        """Images (n, h, w, c), or [images, labels (n,)] with classes -> {"logits": (n, 1), "features": (n, f)}."""
        return residual.discriminator(self._plan(shape), shape, classes, norm, wrap, head, verdict)

    def _plan(self, shape):
        size = residual.checked_size("BigGAN", shape, TABLES)
        g, d, *places = TABLES[size]
        asked = (self.g_attention, self.d_attention)
        g_place, d_place = (table if own < 0 else own for own, table in zip(asked, places))
        return residual.Plan(
            4, tuple(self.width * m for m in g), tuple(self.width * m for m in d), DOWNS.get(size, len(d) - 1),
            blocks.STARTS[self.start], g_place, d_place, self.form, self.shared, self.hierarchical)
