"""Constraints of kernels: what Keras's optimizers hold a kernel to behind each update."""

from tfgan_improved.spec import Table, shelf

CONSTRAINTS = Table(__name__, "constraint", {
    "clip": "clipping:WeightClipping", "unit_norm": "unit_norm:UnitNorm",
    "spectral": "singular_values:SpectralProjection", "orthogonal": "singular_values:OrthogonalProjection",
}, wired={"output_axis"})

__getattr__, __dir__, __all__ = shelf(__name__, *CONSTRAINTS.names.values(), "kernel_constraint:KernelConstraint")
