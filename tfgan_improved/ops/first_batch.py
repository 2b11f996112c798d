"""The pass in which layers set themselves by the data they see: scales, offsets, reference batches.

Before its first step a GAN runs its networks once inside `scope()` (`GAN.initialize`). A layer that starts from data
says so by an attribute `starts_from_data`, asks `active()` in its `call`, assigns its variables from the input and goes
on with what it then computes, so that the layers behind it see what they will see in training. The values are weights:
a checkpoint restores them.
"""

import contextlib
import contextvars

_ACTIVE = contextvars.ContextVar("tfgan_improved_first_batch", default=False)


@contextlib.contextmanager
def scope():
    """Inside, layers that start from data set themselves; run networks eagerly and outside of replicas."""
    token = _ACTIVE.set(True)
    try:
        yield
    finally:
        _ACTIVE.reset(token)


def active():
    """Whether the pass is the first batch's."""
    return _ACTIVE.get()


def wanted(network):
    """Whether a layer of a Keras model, however deep it lies, or the model itself starts from data."""
    return any(getattr(layer, "starts_from_data", False) for layer in network._flatten_layers())


def first_of(x, y=None, rows=500):
    """The first batch of what Keras's `fit` takes: of an iterable of batches, or `rows` rows of arrays x and y.

    An array's rows are taken evenly from its whole length, because they may be sorted. ValueError for an iterator,
    which would lose the batch.
    """
    if hasattr(x, "shape"):
        several = [part[::max(1, len(part) // rows)][:rows] for part in (x, y) if part is not None]
        return several[0] if y is None else tuple(several)
    batches = iter(x)
    if batches is x:
        raise ValueError(f"a {type(x).__name__} gives its first batch only once; call GAN.initialize with a batch "
                         "before fit, because layers start from data")
    return next(batches)
