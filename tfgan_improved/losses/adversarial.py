"""The adversarial losses. Each has D's half and G's half apart, so that a turn computes only what it minimizes.

`hinge(real, fake)` gives both halves at once; `hinge.generator(fake)` only G's. All take raw logits (n, 1), real
number valued, and return scalars: means over the batch, in float32 for logits of half precision.
"""

import dataclasses
import math
from typing import NamedTuple

import keras
import tensorflow as tf
from keras import ops

HALF = ("bfloat16", "float16")


class GanLoss(NamedTuple):
    """What each of the two players minimizes."""

    discriminator: tf.Tensor
    generator: tf.Tensor


class Adversarial:
    """Base of the losses: called with real and fake logits (n, 1), returns a GanLoss of two scalars."""

    def __call__(self, real, fake):
        return GanLoss(self.discriminator(real, fake), self.generator(fake))

    @property
    def least(self):
        """The number that D's half of the loss comes near to where D tells everything apart."""
        return 0.0


@dataclasses.dataclass(frozen=True)
class Saturating(Adversarial):
    """L_D = -E[t log D(x) + (1 - t) log(1 - D(x))] - E[log(1 - D(G(z)))], L_G = E[log(1 - D(G(z)))].

    D = sigmoid(logit);
    t = 1 - label_smoothing, one-sided: only real targets move, in [0, 0.5]. ValueError for another smoothing.
    Source: Goodfellow et al. 2014, arXiv:1406.2661, equation 1; Salimans et al. 2016, arXiv:1606.03498, section 3.4.
    """

    label_smoothing: float = 0.0

    def __post_init__(self):
        if not 0 <= self.label_smoothing <= 0.5:
            raise ValueError(f"label_smoothing must be from 0 to 0.5 (0.1 makes real targets 0.9); "
                             f"received {self.label_smoothing}")

    @property
    def least(self):
        """The entropy of the real target: 0 without smoothing, 0.3251 with one of 0.1."""
        s = self.label_smoothing
        return -s * math.log(s) - (1 - s) * math.log(1 - s) if s else 0.0

    def discriminator(self, real, fake):
        """softplus(-real) + label_smoothing * real is the cross-entropy of sigmoid(real) with the target t."""
        real, fake = _full(real), _full(fake)
        return ops.mean(ops.softplus(-real) + self.label_smoothing * real) + ops.mean(ops.softplus(fake))

    def generator(self, fake):
        """log(1 - sigmoid(fake)) = -softplus(fake)."""
        return -ops.mean(ops.softplus(_full(fake)))


@dataclasses.dataclass(frozen=True)
class NonSaturating(Saturating):
    """D as in the saturating game; L_G = -E[s log D(G(z)) + (1 - s) log(1 - D(G(z)))], s = generator_target.

    With the default s = 1 it is -E[log D(G(z))], whose gradient does not vanish while D wins. With s below 1 G is
    content where D(G(z)) = s: with D's real target t, s = t / 2 is D's answer once G has won. The ImageNet code of
    Salimans et al. has t = 0.75 and s = 0.375, less the constant entropy of s, which is not subtracted here.
    ValueError for a label_smoothing as in `Saturating`, and unless 0 < generator_target <= 1.
    Source: Goodfellow et al. 2014, arXiv:1406.2661, section 3; Salimans et al. 2016, arXiv:1606.03498, section 3.4.
    """

    generator_target: float = 1.0

    def __post_init__(self):
        super().__post_init__()
        if not 0 < self.generator_target <= 1:
            raise ValueError("generator_target must be above 0 and at most 1 (0.375 is half of a real target of "
                             f"0.75); received {self.generator_target}")

    def generator(self, fake):
        """softplus(-fake) + (1 - s) fake is the cross-entropy of sigmoid(fake) with the target s."""
        fake = _full(fake)
        return ops.mean(ops.softplus(-fake) + (1.0 - self.generator_target) * fake)


@dataclasses.dataclass(frozen=True)
class Hinge(Adversarial):
    """L_D = E[max(0, 1 - real)] + E[max(0, 1 + fake)], L_G = -E[fake].

    Source: Lim & Ye 2017, arXiv:1705.02894.
    """

    def discriminator(self, real, fake):
        """Nothing is gained beyond a margin of 1."""
        return ops.mean(ops.relu(1.0 - _full(real))) + ops.mean(ops.relu(1.0 + _full(fake)))

    def generator(self, fake):
        """Raises the logits of generated images."""
        return -ops.mean(_full(fake))


@dataclasses.dataclass(frozen=True)
class Wasserstein(Adversarial):
    """L_D = E[fake] - E[real], L_G = -E[fake]; needs a D held Lipschitz (gradient penalty, spectral norm).

    Source: Arjovsky et al. 2017, arXiv:1701.07875, equation 2.
    """

    @property
    def least(self):
        """None: a critic's logits lie apart without end."""
        return -math.inf

    def discriminator(self, real, fake):
        """Minus the critic's estimate of the distance."""
        return ops.mean(_full(fake)) - ops.mean(_full(real))

    def generator(self, fake):
        """Raises the critic's value of generated images."""
        return -ops.mean(_full(fake))


@dataclasses.dataclass(frozen=True)
class LeastSquares(Saturating):
    """L_D = (E[(real - t)^2] + E[fake^2]) / 2, L_G = E[(fake - 1)^2] / 2, t = 1 - label_smoothing.

    ValueError for a label_smoothing as in `Saturating`.
    Source: Mao et al. 2017, arXiv:1611.04076, equation 9.
    """

    @property
    def least(self):
        """Squares vanish, whatever the targets."""
        return 0.0

    def discriminator(self, real, fake):
        """Squares of the distance to the targets t and 0."""
        real, fake = _full(real), _full(fake)
        return (ops.mean(ops.square(real - (1.0 - self.label_smoothing))) + ops.mean(ops.square(fake))) / 2

    def generator(self, fake):
        """Square of the distance to the target 1."""
        return ops.mean(ops.square(_full(fake) - 1.0)) / 2


def _full(logits):
    """Logits in at least float32: half precision has too few digits for a mean."""
    return ops.cast(logits, "float32") if keras.backend.standardize_dtype(logits.dtype) in HALF else logits


non_saturating, saturating, hinge = NonSaturating(), Saturating(), Hinge()
wasserstein, least_squares = Wasserstein(), LeastSquares()
