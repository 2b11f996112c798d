"""The sliced Wasserstein distance between patches of two sets of images, one scale of detail at a time."""

import dataclasses

import numpy as np
from scipy import ndimage

from tfgan_improved.evaluation import EvaluationError, intervals
from tfgan_improved.evaluation.scores import Value, checks

PATCH = 7  # pixels on a side
LEAST = 16  # pixels of the smallest level, if there is more than one
BINOMIAL = np.array([1.0, 4.0, 6.0, 4.0, 1.0], np.float32) / 16.0
AT_ONCE = 512  # images of which pyramids are built at once
DIRECTIONS_AT_ONCE = 32
DIRECTIONS_LEFT_OUT = 32  # each time that a fifth of the images is left out


def sliced_wasserstein_distance(a, b, patches=64, directions=512, normalize="set", seed=0):
    """{pixels on the short side: distance} of each level of a Laplacian pyramid of images uint8 (n, h, w, c), (m, ...).

    The mean over random `directions` u of the mean of |sorted(P_a u) - sorted(P_b u)|, where the rows of P are 7 x 7
    patches of a level, `patches` of each of the first min(n, m) images, at random places. They are normalized by the
    mean and deviation of each channel over the "set", as the paper has it, or of each "patch", as TF-GAN has it; what
    does not vary becomes 0. From 0; tables of the paper show 1,000 times as much. A level has half the pixels of the
    one before, odd sizes rounded up; there are as many as have 16, at least one. Few images and patches add to it, so
    compare equal numbers. Seeded: images at the same place of a and b give patches at the same places.
    EvaluationError (a ValueError) unless images are uint8, of one shape and at least 7 x 7, and for settings below 1.
    Source: Karras et al. 2018, arXiv:1710.10196, section 5.
    """
    return {side: _distance(p, q, directions, np.random.default_rng((seed, 1, level)))
            for level, (side, p, q) in enumerate(_levels(a, b, patches, directions, normalize, seed))}


def _levels(a, b, patches, directions, normalize, seed):
    """Yields (short side, rows of a, rows of b) of each level, `patches` rows of each image one behind the other."""
    a, b = checks.images(a), checks.images(b)
    if a.shape[1:] != b.shape[1:] or min(a.shape[1:3]) < PATCH:
        raise EvaluationError(f"images must be of one shape, at least {PATCH} pixels on a side; received "
                              f"{a.shape[1:]} and {b.shape[1:]}")
    if min(patches, directions) < 1 or normalize not in _NORMALIZED:
        raise EvaluationError(f"patches and directions must be at least 1 and normalize one of "
                              f"{', '.join(_NORMALIZED)}; received {patches}, {directions} and '{normalize}'")
    count = min(len(a), len(b))
    for (side, p), (_, q) in zip(*[_patches_of_levels(images[:count], patches, seed) for images in (a, b)]):
        yield side, _NORMALIZED[normalize](p), _NORMALIZED[normalize](q)


def _patches_of_levels(images, patches, seed):
    """Yields (short side, patches (count, 7 * 7, c)) of each level of the pyramid, the finest first."""
    levels = max(1, int(np.log2(min(images.shape[1:3]) / LEAST)) + 1)
    kept = [[] for _ in range(levels)]
    random = [np.random.default_rng((seed, 0, level)) for level in range(levels)]
    for start in range(0, len(images), AT_ONCE):
        for level, detail in enumerate(laplacian_pyramid(images[start:start + AT_ONCE], levels)):
            kept[level].append((min(detail.shape[1:3]), _patches(detail, patches, random[level])))
    for parts in kept:
        yield parts[0][0], np.concatenate([part for _, part in parts])


def laplacian_pyramid(images, levels):
    """Each level of images (n, h, w, c) less what the next one, enlarged, has of it; the last one as it is; float32.

    Made smaller by the binomial filter [1, 4, 6, 4, 1] / 16 each way and every second pixel; edges are mirrored.
    Source: Burt & Adelson 1983, doi:10.1109/TCOM.1983.1095851.
    """
    pyramid = [np.asarray(images, np.float32)]
    for _ in range(1, levels):
        fine = pyramid[-1]
        coarse = _blurred(fine)[:, ::2, ::2]
        wide = np.zeros((len(fine), 2 * coarse.shape[1], 2 * coarse.shape[2], fine.shape[3]), np.float32)
        wide[:, ::2, ::2] = 4.0 * coarse
        pyramid[-1] = fine - _blurred(wide)[:, :fine.shape[1], :fine.shape[2]]
        pyramid.append(coarse)
    return pyramid


