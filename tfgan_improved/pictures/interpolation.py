"""Walks between samples, through z and through classes."""

import dataclasses

import numpy as np

from tfgan_improved.pictures import PictureError
from tfgan_improved.pictures.sitting import Drawn


def lerp(start, end, shares):
    """(1 - s) start + s end, on the line between z (n, d) and z (n, d) for each s in shares (m,): float64 (n, m, d).

    One z (d,) and another give (m, d), and a single share gives no axis m. ValueError for other shapes, and for NaN and
    infinity.
    """
    start, end, shares, shape = _aligned(start, end, shares)
    return ((1.0 - shares) * start + shares * end).reshape(shape)


def slerp(start, end, shares):
    """(sin((1 - s) w) start + sin(s w) end) / sin w, w the angle between z (n, d) and z (n, d), s in shares (m,).

    Shapes and ValueError as `lerp`. On the great circle where both are equally long, so that the lengths on the way are
    those of normal z, which the line's are not: its middle is shorter by 1 / sqrt 2. On the line where w is 0 or half a
    turn. Source: White 2016, arXiv:1609.04468, section 2.1.
    """
    line = lerp(start, end, shares)
    start, end, shares, shape = _aligned(start, end, shares)
    lengths = np.maximum(np.linalg.norm(start, axis=2) * np.linalg.norm(end, axis=2), np.finfo(np.float64).tiny)
    angle = np.arccos(np.clip((start * end).sum(axis=2) / lengths, -1.0, 1.0))[:, None]
    flat = np.sin(angle) < 1e-6
    sine = np.where(flat, 1.0, np.sin(angle))
    round_way = (np.sin((1.0 - shares) * angle) * start + np.sin(shares * angle) * end) / sine
    return np.where(flat, line.reshape(round_way.shape), round_way).reshape(shape)


def _aligned(start, end, shares):
    """Both z as (n, 1, d) and shares as (1, m, 1), float64, and the shape of what lies between."""
    start, end, shares = (np.asarray(numbers, np.float64) for numbers in (start, end, shares))
    if start.shape != end.shape or start.ndim not in (1, 2) or not start.size or shares.ndim > 1:
        raise ValueError("a walk goes from z (n, d), or one (d,), to z of that shape, by shares (m,) or one number; "
                         f"received shapes {start.shape}, {end.shape} and {shares.shape}; give others")
    if not all(np.isfinite(numbers).all() for numbers in (start, end, shares)):
        raise ValueError("a walk goes between finite numbers by finite shares; received NaN or infinity")
    rows = [z.reshape(-1, 1, z.shape[-1]) for z in (start, end)]
    return *rows, shares.reshape(1, -1, 1), (*start.shape[:-1], *shares.shape, start.shape[-1])


WAYS = {"lerp": lerp, "slerp": slerp}
BETWEEN = ("z", "classes", "both")


@dataclasses.dataclass(frozen=True)
class Interpolation:
    """A row for each walk of `steps` images from one sample to another, `count` images in all.

    between="z": from one z to another, a row's class stays; "classes": from one chosen class (by default any) to the
    next, its z stays; "both": both move. way="slerp" takes the great circle through z, "lerp" the line; the vectors of
    classes are mixed linearly. ValueError for other arguments; PictureError for points, and between classes of an
    unconditional generator or fewer than two; EvaluationError for classes that it has not.
    Source: White 2016, arXiv:1609.04468, section 2.1; between classes: Brock et al. 2019, arXiv:1809.11096, figure 8.
    """

    between: str = "z"
    way: str = "slerp"
    steps: int = 8

    def __post_init__(self):
        if self.way not in WAYS or self.between not in BETWEEN or self.steps < 2:
            raise ValueError(f"an interpolation wants a way of {', '.join(WAYS)}, between of {', '.join(BETWEEN)} and "
                             f"steps of at least 2; received {self.way}, {self.between} and {self.steps}")

    def __call__(self, sitting):
        generator = sitting.generator
        sitting.check_images("interpolation")
        rows, shares = max(1, sitting.count // self.steps), np.linspace(0.0, 1.0, self.steps)
        labels = sitting.labels(rows + 1)
        if self.between != "z" and (labels is None or len(set(sitting.classes or range(generator.classes))) < 2):
            raise PictureError(f"{generator.name} has no two classes to walk between; choose two with --classes, or "
                               "take interpolation:between=z")
        generator.prepare(sitting.truncation)
        starts, ends = np.split(generator.draw_z(2 * rows, sitting.seed, sitting.truncation), 2)
        z = WAYS[self.way](starts, starts if self.between == "classes" else ends, shares)
        z = z.reshape(rows * self.steps, -1).astype(np.float32)
        if labels is None:
            return Drawn(generator.make(z), None, self.steps)
        first, second = labels[:-1].repeat(self.steps), labels[1:].repeat(self.steps)
        if self.between == "z":
            return Drawn(generator.make(z, first), first, self.steps,
                         rows=tuple(map(generator.called, labels[:-1])))
        return Drawn(generator.between(z, first, second, np.tile(shares, rows)), None, self.steps,
                     rows=tuple(f"{generator.called(label)} to {generator.called(other).removeprefix('class ')}"
                                for label, other in zip(labels, labels[1:])))
