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
FEW = 250  # rows of which no distribution can be told
LEVELS, INDICATORS = 64, 256  # distinct numbers of a column that may be labels, and columns for those of an array


@dataclasses.dataclass(frozen=True)
class Pairs:
    """What T sees of x (n, p) and z (n, q), float32; column i of both, i < k, correlates with `correlations` (k,).

    `gaussian` is whether these columns of x, or those of z, are distributed as independent Gaussians: each of them, and
    the lengths of rows. `gaussian_nats` is the information of Gaussians that correlate alike; no others have less where
    x or z is Gaussian.
    """

    x: np.ndarray
    z: np.ndarray
    correlations: np.ndarray
    gaussian: bool
    gaussian_nats: float


def nats_of(correlations):
    """-1/2 sum log(1 - r^2): I in nats of Gaussians whose canonical correlations are r."""
    return float(-0.5 * np.log1p(-np.square(correlations)).sum())


def prepared(x, z, known):
    """`Pairs` of x (n, p) and z (n, q), finite numbers; the first `known` rows decide the coordinates.

    Each row has its canonical coordinates (of deviation 1, uncorrelated but for the i-th of x with the i-th of z: a
    linear map, so that nothing depends on which linear map was applied before), then the normal scores of each column's
    ranks and the columns themselves at a deviation of 1: whatever holds information holds it in these, too. Behind them
    come the indicators of each number of columns that have few, which may be labels, whose order means nothing.
    Coordinates are those of the scores or of the columns, whichever tell more: scores have no outliers, columns no
    rounding to ranks. Of more than 1,000 columns they are those of about the 1,000 directions of most variance. All are
    cut off at 5 deviations. EvaluationError where nothing varies.
    """
    both = [_varying(name, array) for name, array in (("x", x), ("z", z))]
    columns = [_standardized(array / np.abs(array).max(axis=0)) for array in both]  # squares must be finite
    scores = [_standardized(scipy.special.ndtri((scipy.stats.rankdata(array, axis=0) - 0.5) / len(array)))
              for array in both]  # of the numbers as they are: beside an outlier all others are rounded to the same
    with threadpoolctl.threadpool_limits(1):  # beside other work several threads wait for each other, up to 60 times
        rows, found = max(((narrow, _canonical(*narrow, known)) for narrow in (
            [_narrowed(array, known) for array in arrays] for arrays in (scores, columns))),
            key=lambda of: nats_of(of[1][2]))
        nats = _gaussian_nats(*rows)
    gaussian = any(_gaussian(coordinates[:, :len(found[2])], array) for coordinates, array in zip(found, both))
    seen = [np.concatenate(parts, axis=1).clip(-FAR, FAR).astype(np.float32)
            for parts in zip(found, scores, columns, map(_indicators, both))]
    return Pairs(*seen, found[2], gaussian, nats_of(found[2]) if nats is None else nats)


def _varying(name, array):
    varies = array.min(axis=0) < array.max(axis=0)
    if not varies.any():
        raise EvaluationError(f"{name} is constant, and holds no information; give one that varies")
    return array[:, varies]


def _standardized(array):
    return (array - array.mean(axis=0)) / np.maximum(array.std(axis=0), 1e-300)


def _indicators(array):
    """For each number of each column that has few of them, from 3 on, whether a row has it, at a deviation of 1.

    Columns for which there is no room have none: most are those of images, whose numbers have an order.
    """
    found = []
    for column in array.T:
        if len(np.unique(column[:4 * LEVELS])) > LEVELS:  # as of most, without a look at all rows
            continue
        levels = np.unique(column)
        if 2 < len(levels) <= min(LEVELS, INDICATORS - len(found)):
            found += [_standardized((column == level).astype(np.float64)) for level in levels]
    return np.stack(found, axis=1) if found else np.empty((len(array), 0))


def _gaussian_nats(x, z):
    """I in nats of Gaussians whose covariance is that of rows of x and z, without bias for rows of Gaussians.

    Of n rows, -1/2 sum log(1 - r^2) of their own canonical correlations is too high by the difference of the means of
    log determinants of Wishart matrices. None where rows are too few for that. Source: Marrelec & Benali 2011,
    doi:10.3390/e13040805, section 4.1 (the mean of what samples of Gaussians have).
    """
    (x_mean, x_white), (z_mean, z_white) = _whitening(x), _whitening(z)
    sizes, rows = (x_white.shape[1], z_white.shape[1]), len(x)
    if sum(sizes) >= rows - 2:
        return None
    r = np.linalg.svd(((x - x_mean) @ x_white).T @ ((z - z_mean) @ z_white) / rows, compute_uv=False)
    of_x, of_z, both = (scipy.special.digamma((rows - 1 - np.arange(size)) / 2).sum() for size in (*sizes, sum(sizes)))
    return max(0.0, nats_of(np.clip(r, 0.0, LARGEST)) - (of_x + of_z - both) / 2)


def _gaussian(rows, array):
    """Whether rows, coordinates of those of an array, cannot be told from independent Gaussians of deviation 1.

    Their lengths are looked at because sums of many things are each nearly Gaussian, whatever these things are; and
    numbers that repeat themselves in the array are no Gaussians', whatever their sums look like.
    """
    if len(rows) < FEW or any(len(np.unique(column)) < 0.9 * len(column) for column in array.T):
        return False
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
