"""Mutual information of generated examples and their z, which a third player, "t", measures while G raises it."""

import dataclasses
import operator

import tensorflow as tf

from tfgan_improved import checks
from tfgan_improved.losses.information import BOUNDS, log_mean_exp, running_log_mean
from tfgan_improved.ops import replicas
from tfgan_improved.ops.gradients import adaptive_clip


@dataclasses.dataclass(frozen=True)
class StatisticsLoss:
    """-B(T), the bound B of I(G(z); c) in nats that the player's statistics network T gives; c is z or a part of it.

    c are the first `code` components of z, all with 0. Pairs that do not belong together are those of x with the c
    of the next `shifts` rows of the whole batch, over all replicas. `bound` is of `losses/information.py`, `rate` that
    of the running mean that corrects its gradient. ValueError unless code >= 0, shifts >= 1 and 0 < rate <= 1, for
    another bound, and where the batch has no more rows than shifts; where a graph knows that only when it runs,
    tf.errors.InvalidArgumentError, not under XLA. In the logs of a training "loss" is -B(T), beside
    it "nats" is B(T), which rises as the information does.
    Source: Belghazi et al. 2018, arXiv:1801.04062, sections 3.2 and 5.1.
    """

    code: int = 0
    bound: str = "donsker_varadhan"
    rate: float = 0.01
    shifts: int = 1
    player: str = "t"
    name: str = "loss"

    readings = {"nats": operator.neg}  # logged too: of the bound, in nats

    def __post_init__(self):
        if not (checks.whole(self.code) and checks.whole(self.shifts, 1) and checks.above(self.rate, 0)
                and self.rate <= 1 and self.bound in list(BOUNDS)):
            raise ValueError("information needs whole numbers code >= 0 and shifts >= 1, 0 < rate <= 1 and bound="
                             f"{' or '.join(BOUNDS)}; received code={self.code!r}, shifts={self.shifts!r}, "
                             f"rate={self.rate!r}, bound={self.bound}")

    @property
    def least_rows(self):
        """How many examples must pass together."""
        return self.shifts + 1

    def memory(self, network):
        """The logarithm of the running mean of exp T, and how many turns it has seen."""
        return {"log_mean": tf.zeros(()), "turns": tf.zeros((), tf.int64)}

    def __call__(self, view):
        values = view.networks[self.player]([view.images("fake"), self.pairs(view.z)], training=True)
        joint, marginal = values[:, :1], values[:, 1:]
        log_mean, turns = view.memory["log_mean"], view.memory["turns"]
        turns.assign_add(1)
        now = running_log_mean(log_mean.read_value(), log_mean_exp(marginal), turns.read_value(), self.rate)
        log_mean.assign(now)
        return -BOUNDS[self.bound](joint, marginal, now)

    def pairs(self, z):
        """z (n, d) -> (n, 1 + shifts, c): each row's own c, then those of the next rows of the whole batch."""
        codes = z[:, :self.code] if self.code else z
        mine, whole = replicas.length(codes), tf.reshape(replicas.gathered(codes), (-1, codes.shape[-1]))
        if whole.shape[0] is not None and whole.shape[0] <= self.shifts:
            raise ValueError(f"information pairs each example with {self.shifts} others; received a batch of "
                             f"{whole.shape[0]}; give a larger one")
        if whole.shape[0] is None:  # as in the last batch of an epoch of `fit`
            check = tf.debugging.Assert(tf.shape(whole)[0] > self.shifts, [
                f"information pairs each example with {self.shifts} others; received a batch of", tf.shape(whole)[0],
                "; give a larger one, or drop_remainder=True"])
            with tf.control_dependencies([check]):
                whole = tf.identity(whole)
        start = replicas.index() * mine
        others = [tf.roll(whole, -shift, axis=0)[start:start + mine] for shift in range(1, self.shifts + 1)]
        return tf.stack([codes, *others], axis=1)


@dataclasses.dataclass(frozen=True)
class Information(StatisticsLoss):
    """-weight B(T): G raises the information that its examples hold of z, and so their entropy, as z decides them.

    B, c and the rest are those of `StatisticsLoss`, which the term brings along for the player "t"; H(G(z)) is
    I(G(z); z) where G is deterministic. The information has no limit, so with `clip` its gradient is held to the norm
    of that of G's other terms (`ops/gradients.py`). What is logged is what G minimizes, which falls as the information
    rises; the player "t" logs the nats. ValueError as there, and unless weight >= 0.
    Source: Belghazi et al. 2018, arXiv:1801.04062, section 5.1.
    """

    weight: float = 1.0
    clip: bool = True
    name: str = "information"

    group = "information"  # its gradients are kept apart from those of G's other terms
    readings = {}  # its value has the weight in it; T tells the nats

    def __post_init__(self):
        super().__post_init__()
        if not checks.real(self.weight, 0):
            raise ValueError(f"weight of information must be at least 0; received {self.weight!r}")

    @property
    def brings(self):
        """{player: its terms}: who must play besides G and D."""
        return {self.player: (StatisticsLoss(self.code, self.bound, self.rate, self.shifts, self.player),)}

    def size(self, latent):
        """Components of c where z has `latent`. ValueError where it has fewer."""
        if self.code > latent:
            raise ValueError(f"information is asked for {self.code} components of z, which has {latent}; give "
                             "a smaller code or a larger latent")
        return self.code or latent

    def join(self, main, mine):
        """The gradient of G's other terms and this one's, as one."""
        return adaptive_clip(main, mine) if self.clip else [tf.add(*pair) for pair in zip(main, mine)]

    def __call__(self, view):
        return self.weight * super().__call__(view)
