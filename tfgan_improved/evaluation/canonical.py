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


@dataclasses.dataclass(frozen=True)
class Pairs:
    """What T sees of x (n, p) and z (n, q), float32; column i of both, i < k, correlates with `correlations` (k,)."""

    x: np.ndarray
    z: np.ndarray
    correlations: np.ndarray


def prepared(x, z, known):
    """`Pairs` of x (n, p) and z (n, q), finite numbers; the first `known` rows decide the coordinates.

    Each row has its canonical coordinates (of deviation 1, uncorrelated but for the i-th of x with the i-th of z: a
    linear map, so that nothing depends on which linear map was applied before), then the normal scores of each column's
    ranks and the columns themselves at a deviation of 1: whatever holds information holds it in these, too. Coordinates
    are those of the scores or of the columns, whichever tell more: scores have no outliers, columns no rounding to
    ranks. All are cut off at 5 deviations. EvaluationError where nothing varies.
    """
    both = [_varying(name, array) for name, array in (("x", x), ("z", z))]
    columns = [_standardized(array / np.abs(array).max(axis=0)) for array in both]  # squares must be finite
    scores = [_standardized(scipy.special.ndtri((scipy.stats.rankdata(array, axis=0) - 0.5) / len(array)))
              for array in both]  # of the numbers as they are: beside an outlier all others are rounded to the same
    with threadpoolctl.threadpool_limits(1):  # beside other work several threads wait for each other, up to 60 times
        found = max((_canonical(*arrays, known) for arrays in (scores, columns)), key=_gaussian_nats)
    seen = [np.concatenate(parts, axis=1).clip(-FAR, FAR).astype(np.float32) for parts in zip(found, scores, columns)]
    return Pairs(*seen, found[2])


def _varying(name, array):
    varies = array.min(axis=0) < array.max(axis=0)
    if not varies.any():
        raise EvaluationError(f"{name} is constant, and holds no information; give one that varies")
    return array[:, varies]


def _standardized(array):
    return (array - array.mean(axis=0)) / np.maximum(array.std(axis=0), 1e-300)


def _gaussian_nats(found):
    return -0.5 * np.log1p(-found[2]**2).sum()


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
