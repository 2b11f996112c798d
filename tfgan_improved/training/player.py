"""A player: a network, the terms whose sum it minimizes, and how often it moves in a step."""

import dataclasses
import functools
from collections.abc import Callable

import keras
import tensorflow as tf

from tfgan_improved import checks
from tfgan_improved.losses import LOSSES
from tfgan_improved.terms.adversarial import DiscriminatorLoss, GeneratorLoss


def add_groups(gradients):
    """{group: [gradient, ...]} -> [gradient, ...], their sum."""
    return [tf.add_n(list(parts)) for parts in zip(*gradients.values())]


def merged_by(terms):
    """The `merge` of a player with these terms: gradients of a term that can `join` are joined to the sum of the rest.

    `join(sum of the rest, gradients of the term's group)` -> gradients; without such a term it is `add_groups`.
    """
    joins = {term.group: term.join for term in terms if hasattr(term, "join")}
    return functools.partial(_join_groups, joins) if joins else add_groups


def _join_groups(joins, gradients):
    total = add_groups({group: parts for group, parts in gradients.items() if group not in joins})
    for group, join in joins.items():
        total = join(total, gradients[group])
    return total


@dataclasses.dataclass(frozen=True)
class Player:
    """`terms` are callables View -> scalar with a `name`; `steps` is the number of turns in one training step.

    A term may have a `group` ("main" without one); `merge` turns {group: gradients} into the gradients to apply.
    ValueError unless steps is a whole number of at least 1 and there is a term.
    """

    network: keras.Model
    terms: tuple
    steps: int = 1
    merge: Callable = add_groups

    def __post_init__(self):
        if not checks.whole(self.steps, 1) or not self.terms:
            raise ValueError("a player needs at least one term and one step, a whole number of them; "
                             f"received {len(self.terms)} terms, steps={self.steps!r}")


def two_players(generator, discriminator, loss="non_saturating", d_terms=(), g_terms=(), d_steps=1, g_steps=1,
                d_loss_weight=1.0, g_loss_weight=1.0, others=None):
    """The players of an ordinary GAN, {"d": Player, "g": Player}: D moves `d_steps` times, then G `g_steps` times.

    `others` are further players, {name: Player}, that move between the two, such as those that a term `brings`.

    `loss` is a loss object or the name of one; `d_terms`, `g_terms` are added to it. A loss weight of 0 leaves that
    half of the loss out, as where feature matching takes its place. SpecError for an unknown name, ValueError for a
    weight that is negative or no number.
    """
    if not (checks.real(d_loss_weight, 0) and checks.real(g_loss_weight, 0)):
        raise ValueError("weights of a loss must be at least 0; received "
                         f"d_loss_weight={d_loss_weight!r}, g_loss_weight={g_loss_weight!r}")
    loss = LOSSES.make(loss) if isinstance(loss, str) else loss
    d_loss = (DiscriminatorLoss(loss, d_loss_weight),) if d_loss_weight else ()
    g_loss = (GeneratorLoss(loss, g_loss_weight),) if g_loss_weight else ()
    return {"d": Player(discriminator, (*d_loss, *d_terms), d_steps, merged_by(d_terms)), **(others or {}),
            "g": Player(generator, (*g_loss, *g_terms), g_steps, merged_by(g_terms))}
