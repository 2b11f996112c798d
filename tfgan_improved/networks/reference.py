"""Networks that carry a reference batch for the layers that normalize by one."""

import keras
import numpy as np
import tensorflow as tf

from tfgan_improved.errors import UserError
from tfgan_improved.layers.virtual_batch_norm import live_pass, reference_pass
from tfgan_improved.ops import class_mix, first_batch, noise, replicas

SEED = 0  # of the noise that belongs to the reference


def carry_reference(network):
    """`network` with a reference batch, a `ReferenceNetwork` of the same layers; itself where no layer wants one.

    A layer wants one by its attribute `reference_rows`. UserError where layers want different numbers of rows.
    """
    return ReferenceNetwork(network.input, network.output, name=network.name) if _wanted(network) else network


@keras.saving.register_keras_serializable("tfgan_improved")
class ReferenceNetwork(keras.Model):
    """A functional network that runs on its reference batch before it runs on the batch that it is given.

    Both runs have the same weights, so that the layers' statistics of the reference follow them, with gradients. The
    first leaves no trace: only the run on the given batch moves power iterations and running averages, adds losses and
    draws from the step's noise. The reference's own noise is fixed, as the rest of the reference is.
    The reference batch holds one part for each input, `reference_rows` rows, as float32 weights that are not trained:
    it is in checkpoints, saved and exported models and the average of the weights. In the pass of the first batch
    (`ops/first_batch.py`) the network takes the first rows; `set_reference` sets others. Until then a call raises
    ValueError, or gives nothing but NaN where it cannot look at its weights.
    Source: Salimans et al. 2016, arXiv:1606.03498, section 3.5.
    """

    starts_from_data = True  # it takes its reference from the first batch

    def __init__(self, inputs, outputs, name=None, **kwargs):
        super().__init__(inputs, outputs, name=name, **kwargs)
        # In an autocast scope of its own `call` would name half-precision weights for the layers; they open theirs.
        self.dtype_policy, self.autocast = "float32", False
        self.reference_rows, unset = _wanted(self), keras.initializers.Constant(np.nan)
        for index, part in enumerate(self.inputs):  # an attribute each, because TensorFlow would not save a list
            setattr(self, f"reference_{index}", self.add_weight(
                name=f"reference_{part.name}", shape=(self.reference_rows, *part.shape[1:]), dtype="float32",
                initializer=unset, trainable=False, autocast=False))

    @property
    def reference(self):
        """The variables of the reference batch, one for each input."""
        return [getattr(self, f"reference_{index}") for index in range(len(self.inputs))]

    def set_reference(self, batch):
        """Takes the first rows of a batch as the network's inputs are: z or images, or with labels [z, labels].

        UserError for another number of parts, fewer than `reference_rows` rows, other shapes, or what is not finite.
        """
        parts, rows = [tf.convert_to_tensor(part) for part in keras.tree.flatten(batch)], self.reference_rows
        wanted, received = ([tuple(part.shape) for part in these] for these in (self.reference, parts))
        examples = [shape[1:] for shape in received if shape and shape[0] >= rows]
        if len(received) != len(wanted) or examples != [shape[1:] for shape in wanted]:
            raise UserError(f"the reference batch of network '{self.name}' is the first {rows} rows of a batch of "
                            f"shape {_listed(wanted)} or longer; received {_listed(received)}; give as many, or ask "
                            "for fewer in its normalization, such as virtual:reference=16")
        parts = [tf.cast(part[:rows], "float32") for part in parts]
        if not all(np.isfinite(part).all() for part in parts):
            raise UserError(f"the reference batch of network '{self.name}' must be finite; received infinite or "
                            "undefined values; look at the data")
        for mine, part in zip(self.reference, parts):
            mine.assign(part)

    @tf.autograph.experimental.do_not_convert  # as Keras has it for its own
    def __call__(self, inputs, *args, **kwargs):
        if not any(isinstance(part, keras.KerasTensor) for part in keras.tree.flatten(inputs)):
            if first_batch.active():
                self.set_reference(inputs)
            self._check_set()  # here, because Keras adds lines to what is raised in `call`
        return super().__call__(inputs, *args, **kwargs)

    def call(self, inputs, training=None, mask=None, **kwargs):
        reference = [tf.cast(mine.value, part.dtype) for mine, part in zip(self.reference, self.inputs)]
        state = [(variable, variable.value) for variable in self.variables]  # or the scope would hide one around it
        with reference_pass() as kept, replicas.alone(), class_mix.unmixed(), noise.scope(
                noise.root(SEED)), keras.StatelessScope(state, collect_losses=True, initialize_variables=False):
            super().call(keras.tree.pack_sequence_as(self.input, reference), training=training, **kwargs)
        with live_pass(kept):
            return super().call(inputs, training=training, mask=mask, **kwargs)

    def _check_set(self):
        """Looks at the weights, also while a function is traced: what is unset is NaN."""
        with tf.init_scope():
            value = tf.convert_to_tensor(self.reference[0].value)
        if not tf.is_symbolic_tensor(value) and np.isnan(value).any():
            raise ValueError(f"network '{self.name}' has no reference batch yet, which its layers normalize by; call "
                             "GAN.initialize with a first batch, restore a checkpoint, or call its set_reference")


def _wanted(network):
    """Rows of the reference batch that the layers want, however deep they lie; 0 where none wants one."""
    rows = {layer.reference_rows for layer in network._flatten_layers(include_self=False)
            if getattr(layer, "reference_rows", 0)}
    if len(rows) > 1:
        raise UserError(f"the layers of a network share one reference batch; received {_listed(sorted(rows))} rows for "
                        f"those of network '{network.name}'; give them the same number")
    return rows.pop() if rows else 0


def _listed(items):
    return " and ".join(map(str, items))
