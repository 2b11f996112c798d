"""What every score refuses: arrays of another rank or type, too few rows, values that are not finite."""

import numpy as np

from tfgan_improved.evaluation import EvaluationError

AT_ONCE = 2**24  # numbers whose finiteness is looked at together


def pair(a, b, least=2):
    """Two arrays of features of the same width, as `rows` checks them; float32 and float64 stay what they are."""
    a, b = rows(a, "features", least, None), rows(b, "features", least, None)
    if a.shape[1] != b.shape[1]:
        raise EvaluationError(f"features must have the same width; received shapes {a.shape} and {b.shape}")
    return a, b


def rows(values, what, least, dtype=np.float64):
    """`values` as an array (n, f), n >= least, of finite numbers. EvaluationError (a ValueError) otherwise.

    With dtype None float32 stays as it is, without a copy, and other types become float64.
    """
    values = np.asarray(values)
    if values.ndim != 2 or not values.shape[1]:
        raise EvaluationError(f"{what} must have rank 2, (samples, width); received shape {values.shape}")
    if len(values) < least:
        raise EvaluationError(f"{what} of at least {least} samples are needed; received {len(values)}")
    if not np.issubdtype(values.dtype, np.number) or np.iscomplexobj(values):
        raise EvaluationError(f"{what} must be real numbers; received {values.dtype}")
    dtype = dtype or (np.float32 if values.dtype == np.float32 else np.float64)
    values = values.astype(dtype, copy=False)
    step = max(1, AT_ONCE // values.shape[1])
    count = sum(int((~np.isfinite(values[k:k + step])).any(axis=1).sum()) for k in range(0, len(values), step))
    if count:
        raise EvaluationError(f"{what} must be finite; {count} of {len(values)} samples hold NaN or infinity")
    return values


def integers(values, what, n, below=None):
    """`values` as whole numbers (n,), from 0 to below - 1 where `below` is given. EvaluationError otherwise."""
    values = np.asarray(values)
    if values.shape != (n,) or not np.issubdtype(values.dtype, np.integer):
        raise EvaluationError(f"{what} must be whole numbers of shape ({n},), one a sample; received {values.dtype} "
                              f"{values.shape}")
    if n and (values.min() < 0 or (below is not None and values.max() >= below)):
        limits = "at least 0" if below is None else f"from 0 to {below - 1}"
        raise EvaluationError(f"{what} must be {limits}; received {values.min()} to {values.max()}")
    return values


def images(values, what="images", least=2):
    """`values`, uint8 (n, h, w, c) with n >= least. EvaluationError otherwise: scores of pixels depend on rounding."""
    kind, shape = getattr(values, "dtype", type(values).__name__), tuple(getattr(values, "shape", ()))
    if kind != np.uint8 or len(shape) != 4 or not all(shape[1:]) or shape[0] < least:
        raise EvaluationError(f"{what} must be uint8 of shape (n, h, w, c) with n at least {least}, rounded to the "
                              f"nearest; received {kind} {shape}")
    return values
