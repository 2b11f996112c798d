"""What every score refuses: arrays of another rank or type, too few rows, values that are not finite."""

import numpy as np

from tfgan_improved.evaluation import EvaluationError


def pair(a, b, least=2):
    """Two arrays of features of the same width, float64, as `rows` checks them."""
    a, b = rows(a, "features", least), rows(b, "features", least)
    if a.shape[1] != b.shape[1]:
        raise EvaluationError(f"features must have the same width; received shapes {a.shape} and {b.shape}")
    return a, b


def rows(values, what, least, dtype=np.float64):
    """`values` as an array (n, f), n >= least, of finite numbers. EvaluationError (a ValueError) otherwise."""
    values = np.asarray(values)
    if values.ndim != 2 or not values.shape[1]:
        raise EvaluationError(f"{what} must have rank 2, (samples, width); received shape {values.shape}")
    if len(values) < least:
        raise EvaluationError(f"{what} of at least {least} samples are needed; received {len(values)}")
    if not np.issubdtype(values.dtype, np.number) or np.iscomplexobj(values):
        raise EvaluationError(f"{what} must be real numbers; received {values.dtype}")
    values = values.astype(dtype, copy=False)
    if not np.isfinite(values).all():
        count = int((~np.isfinite(values)).any(axis=1).sum())
        raise EvaluationError(f"{what} must be finite; {count} of {len(values)} samples hold NaN or infinity")
    return values
