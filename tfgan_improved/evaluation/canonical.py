"""Canonical coordinates of paired rows, and the numbers that a statistics network of mutual information sees."""

import dataclasses

import numpy as np
import scipy.special
import scipy.stats
import threadpoolctl

from tfgan_improved.evaluation import EvaluationError

FAR = 5.0  # deviations
LARGEST = 0.99999  # correlation: a linear function of another has one of 1, and more information than can be counted
SINGULAR = 1e-9  # share of the largest variance below which a direction is rounding
WIDE = 1000  # columns: whitening costs their cube
UNLIKE = 2.5  # times 1 / sqrt(rows): between distribution functions, as far apart as chance puts one in 100,000 samples


@dataclasses.dataclass(frozen=True)
class Pairs:
    """What T sees of x (n, p) and z (n, q), float32; column i of both, i < k, correlates with `correlations` (k,).

    `gaussian` is whether these columns of x, or those of z, are distributed as independent Gaussians: each of them, and
    the lengths of rows.
    """

    x: np.ndarray
    z: np.ndarray
    correlations: np.ndarray
    gaussian: bool

    @property
    def gaussian_nats(self):
        """Information of Gaussians that correlate alike; no others have less where x or z is Gaussian."""
        return nats_of(self.correlations)


def nats_of(correlations):
    """-1/2 sum log(1 - r^2): I in nats of Gaussians whose canonical correlations are r."""
    return float(-0.5 * np.log1p(-np.square(correlations)).sum())


def prepared(x, z, known):
    """`Pairs` of x (n, p) and z (n, q), finite numbers; the first `known` rows decide the coordinates.

    Each row has its canonical coordinates (of deviation 1, uncorrelated but for the i-th of x with the i-th of z: a
    linear map, so that nothing depends on which linear map was applied before), then the normal scores of each column's
    ranks and the columns themselves at a deviation of 1: whatever holds information holds it in these, too. Coordinates
    are those of the scores or of the columns, whichever tell more: scores have no outliers, columns no rounding to
    ranks. Of more than 1,000 columns they are those of about the 1,000 directions of most variance. All are cut off at
    5 deviations. EvaluationError where nothing varies.
    """
    both = [_varying(name, array) for name, array in (("x", x), ("z", z))]
    columns = [_standardized(array / np.abs(array).max(axis=0)) for array in both]  # squares must be finite
    scores = [_standardized(scipy.special.ndtri((scipy.stats.rankdata(array, axis=0) - 0.5) / len(array)))
              for array in both]  # of the numbers as they are: beside an outlier all others are rounded to the same
    with threadpoolctl.threadpool_limits(1):  # beside other work several threads wait for each other, up to 60 times
        found = max((_canonical(*(_narrowed(array, known) for array in arrays), known) for arrays in (scores, columns)),
                    key=lambda of: nats_of(of[2]))
    gaussian = any(_gaussian(coordinates[known:, :len(found[2])]) for coordinates in found[:2])
    seen = [np.concatenate(parts, axis=1).clip(-FAR, FAR).astype(np.float32) for parts in zip(found, scores, columns)]
    return Pairs(*seen, found[2], gaussian)


def _varying(name, array):
    varies = array.min(axis=0) < array.max(axis=0)
    if not varies.any():
        raise EvaluationError(f"{name} is constant, and holds no information; give one that varies")
    return array[:, varies]


def _standardized(array):
    return (array - array.mean(axis=0)) / np.maximum(array.std(axis=0), 1e-300)


def _gaussian(rows):
    """Whether rows cannot be told from independent Gaussians of deviation 1.

    Their lengths are looked at because sums of many things are each nearly Gaussian, whatever these things are.
    """
    samples = [(rows**2).sum(axis=1), *rows.T]
    expected = [scipy.stats.chi2(rows.shape[1]).cdf] + [scipy.special.ndtr] * rows.shape[1]
    return all(scipy.stats.kstest(sample, of).statistic < UNLIKE / np.sqrt(len(rows))
               for sample, of in zip(samples, expected))


def _narrowed(array, known):
    """Rows of many columns along WIDE directions, near those of most variance: random ones, taken there by a sample."""
    if array.shape[1] <= WIDE:
        return array
    sample = array[:min(known, 4 * WIDE)]
    start = np.random.RandomState(0).normal(size=(array.shape[1], WIDE))
    return array @ np.linalg.qr(sample.T @ (sample @ start))[0]


def _canonical(x, z, known):
    """Coordinates of all rows of x and of z, and the correlations, as rows that did not decide them have them.

    The correlations of the rows that decided the directions would be too high, the more columns the more so: of 100
    rows and 50 columns of noise they are near 1.
    """
    rows = np.arange(known)
    found = []
    for fitted, other in ((rows[::2], rows[1::2]), (rows[1::2], rows[::2])):
        u, v = (of(array[other]) for of, array in zip(_maps(x[fitted], z[fitted]), (x, z)))
        count = min(u.shape[1], v.shape[1])
        u, v = u[:, :count], v[:, :count]
        found.append((u * v).mean(axis=0) / np.sqrt((u**2).mean(axis=0) * (v**2).mean(axis=0) + 1e-300))
    count = min(map(len, found))
    of_x, of_z = _maps(x[:known], z[:known])
    return of_x(x), of_z(z), np.clip((found[0][:count] + found[1][:count]) / 2, 0.0, LARGEST)


def _maps(x, z):
    """The two linear maps to canonical coordinates of such rows: singular vectors of the whitened cross-covariance."""
    (x_mean, x_white), (z_mean, z_white) = _whitening(x), _whitening(z)
    across = ((x - x_mean) @ x_white).T @ ((z - z_mean) @ z_white) / len(x)
    left, _, right = np.linalg.svd(across)
    return lambda rows: (rows - x_mean) @ x_white @ left, lambda rows: (rows - z_mean) @ z_white @ right.T


def _whitening(rows):
    mean = rows.mean(axis=0)
    variances, directions = np.linalg.eigh(np.atleast_2d(np.cov(rows - mean, rowvar=False, bias=True)))
    kept = variances > SINGULAR * max(variances.max(), 1e-300)
    return mean, directions[:, kept] / np.sqrt(variances[kept])
