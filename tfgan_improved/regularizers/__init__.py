"""Regularizers of kernels, to be given to any Keras layer."""

from tfgan_improved.spec import Table, shelf

REGULARIZERS = Table(__name__, "regularizer", {"off_diagonal": "off_diagonal:OffDiagonal"})

__getattr__, __dir__, __all__ = shelf(__name__, *REGULARIZERS.names.values())
