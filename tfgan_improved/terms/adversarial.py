"""The two halves of an adversarial loss as terms."""

import dataclasses

from tfgan_improved.losses.adversarial import Adversarial


@dataclasses.dataclass(frozen=True)
class DiscriminatorLoss:
    """D's half of `loss` on the logits of real and generated images."""

    loss: Adversarial
    name: str = "loss"

    def __call__(self, view):
        return self.loss.discriminator(view.judged("real")["logits"], view.judged("fake")["logits"])


@dataclasses.dataclass(frozen=True)
class GeneratorLoss:
    """G's half of `loss` on the logits of generated images."""

    loss: Adversarial
    name: str = "loss"

    def __call__(self, view):
        return self.loss.generator(view.judged("fake")["logits"])
