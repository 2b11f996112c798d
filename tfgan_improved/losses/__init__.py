"""Adversarial losses: pure functions of the discriminator's logits."""

from tfgan_improved.spec import Table, shelf

LOSSES = Table(__name__, "loss", {
    "non_saturating": "adversarial:NonSaturating",
    "saturating": "adversarial:Saturating",
    "hinge": "adversarial:Hinge",
    "wasserstein": "adversarial:Wasserstein",
    "least_squares": "adversarial:LeastSquares",
})

__getattr__, __dir__, __all__ = shelf(
    __name__, *LOSSES.names.values(), "adversarial:GanLoss", *(f"adversarial:{name}" for name in LOSSES))
