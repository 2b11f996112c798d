"""The kernels of a network: where they are, what they are called and along which axis they count their outputs."""

import dataclasses
import fnmatch

import keras

from tfgan_improved.errors import UserError
from tfgan_improved.ops import kernel_matrix

TRANSPOSED = (keras.layers.Conv1DTranspose, keras.layers.Conv2DTranspose, keras.layers.Conv3DTranspose)
PLAIN = (keras.layers.Dense, keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D)
WITH_KERNEL = (*PLAIN, *TRANSPOSED, keras.layers.Embedding)


@dataclasses.dataclass(frozen=True)
class Kernel:
    """One kernel: the name of its layer, the layer, the raw variable and its axis of outputs."""

    name: str
    layer: keras.layers.Layer
    variable: keras.Variable
    output_axis: int

    def matrix(self):
        """W (inputs, units), one column for each output."""
        return kernel_matrix.of(self.variable.value, self.output_axis)


def output_axis(layer):
    """The axis of a layer's kernel that counts its outputs: -1, of a transposed convolution -2, of an Embedding 0.

    An Embedding's outputs are its classes, as in a projection onto their vectors.
    """
    if isinstance(layer, keras.layers.Embedding):
        return 0
    return -2 if isinstance(layer, TRANSPOSED) else -1


def variable_of(layer):
    """The variable of the kernel of a Dense layer, a convolution, a transposed convolution or an Embedding."""
    return layer.embeddings if isinstance(layer, keras.layers.Embedding) else layer.kernel


def of(network, names="*"):
    """The kernels of a built Keras model in the order of its layers, each once, however deep its layer lies.

    Of a wrapped layer it is the raw kernel, under the wrapper's name; a layer within another one, and within a model,
    is called by its path, such as attention/query. `names` are patterns of names with * and ?, separated by |, such
    as up_*|dense; what a pattern with - before it fits is left out, as in -dense, all but that one. UserError where a
    pattern fits no kernel. Depthwise convolutions have no such kernel.
    """
    layers = {id(layer): layer for layer in _layers(network) if isinstance(layer, WITH_KERNEL)}.values()
    found = [Kernel(_name(variable_of(layer)), layer, variable_of(layer), output_axis(layer)) for layer in layers]
    known, patterns = [kernel.name for kernel in found], names.split("|")
    for pattern in (pattern.removeprefix("-") for pattern in patterns):
        if pattern != "*" and not _fits(pattern, known):
            raise UserError(f"no kernel of network '{network.name}' is called '{pattern}'; it has "
                            f"{', '.join(known) or 'none'}; name some of these, with * and ? where they stand for many")
    less = {name for pattern in patterns if pattern[:1] == "-" for name in _fits(pattern[1:], known)}
    more = {name for pattern in patterns if pattern[:1] != "-" for name in _fits(pattern, known)}
    return [kernel for kernel in found if kernel.name in (more or set(known)) - less]


def constrain(network, make):
    """Sets `make(output_axis=...)`, a fresh Keras constraint, on every kernel of a built model; returns the model.

    Keras's optimizers apply it behind each update; it is in the layers' configs, so that a saved model has it too.
    """
    for kernel in of(network):
        attribute = "embeddings" if isinstance(kernel.layer, keras.layers.Embedding) else "kernel"
        constraint = make(output_axis=kernel.output_axis)
        setattr(kernel.layer, f"{attribute}_constraint", constraint)
        kernel.variable.constraint = constraint
    return network


def _fits(pattern, names):
    return [name for name in names if fnmatch.fnmatchcase(name, pattern)]


def _layers(layer):
    """All layers inside a layer or model, in order, itself first."""
    yield layer
    for inner in layer.layers if isinstance(layer, keras.Model) else layer._layers:
        yield from _layers(inner)


def _name(variable):
    """The path of the variable's layer, in which a wrapper of the same name is not named twice."""
    parts = variable.path.split("/")[:-1]
    return "/".join(part for index, part in enumerate(parts) if not index or part != parts[index - 1])
