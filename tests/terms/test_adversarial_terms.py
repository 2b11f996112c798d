"""The two halves of a loss as terms."""

import numpy as np
import pytest

from tfgan_improved.losses import LOSSES
from tfgan_improved.terms import DiscriminatorLoss, GeneratorLoss


@pytest.mark.parametrize("name", list(LOSSES))
def test_the_terms_are_the_loss_of_ds_logits(make_view, name):
    loss, view = LOSSES.make(name), make_view()
    real, fake = (view.networks["d"](view.images(part))["logits"] for part in ("real", "fake"))
    want = loss(real, fake)
    np.testing.assert_allclose(DiscriminatorLoss(loss)(view), want.discriminator, rtol=1e-6)
    np.testing.assert_allclose(GeneratorLoss(loss)(view), want.generator, rtol=1e-6)
    np.testing.assert_allclose(DiscriminatorLoss(loss, 0.5)(view), 0.5 * want.discriminator, rtol=1e-6)
    np.testing.assert_allclose(GeneratorLoss(loss, 3.0)(view), 3.0 * want.generator, rtol=1e-6)
    assert DiscriminatorLoss(loss).name == GeneratorLoss(loss).name == "loss"
