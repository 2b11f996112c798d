"""How alike the units of each layer are, whether or not a penalty keeps them apart."""

import dataclasses

import numpy as np

from tfgan_improved.ops import kernels

BLOCK = 1024  # units of one block of pairs
EPSILON = 1e-12  # as in `regularizers.Diversity`


def pairs_of_units(matrix, tau):
    """(loss, mean |Omega_ij|, share of |Omega_ij| >= tau) over the pairs i != j of the columns of W (inputs, units).

    Omega_ij is the cosine of the angle between two columns, the loss 1/2 sum_{i != j} M_ij Omega_ij^2 with M_ij = 1
    where |Omega_ij| >= tau, as `tfi.regularizers.Diversity` has it with a factor of 1. (0, 0, 0) for one unit.
    Source: Ayinde et al. 2019, arXiv:1901.10824, section 3 (DiReAL).
    """
    phi = matrix / np.sqrt(np.square(matrix).sum(axis=0) + EPSILON)
    units, squares, total, above = phi.shape[1], 0.0, 0.0, 0
    if units < 2:
        return 0.0, 0.0, 0.0
    for first in range(0, units, BLOCK):
        omega = np.abs(phi[:, first:first + BLOCK].T @ phi)
        rows = np.arange(omega.shape[0])
        omega[rows, first + rows] = 0.0  # no pair; it counts nowhere but where tau is 0
        counted = omega >= tau
        squares += np.square(omega, dtype=np.float64, where=counted, out=np.zeros_like(omega, np.float64)).sum()
        total += omega.sum(dtype=np.float64)
        above += np.count_nonzero(counted) - (len(rows) if tau <= 0 else 0)
    pairs = units * (units - 1)
    return float(squares / 2), float(total / pairs), above / pairs


@dataclasses.dataclass(frozen=True)
class DiversityOfUnits:
    """Of each network the diversity loss with a fixed tau, a sum over layers; of each layer two shares of its pairs.

    {"<network>/diversity": the loss of `pairs_of_units`, whatever the recipe's penalty, "<network>/<layer>/
    mean_correlation": the mean |Omega_ij|, "<network>/<layer>/share_above": the share of pairs with |Omega_ij| >= tau},
    these two from 0 to 1 and comparable between layers of different sizes. Kernels are the raw ones: norms of kernels
    do not change the angles. ValueError unless tau is from 0 to 1.
    Source: Ayinde et al. 2019, arXiv:1901.10824, section 3 and figures 2 and 4 (DiReAL).
    """

    tau: float = 0.5

    def __post_init__(self):
        if not 0 <= self.tau <= 1:
            raise ValueError(f"tau must be from 0 to 1; received {self.tau}")

    def __call__(self, probe):
        found = {}
        for name, network in probe.networks.items():
            found[f"{name}/diversity"] = 0.0
            for kernel in kernels.of(network):
                matrix = np.asarray(kernel.matrix(), np.float32)
                loss, mean, share = pairs_of_units(matrix, self.tau)
                found[f"{name}/diversity"] += loss
                if matrix.shape[1] > 1:
                    found |= {f"{name}/{kernel.name}/mean_correlation": mean,
                              f"{name}/{kernel.name}/share_above": share}
        return found
