"""LeCam regularization: D's logits may not run away from where they have been."""

import dataclasses

import tensorflow as tf
from keras import ops

from tfgan_improved.ops import replicas


@dataclasses.dataclass(frozen=True)
class LeCam:
    """weight * (E[(D(x) - a_F)^2] + E[(D(G(z)) - a_R)^2]); a_R, a_F: running means of real and generated logits.

    The means follow a <- decay a + (1 - decay) E[D] from 0, over all replicas, once a turn, and are constants of the
    gradient; a turn that passes in parts is remembered with its first one (`View.first`).
    A scalar >= 0. ValueError unless weight >= 0 and 0 <= decay < 1. Source: Tseng et al. 2021, arXiv:2104.03310,
    equation 6.
    """

    weight: float = 0.3
    decay: float = 0.99
    name: str = "lecam"

    def __post_init__(self):
        if not self.weight >= 0 or not 0 <= self.decay < 1:
            raise ValueError(f"lecam needs weight >= 0 and decay from 0 to below 1; "
                             f"received weight={self.weight}, decay={self.decay}")

    def memory(self, network):
        """The two running means."""
        return {"real": tf.zeros(()), "fake": tf.zeros(())}

    def __call__(self, view):
        real, fake = view.judged("real")["logits"], view.judged("fake")["logits"]
        means, first = {}, getattr(view, "first", True)
        for part, logits in (("real", real), ("fake", fake)):
            now = tf.stop_gradient(replicas.mean(ops.mean(logits)))
            variable = view.memory[part]
            if first:
                variable.assign(self.decay * variable + (1 - self.decay) * now)
            means[part] = tf.stop_gradient(variable.read_value())
        return self.weight * (ops.mean(ops.square(real - means["fake"])) + ops.mean(ops.square(fake - means["real"])))
