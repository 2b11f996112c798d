"""The two halves of an adversarial loss as terms."""

import dataclasses

from tfgan_improved.losses.adversarial import Adversarial


@dataclasses.dataclass(frozen=True)
class DiscriminatorLoss:
    """weight times D's half of `loss` on the logits of real and generated images."""

    loss: Adversarial
    weight: float = 1.0
    name: str = "loss"

    @property
    def least(self):
        """What the term comes near to where D tells everything apart; -inf for a loss without such an end."""
        return self.weight * getattr(self.loss, "least", 0.0) if self.weight else 0.0

    def __call__(self, view):
        return self.weight * self.loss.discriminator(view.judged("real")["logits"], view.judged("fake")["logits"])


@dataclasses.dataclass(frozen=True)
class GeneratorLoss:
    """weight times G's half of `loss` on the logits of generated images."""

    loss: Adversarial
    weight: float = 1.0
    name: str = "loss"

    def __call__(self, view):
        return self.weight * self.loss.generator(view.judged("fake")["logits"])
