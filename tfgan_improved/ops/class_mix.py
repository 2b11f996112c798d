"""Places between classes: within a pass, the vectors of classes are mixed with those of others."""

import contextlib
import contextvars

_MIX = contextvars.ContextVar("tfgan_improved_class_mix", default=None)


def current():
    """(labels (n,) of the other classes, their shares (n,)) of this pass; None where classes are not mixed."""
    return _MIX.get()


@contextlib.contextmanager
def mixed(others, shares):
    """Within it `ClassVectors` give (1 - share) v(label) + share v(other), row by row."""
    with _set((others, shares)):
        yield


@contextlib.contextmanager
def unmixed():
    """Within it classes are not mixed, whatever is around it: for passes of other rows."""
    with _set(None):
        yield


@contextlib.contextmanager
def _set(mix):
    token = _MIX.set(mix)
    try:
        yield
    finally:
        _MIX.reset(token)