def _blurred(images):
    return ndimage.convolve1d(ndimage.convolve1d(images, BINOMIAL, 1, mode="mirror"), BINOMIAL, 2, mode="mirror")


def _patches(images, patches, random):
    """(n * patches, 49, c) of images (n, h, w, c), at random places, those of an image together."""
    n, h, w, c = images.shape
    tops = random.integers(0, h - PATCH + 1, (n, patches))
    lefts = random.integers(0, w - PATCH + 1, (n, patches))
    windows = np.lib.stride_tricks.sliding_window_view(images, (PATCH, PATCH), axis=(1, 2))
    found = windows[np.arange(n)[:, None], tops, lefts]  # (n, patches, c, 7, 7)
    return np.moveaxis(found, 2, 4).reshape(n * patches, PATCH * PATCH, c)


def _of_set(patches):
    return _divided(patches - patches.mean(axis=(0, 1), dtype=np.float64).astype(np.float32), (0, 1))


def _of_patch(patches):
    return _divided(patches - patches.mean(axis=(1, 2), keepdims=True), (1, 2))


def _divided(centered, axes):
    """Flat rows over their deviation; 0 where nothing varies but by rounding."""
    deviation = np.sqrt(np.mean(np.square(centered), axis=axes, keepdims=True, dtype=np.float64)).astype(np.float32)
    scaled = np.where(deviation > 1e-4, centered / np.maximum(deviation, 1e-4), np.float32(0.0))
    return scaled.reshape(len(centered), -1)


_NORMALIZED = {"set": _of_set, "patch": _of_patch}


def _distance(p, q, directions, random):
    total = 0.0
    for start in range(0, directions, DIRECTIONS_AT_ONCE):
        u = random.standard_normal((p.shape[1], min(DIRECTIONS_AT_ONCE, directions - start)), np.float32)
        u /= np.linalg.norm(u, axis=0)
        apart = np.sort(u.T @ p.T, axis=1) - np.sort(u.T @ q.T, axis=1)
        total += np.abs(apart, out=apart).mean(axis=1, dtype=np.float64).sum()
    return float(total / directions)


@dataclasses.dataclass(frozen=True)
class SlicedWasserstein:
    """The sliced Wasserstein distance of patches at each level of detail, and their mean, lower is better; 0 is equal.

    Of the first `images`, of which as many are compared as the fewer side has; no classifier takes part. It is never 0
    for other real images: their score beside it shows what these counts add. The interval is a jackknife: a fifth of
    the images of both sides is left out at a time, along 32 of the directions; it is up to twice as wide as
    need be where the distance is little more than what few images add.
    Source: Karras et al. 2018, arXiv:1710.10196, section 5 (with 16,384 images of 128 patches).
    """

    images: int = 4096
    patches: int = 64
    directions: int = 512
    seed: int = 0
    reads = ("images",)
    compares, seen = True, False
    better = {"swd": "lower"}

    def __call__(self, samples, real):
        found = {}
        for level, (side, p, q) in enumerate(_levels(samples.images[:self.images], real.images[:self.images],
                                                     self.patches, self.directions, "set", self.seed)):
            found[f"swd_{side}"] = (_distance(p, q, self.directions, self._random(level)), self._without(p, q, level))
        mean = [np.mean(column, axis=0) for column in zip(*found.values())]
        return {name: self._value(*value) for name, value in {"swd": mean, **found}.items()}

    def _random(self, level):
        return np.random.default_rng((self.seed, 1, level))

    def _without(self, p, q, level):
        """The distance without each fifth of the images."""
        images = len(p) // self.patches
        p, q = (rows.reshape(images, self.patches, -1) for rows in (p, q))
        return [_distance(np.concatenate(p[left]), np.concatenate(q[left]), min(DIRECTIONS_LEFT_OUT, self.directions),
                          self._random(level)) for left in intervals.left_out(images)]

    def _value(self, distance, without):
        return Value(float(distance), *intervals.of_left_out(distance, without, 0.0))
