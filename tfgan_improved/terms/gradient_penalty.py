"""Penalties on the slope of D's logits in image space; images (n, ...) in [-1, 1]."""

import dataclasses

import tensorflow as tf
from keras import ops

from tfgan_improved.ops import noise, replicas


@dataclasses.dataclass(frozen=True)
class R1:
    """gamma / 2 * E[|dD(x)/dx|^2] over real x; a scalar >= 0. ValueError unless gamma >= 0.

    Source: Mescheder et al. 2018, arXiv:1801.04406, section 4.1.
    """

    gamma: float = 10.0
    name: str = "r1"
    judges = True  # runs D on images of its own choice, in a pass of their own

    def __post_init__(self):
        if not self.gamma >= 0:
            raise ValueError(f"gamma of r1 must be at least 0; received {self.gamma}")

    def __call__(self, view):
        return self.gamma / 2 * ops.mean(_squared_slope(view, view.images("real")))


@dataclasses.dataclass(frozen=True)
class R2:
    """gamma / 2 * E[|dD(y)/dy|^2] over generated y = G(z); a scalar >= 0. ValueError unless gamma >= 0.

    Source: Mescheder et al. 2018, arXiv:1801.04406, section 4.1.
    """

    gamma: float = 10.0
    name: str = "r2"
    judges = True  # runs D on images of its own choice, in a pass of their own

    def __post_init__(self):
        if not self.gamma >= 0:
            raise ValueError(f"gamma of r2 must be at least 0; received {self.gamma}")

    def __call__(self, view):
        return self.gamma / 2 * ops.mean(_squared_slope(view, view.images("fake")))


@dataclasses.dataclass(frozen=True)
class GradientPenalty:
    """weight * E[(|dD(y)/dy| - 1)^2], y = x + u (G(z) - x) with u ~ U(0, 1) for each pair; a scalar >= 0.

    ValueError unless weight >= 0. Source: Gulrajani et al. 2017, arXiv:1704.00028, equation 3 (WGAN-GP).
    """

    weight: float = 10.0
    name: str = "gradient_penalty"
    judges = True  # runs D on images of its own choice, in a pass of their own

    def __post_init__(self):
        if not self.weight >= 0:
            raise ValueError(f"weight of gradient_penalty must be at least 0; received {self.weight}")

    def __call__(self, view):
        real, fake = view.images("real"), view.images("fake")
        u = noise.uniform((replicas.length(real),) + (1,) * (len(real.shape) - 1))
        return self.weight * _away_from(1.0, _squared_slope(view, real + u * (fake - real)))


@dataclasses.dataclass(frozen=True)
class DRAGAN:
    """weight * E[(|dD(y)/dy| - slope)^2], y = x + a spread s u near real x; a scalar >= 0.

    s is the standard deviation of all numbers of the batch, over its parts and all replicas; u ~ U(0, 1) for each
    number of an image and a ~ U(0, 1) for each image, as in the authors' code; the paper's text writes normal noise
    instead of a s u.
    ValueError unless weight, slope and spread are >= 0. Source: Kodali et al. 2017, arXiv:1705.07215, section 2.3.
    """

    weight: float = 10.0
    slope: float = 1.0
    spread: float = 0.5
    name: str = "dragan"
    judges = True  # runs D on images of its own choice, in a pass of their own

    def __post_init__(self):
        if not all(value >= 0 for value in (self.weight, self.slope, self.spread)):
            raise ValueError(f"weight, slope and spread of dragan must be at least 0; received {self.weight}, "
                             f"{self.slope}, {self.spread}")

    def __call__(self, view):
        real = view.images("real")
        mean = replicas.mean(ops.mean(view.whole))
        deviation = ops.sqrt(replicas.mean(ops.mean(ops.square(view.whole - mean))))
        rows = (replicas.length(real),)
        u, a = noise.uniform(rows + real.shape[1:]), noise.uniform(rows + (1,) * (len(real.shape) - 1))
        return self.weight * _away_from(self.slope, _squared_slope(view, real + a * self.spread * deviation * u))


def _away_from(wanted, squared):
    """E[(length - wanted)^2] of slopes with squared lengths (n,)."""
    return ops.mean(ops.square(ops.sqrt(squared + 1e-12) - wanted))


def _squared_slope(view, images):
    """|dD/dx|^2 for each row, (n,); D is run again on `images`."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(images)
        total = ops.sum(view.judge(images)["logits"])
    slope = tape.gradient(total, images)
    return ops.sum(ops.square(slope), axis=tuple(range(1, len(images.shape))))
