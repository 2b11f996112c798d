"""Mean and covariance of features that stream by, summed in float64, in groups of consecutive rows."""

import numpy as np
from scipy.linalg import blas, lapack

from tfgan_improved.evaluation import EvaluationError

GROUPS = 20  # of the samples: what is resampled for an interval, and cut off to see what few samples add
BLOCK = 2048  # rows of one product


class Moments:
    """Counts (g,), sums (g, f) and sums of x x' of features less a `shift` (f,), for groups of rows.

    `squares` are g lower triangles, packed (f (f + 1) / 2,): twenty of 2,048 features take 340 MB, not 670.
    The shift, the mean of the first rows, keeps the sums from cancelling where features are far from 0.
    """

    def __init__(self, counts, sums, squares, shift):
        self.counts, self.sums, self.squares, self.shift = counts, sums, squares, shift

    @property
    def groups(self):
        """How many groups there are."""
        return len(self.counts)

    def of(self, weights=None):
        """(n, mean (f,), unbiased covariance (f, f)) of groups taken `weights` (g,) times; each once by default."""
        weights = np.ones(self.groups) if weights is None else np.asarray(weights, np.float64)
        n, used = float(weights @ self.counts), np.flatnonzero(weights)
        mean = np.tensordot(weights, self.sums, 1) / n
        packed = np.zeros(self.squares[0].shape)
        for group in used:
            blas.daxpy(self.squares[group], packed, a=weights[group])
        covariance = lapack.dtpttr(len(mean), packed, uplo="L")[0]
        blas.dsyr(-n, mean, a=covariance, lower=1, overwrite_a=1)
        covariance /= max(n - 1.0, 1.0)
        covariance += np.tril(covariance, -1).T  # above the diagonal are zeros
        return n, self.shift + mean, covariance


class Gathering:
    """Sums features of `count` rows as they come: `add` in order, then `moments`. EvaluationError for NaN, infinity.

    `quick` multiplies float32 features in float32, blocks of them, and sums the blocks in float64: twice as fast, and
    wrong by about 1e-8 of each covariance's scale; see `frechet_distance` for where that will do.
    """

    def __init__(self, count, groups=1, quick=False):
        self.ends = [(g + 1) * count // groups for g in range(groups)]
        self.counts, self.dtype = np.diff([0, *self.ends]).astype(np.float64), np.float32 if quick else np.float64
        self.done, self.group, self.waiting, self.sums, self.squares, self.shift = 0, 0, [], None, [], None
        self.rows = self.product = self.square = None  # memory that is used again for each block, each group

    def add(self, features):
        """Takes features (n, f) of the next rows."""
        features = np.asarray(features)
        while len(features):
            room = min(self.ends[self.group] - self.done, BLOCK - sum(map(len, self.waiting)))
            self.waiting.append(features[:room])
            self.done, features = self.done + len(features[:room]), features[room:]
            if self.done == self.ends[self.group] or sum(map(len, self.waiting)) == BLOCK:
                self._sum()

    def _sum(self):
        rows = self.waiting[0] if len(self.waiting) == 1 else np.concatenate(self.waiting)
        if self.shift is None:
            groups, width = len(self.ends), rows.shape[1]
            self.shift, self.sums = rows.mean(axis=0, dtype=np.float64).astype(self.dtype), np.zeros((groups, width))
            # In Fortran's order, in which BLAS adds to what is there.
            self.square = np.zeros((width, width), order="F")
            self.rows = np.empty((min(BLOCK, int(self.counts.max())), width), self.dtype)
            self.product = np.zeros((width, width), np.float32, "F") if self.dtype == np.float32 else None
        with np.errstate(invalid="ignore", over="ignore"):  # what is not finite is told below
            rows = np.subtract(rows, self.shift, out=self.rows[:len(rows)], casting="same_kind")
        self.sums[self.group] += rows.sum(axis=0, dtype=np.float64)
        if not np.isfinite(self.sums[self.group]).all():
            raise EvaluationError("features must be finite; received NaN or infinity; take a generator from before it "
                                  "diverged")
        if self.dtype == np.float32:
            self.square += blas.ssyrk(1.0, rows.T, beta=0.0, c=self.product, lower=1, overwrite_c=1)
        else:
            blas.dsyrk(1.0, rows.T, beta=1.0, c=self.square, lower=1, overwrite_c=1)
        self.waiting = []
        if self.done == self.ends[self.group]:
            self._next_group()

    def _next_group(self):
        self.squares.append(_packed(self.square))
        self.square[:] = 0.0
        self.group = min(self.group + 1, len(self.ends) - 1)

    def moments(self):
        """The Moments of what was added, which is all of `count` rows."""
        return Moments(self.counts, self.sums, self.squares, self.shift.astype(np.float64))


def gathered(features, groups=1, quick=False):
    """The Moments of features (n, f)."""
    gathering = Gathering(len(features), min(groups, len(features)), quick)
    gathering.add(features)
    return gathering.moments()


def known(count, mean, covariance):
    """Moments of one group from what a file of statistics holds; of the mean and covariance alone without a count."""
    count = 2 if count is None else count
    return Moments(np.array([float(count)]), np.zeros((1, len(mean))),
                   [_packed(np.asarray(covariance, np.float64, "F") * max(count - 1.0, 1.0))],
                   np.asarray(mean, np.float64))


def _packed(square):
    return lapack.dtrttp(square, uplo="L")[0]
