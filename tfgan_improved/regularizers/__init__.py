"""Regularizers of kernels, to be given to any Keras layer; the terms of the same names find a player's kernels."""

from tfgan_improved.spec import Table, shelf

REGULARIZERS = Table(__name__, "regularizer", {
    "diversity": "diversity:Diversity", "off_diagonal": "off_diagonal:OffDiagonal",
    "orthonormal": "orthonormal:Orthonormal"}, wired={"output_axis"})

__getattr__, __dir__, __all__ = shelf(__name__, *REGULARIZERS.names.values(), "kernel_regularizer:KernelRegularizer")
