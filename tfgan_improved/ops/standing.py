"""Standing statistics: moments of batch norms averaged over many passes, for sampling."""

import contextlib
import contextvars

_SHARE = contextvars.ContextVar("tfgan_improved_standing", default=None)


def share():
    """How much the moments of this pass count in the moving ones; None where no such pass is under way."""
    return _SHARE.get()


def accumulate(network, batches):
    """Sets the moving moments of a network's batch norms to their plain means over passes of `batches`.

    Each batch normalizes itself, as in training, but nothing else of the network trains or moves; also in a copy that
    is not trainable. Afterwards an image does not depend on what is sampled with it, and the moments are those of the
    weights that are there, of the distribution of z that `batches` are drawn from. Variances are averaged without that
    of the means, as in the author's code. ValueError without a batch.
    Source: Brock et al. 2019, arXiv:1809.11096, section 3.1 and its released code.
    """
    count = 0
    for count, batch in enumerate(batches, 1):
        with _counting(1.0 / count):
            network(batch, training=False)
    if not count:
        raise ValueError("standing statistics need at least one batch; received none")


@contextlib.contextmanager
def _counting(share):
    token = _SHARE.set(share)
    try:
        yield
    finally:
        _SHARE.reset(token)
