"""The largest singular value of each kernel, exactly."""

import dataclasses

import numpy as np

from tfgan_improved.layers.kernel_wrapper import KernelWrapper
from tfgan_improved.ops import kernel_matrix, kernels


def effective_kernels(network):
    """{layer's name: W (inputs, units)} of the kernels that a network computes with outside of training, float32.

    Of a layer under spectral or weight norm that is the kernel after it, else the layer's own.
    """
    wrappers = {id(layer.kernel): layer for layer in network._flatten_layers() if isinstance(layer, KernelWrapper)}
    found = {}
    for kernel in kernels.of(network):
        wrapper, value = wrappers.get(id(kernel.variable)), kernel.variable.value
        if wrapper is not None:
            value = wrapper.effective(value, training=False)
        found[kernel.name] = np.asarray(kernel_matrix.of(value, kernel.output_axis), np.float32)
    return found


@dataclasses.dataclass(frozen=True)
class SingularValues:
    """{"<network>/<layer>/sigma": the largest singular value of the layer's kernel seen as W (inputs, units)}.

    From a decomposition, not from power iteration; of the kernel that the layer computes with, so that it shows how
    near spectral norm keeps it to 1.
    Source: Miyato et al. 2018, arXiv:1802.05957, section 2.1.
    """

    def __call__(self, probe):
        return {f"{name}/{layer}/sigma": float(np.linalg.svd(matrix, compute_uv=False)[0])
                for name, network in probe.networks.items() for layer, matrix in effective_kernels(network).items()}
