"""The two halves of an adversarial loss as terms."""

import dataclasses

from tfgan_improved.losses.adversarial import Adversarial


@dataclasses.dataclass(frozen=True)
class DiscriminatorLoss:
    """weight times D's half of `loss` on the logits of real and generated images."""

    loss: Adversarial
    weight: float = 1.0
    name: str = "loss"

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
