"""Regularizers as terms: a penalty on the kernels of the player's own network, which the term finds by itself."""

import dataclasses

import tensorflow as tf

from tfgan_improved.ops import kernels
from tfgan_improved.regularizers import diversity, off_diagonal, orthonormal

REDUCTIONS = {"sum": tf.add_n, "mean": lambda values: tf.add_n(values) / len(values)}


@dataclasses.dataclass(frozen=True)
class KernelPenalty:
    """Base: the sum, or with reduction="mean" the mean, over layers of `regularizer(output_axis)` of their kernels.

    Kernels are the raw ones of wrapped layers, each with its own axis of outputs (`ops/kernels.py`). `layers` chooses
    them by name: patterns with * and ?, separated by |, such as up_*|dense, or less some, such as -dense. It is a
    function of the weights alone: no network runs for it. ValueError for another reduction and for what the regularizer
    refuses; UserError, when the GAN is made, where a pattern fits no kernel.
    """

    def __post_init__(self):
        if self.reduction not in REDUCTIONS:
            raise ValueError(f"reduction of {self.name} must be {' or '.join(REDUCTIONS)}; received '{self.reduction}'")
        self.regularizer(-1)

    def regularizer(self, output_axis):
        """The regularizer of a kernel whose outputs are counted by that axis."""
        raise NotImplementedError

    def memory(self, network):
        """Nothing is remembered; but that the patterns fit is looked at early."""
        kernels.of(network, self.layers)
        return {}

    def __call__(self, view):
        return self.of_network(view.networks[view.player])

    def of_network(self, network):
        """The penalty of a network, a scalar."""
        values = [self.regularizer(kernel.output_axis)(kernel.variable.value)
                  for kernel in kernels.of(network, self.layers)]
        return REDUCTIONS[self.reduction](values) if values else tf.zeros(())


@dataclasses.dataclass(frozen=True)
class DiversityTerm(KernelPenalty):
    """`tfi.regularizers.Diversity` of the player's kernels: factor / 2 * sum_l sum_{i != j} M_ij Omega_ij^2.

    Omega_ij is the cosine of two units of layer l, M_ij = 1 where |Omega_ij| >= tau; a scalar >= 0. In the paper G has
    the factor 1 and D 0.01. `leading`, `layers` and `reduction` are what its text leaves open.
    Source: Ayinde et al. 2019, arXiv:1901.10824, section 3 (DiReAL).
    """

    tau: float = 0.5
    factor: float = 1.0
    layers: str = "*"
    reduction: str = "sum"
    leading: float = 0.5
    name: str = "diversity"

    def regularizer(self, output_axis):
        return diversity.Diversity(self.tau, self.factor, output_axis, self.leading)


@dataclasses.dataclass(frozen=True)
class OrthonormalTerm(KernelPenalty):
    """`tfi.regularizers.Orthonormal` of the player's kernels: factor * sum_l |W'W - I|^2; a scalar >= 0.

    ValueError as `tfi.regularizers.Orthonormal` raises it.
    Source: Brock et al. 2017, arXiv:1609.07093, section 3, as compared in Miyato et al. 2018, arXiv:1802.05957.
    """

    factor: float = 1e-4
    size: str = "frobenius"
    layers: str = "*"
    reduction: str = "sum"
    name: str = "orthonormal"

    def regularizer(self, output_axis):
        return orthonormal.Orthonormal(self.factor, output_axis, self.size)


@dataclasses.dataclass(frozen=True)
class OffDiagonalTerm(KernelPenalty):
    """`tfi.regularizers.OffDiagonal` of the player's kernels: beta * sum_l |W'W * (1 - I)|_F^2; a scalar >= 0.

    ValueError as `tfi.regularizers.OffDiagonal` raises it.
    Source: Brock et al. 2019, arXiv:1809.11096, equation 3.
    """

    beta: float = 1e-4
    form: str = "equation"
    layers: str = "*"
    reduction: str = "sum"
    name: str = "off_diagonal"

    def regularizer(self, output_axis):
        return off_diagonal.OffDiagonal(self.beta, output_axis, self.form)
