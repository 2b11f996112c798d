"""A player: a network, the terms whose sum it minimizes, and how often it moves in a step."""

import dataclasses
from collections.abc import Callable

import keras
import tensorflow as tf

from tfgan_improved.losses import LOSSES
from tfgan_improved.terms.adversarial import DiscriminatorLoss, GeneratorLoss


def add_groups(gradients):
    """{group: [gradient, ...]} -> [gradient, ...], their sum."""
    return [tf.add_n(list(parts)) for parts in zip(*gradients.values())]


@dataclasses.dataclass(frozen=True)
class Player:
    """`terms` are callables View -> scalar with a `name`; `steps` is the number of turns in one training step.

    A term may have a `group` ("main" without one); `merge` turns {group: gradients} into the gradients to apply.
    ValueError unless steps >= 1 and there is a term.
    """

    network: keras.Model
    terms: tuple
    steps: int = 1
    merge: Callable = add_groups

    def __post_init__(self):
        if self.steps < 1 or not self.terms:
            raise ValueError(f"a player needs at least one term and one step; "
                             f"received {len(self.terms)} terms, steps={self.steps}")


def two_players(generator, discriminator, loss="non_saturating", d_terms=(), g_terms=(), d_steps=1):
    """The players of an ordinary GAN, {"d": Player, "g": Player}: D moves `d_steps` times, then G once.

    `loss` is a loss object or the name of one; `d_terms`, `g_terms` are added to it. SpecError for an unknown name.
    """
    loss = LOSSES.make(loss) if isinstance(loss, str) else loss
    return {"d": Player(discriminator, (DiscriminatorLoss(loss), *d_terms), d_steps),
            "g": Player(generator, (GeneratorLoss(loss), *g_terms))}
