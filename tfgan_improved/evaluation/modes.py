"""Counting modes: which Gaussians of a known mixture a generator's points cover, and how many points are good."""

import dataclasses
import hashlib

import numpy as np

from tfgan_improved.evaluation import EvaluationError, passport

BETTER = {"modes": "higher", "good_share": "higher", "mode_kl": "lower"}  # a width is best near that of real points
RADIUS = 3.0  # standard deviations; 1 - exp(-RADIUS^2 / 2) = 98.9% of a mode's own points in the plane are nearer


def mode_counts(points, centers, std, radius=RADIUS):
    """How many good points each mode has, and how many points are nearest to it: two whole-number arrays (k,).

    A point of (n, d) is good where it lies within `radius` standard deviations (Euclidean, that is radius * std) of the
    nearest of the centers (k, d). EvaluationError unless n >= 1, the shapes agree, all values are finite and std and
    radius are positive. Source: Lin et al. 2018, arXiv:1712.04086, section 4.1 (high quality samples).
    """
    nearest, squares = _nearest(points, centers, std, radius)
    good = squares <= (radius * std) ** 2
    return np.bincount(nearest[good], minlength=len(centers)), np.bincount(nearest, minlength=len(centers))


def mode_scores(points, centers, std, radius=RADIUS):
    """{"modes", "good_share", "mode_kl", "mode_width"} of points (n, d), each a number.

    modes: how many have at least one good point; good_share: of all points, from 0 to 1. These are the usual rule (Lin
    et al. 2018, arXiv:1712.04086, section 4.1). It sees neither of the next two.
    mode_kl = sum_k p_k log(k p_k) in nats, p the shares of points by nearest center: from 0, all modes alike, to log k,
    one mode. mode_width = sqrt(mean |x - c|^2 / d) / std of the good points around their centers: 0.974 for a Gaussian
    cut at 3 standard deviations in the plane, less where a mode is narrowed to a point, 0 without good points.
    EvaluationError as `mode_counts`.
    """
    nearest, squares = _nearest(points, centers, std, radius)
    good, dimension = squares <= (radius * std) ** 2, np.shape(centers)[1]
    shares = np.bincount(nearest)[np.unique(nearest)] / len(nearest)
    return {"modes": len(np.unique(nearest[good])), "good_share": float(good.mean()),
            "mode_kl": float(np.sum(shares * np.log(len(centers) * shares))),
            "mode_width": float(np.sqrt(squares[good].mean() / dimension) / std) if good.any() else 0.0}


def _nearest(points, centers, std, radius):
    """Number of, and squared distance from, the nearest center of each point, (n,) each."""
    points, centers = np.asarray(points, np.float64), np.asarray(centers, np.float64)
    if points.ndim != 2 or centers.ndim != 2 or not len(points) * len(centers) or points.shape[1] != centers.shape[1]:
        raise EvaluationError(f"modes are counted of points (n, d) around centers (k, d), n and k at least 1; received "
                              f"shapes {points.shape} and {centers.shape}; give points of the mixture's dimension")
    if not (std > 0 and radius > 0):
        raise EvaluationError(f"std and radius of the modes must be positive; received {std} and {radius}")
    if not np.isfinite(points).all():
        raise EvaluationError("modes can only be counted of finite points; received NaN or infinity; take a generator "
                              "from before it diverged")
    squares = sum(np.square(points[:, None, axis] - centers[None, :, axis]) for axis in range(points.shape[1]))
    return squares.argmin(axis=1), squares.min(axis=1)


def evaluate(points, source, split="test", seeds=None, step=None, radius=RADIUS):
    """A record for JSON of points (n, d) held against a source with `centers` and `std`, as `evaluate_images` makes.

    {"step", "scores", "better", "real", "passport"}; "real" has the scores of the first n points of the split: what a
    perfect generator would get. EvaluationError as `mode_counts`.
    """
    scores = mode_scores(points, source.centers, source.std, radius)
    real, rule = source.arrays(split, len(points))[0], _Rule(source, radius)
    card = {"samples": len(points), "shape": list(source.shape), "quantization": "none", "dataset": source.name,
            "reference": split, "real": len(real), "extractor": passport.seen_by(rule), "seeds": dict(seeds or {}),
            "versions": passport.versions()}
    return {"step": step, "scores": scores, "better": dict(BETTER),
            "real": mode_scores(real, source.centers, source.std, radius), "passport": card}


@dataclasses.dataclass(frozen=True)
class _Rule:
    """What stands in the passport where images have their extractor: the rule, and a hash of the mixture."""

    source: object
    radius: float
    name = "nearest_center"
    resize = "none"

    @property
    def about(self):
        return {"radius_in_std": self.radius, "modes": len(self.source.centers), "std": self.source.std}

    @property
    def hash(self):
        centers = np.ascontiguousarray(self.source.centers, "<f4")
        return hashlib.sha256(centers.tobytes() + np.float64(self.source.std).tobytes()).hexdigest()
