"""A layer that computes with another kernel than the one it trains."""

import keras
from keras import ops

from tfgan_improved.ops import kernel_matrix, kernels


class KernelWrapper(keras.layers.Wrapper):
    """Calls `layer` with `effective(kernel, training)` in place of its kernel, in training and outside.

    It is a reparametrisation: the raw kernel stays the variable that is trained, saved and regularized, and the
    gradient flows through `effective`, which computes in the kernel's own precision. The layer may be Dense, a
    convolution, a transposed convolution or an Embedding; TypeError for any other. The wrapper takes its name.
    """

    def __init__(self, layer, **kwargs):
        if not isinstance(layer, kernels.WITH_KERNEL):
            raise TypeError(f"{type(self).__name__} wants a Dense, convolution, transposed convolution or Embedding "
                            f"layer, which have one kernel; received {layer!r}")
        # The kernel is read in full precision, and the input is left for the layer to cast.
        kwargs |= {"dtype": layer.variable_dtype, "autocast": False}
        super().__init__(layer, **{"name": layer.name, **kwargs})

    def effective(self, kernel, training):
        """The kernel to compute with, from the raw one."""
        raise NotImplementedError

    @property
    def kernel(self):
        """The raw kernel's variable."""
        return kernels.variable_of(self.layer)

    @property
    def units_axis(self):
        """The kernel's axis of outputs; an Embedding's are its classes, as in a projection onto their vectors."""
        return kernels.output_axis(self.layer)

    @property
    def units(self):
        """How many outputs the kernel has."""
        return self.kernel.shape[self.units_axis]

    def matrix(self, kernel):
        """The kernel as W (inputs, units); inputs are also the positions of a convolution."""
        return kernel_matrix.of(kernel, self.units_axis)

    def per_unit(self, values):
        """Values (units,) in the shape in which they multiply the kernel."""
        shape = [1] * len(self.kernel.shape)
        shape[self.units_axis] = self.units
        return ops.reshape(values, shape)

    def call(self, x, training=False):
        # The layer's other variables are named too, because this scope hides any that is open around it.
        state = [(variable, variable.value) for variable in self.layer.variables if variable is not self.kernel]
        state.append((self.kernel, self.effective(self.kernel.value, training)))
        with keras.StatelessScope(state, collect_losses=True, initialize_variables=False) as scope:
            y = self.layer(x)
        for loss in scope.losses:
            self.add_loss(loss)
        return y

    def compute_output_shape(self, shape):
        return self.layer.compute_output_shape(shape)
