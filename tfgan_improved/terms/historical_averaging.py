"""Historical averaging: a player is pulled towards the mean of its own past weights."""

import dataclasses

import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class HistoricalAveraging:
    """factor * |theta - mean_t|^2 over the player's trainable variables; mean_t, of theta_1 ... theta_t, is a constant.

    With decay=0 it is the exact mean, mean_t = mean_{t-1} + (theta_t - mean_{t-1}) / t, as the paper writes; with
    0 < decay < 1 an exponential one that forgets the start, mean_1 = theta_1 and then
    mean_t = decay mean_{t-1} + (1 - decay) theta_t. The gradient is 2 factor (theta_t - mean_t). t counts the player's
    turns: d_steps=2 remembers two weights in a step. A turn of several views is remembered with its first one, where
    the view says so (`View.first`). A scalar >= 0, in float32. The exact mean is kept in float64: its steps shrink as
    1 / t and fall below float32's digits (experiments/toy_games). Costs 8 bytes a weight, 4 with a decay.
    ValueError unless factor >= 0 and 0 <= decay < 1, and where the network's trainable weights are no longer those it
    had when the GAN was made. Source: Salimans et al. 2016, arXiv:1606.03498, section 3.3; it gives no factor.
    """

    factor: float = 1e-3
    decay: float = 0.0
    name: str = "historical_averaging"

    def __post_init__(self):
        if not (self.factor >= 0 and 0 <= self.decay < 1):
            raise ValueError(f"historical_averaging needs factor >= 0 and decay from 0 to below 1; "
                             f"received factor={self.factor}, decay={self.decay}")

    def memory(self, network):
        """t, and the mean of each trainable variable."""
        kind = tf.float32 if self.decay else tf.float64
        means = {f"mean_{index}": tf.zeros(variable.shape, kind)
                 for index, variable in enumerate(network.trainable_variables)}
        return {"turns": tf.zeros((), tf.int64)} | means

    def __call__(self, view):
        first, turns, total = getattr(view, "first", True), view.memory["turns"], 0.0
        if first:
            turns.assign_add(1)
        for index, variable in enumerate(self._weights(view)):
            mean = view.memory[f"mean_{index}"]
            now, past = tf.cast(tf.convert_to_tensor(variable.value), mean.dtype), mean.read_value()
            if first:
                past += self._share(turns, mean.dtype) * (now - past)
                mean.assign(past)
            total += tf.cast(tf.reduce_sum(tf.square(now - tf.stop_gradient(past))), tf.float32)
        return self.factor * total

    def _weights(self, view):
        """The player's trainable variables, those that `memory` has seen."""
        weights, remembered = view.networks[view.player].trainable_variables, len(view.memory) - 1
        if len(weights) != remembered:
            raise ValueError(f"historical_averaging remembers {remembered} variables of player '{view.player}', which "
                             f"now trains {len(weights)}; set `trainable` before the GAN is made")
        return weights

    def _share(self, turns, kind):
        """What of the newest weights goes into the mean."""
        if not self.decay:
            return 1.0 / tf.cast(turns, kind)
        return tf.where(turns == 1, tf.constant(1.0, kind), tf.constant(1.0 - self.decay, kind))
