"""The one file that knows all shelves: a recipe -> its data, networks, players, GAN and sampler."""

import functools
import os
import platform

import keras
import numpy as np
import tensorflow as tf

from tfgan_improved.config import specs
from tfgan_improved.constraints import CONSTRAINTS
from tfgan_improved.export.sampler import Sampler
from tfgan_improved.layers import HEADS, NORMS, WRAPS
from tfgan_improved.losses import LOSSES
from tfgan_improved.networks import NETWORKS, STATISTICS, VERDICTS, with_layers
from tfgan_improved.networks.reference import carry_reference
from tfgan_improved.ops import LATENTS, kernels
from tfgan_improved.spec import SpecError
from tfgan_improved.terms import TERMS
from tfgan_improved.training import DEALS, OPTIMIZERS
from tfgan_improved.training.gan import GAN
from tfgan_improved.training.optimizers import LinearDecay
from tfgan_improved.training.player import Player, two_players


def about_data(source):
    """What the networks must know of a data set, as stored in config.json."""
    return {"name": source.name, "shape": list(source.shape), "dtype": source.dtype, "classes": source.classes,
            "counts": dict(source.counts), **({"class_names": list(source.class_names)} if source.class_names else {})}


def made_with():
    """Versions and the machine, as stored in config.json: exact resuming needs the same machine and threads."""
    return {"python": platform.python_version(), "tensorflow": tf.__version__, "keras": keras.__version__,
            "numpy": np.__version__, "machine": platform.machine(), "cores": len(os.sched_getaffinity(0)),
            "devices": [device.device_type for device in tf.config.list_physical_devices()]}


def networks(run, data):
    """(generator, discriminator) of a recipe for data described by `about_data`. SpecError for an impossible size."""
    latent = LATENTS.make(run.latent)
    family = NETWORKS.make(run.network)
    classes = data["classes"] if run.conditional else 0
    if run.conditional and not classes:
        raise SpecError(f"--conditional needs labels of two classes or more; the data set '{data['name']}' has none; "
                        "leave it out")
    shape, verdict = tuple(data["shape"]), VERDICTS.find(VERDICTS.parse(run.d_verdict).name)
    try:
        generator = family.generator(shape, latent.size, classes, norm=_maker(NORMS, run.g_norm),
                                     wrap=_maker(WRAPS, run.g_wrap))
        discriminator = family.discriminator(shape, classes, norm=_maker(NORMS, run.d_norm),
                                             wrap=_maker(WRAPS, run.d_wrap), head=_head(run.d_head),
                                             verdict=functools.partial(verdict, classes=data["classes"]))
    except ValueError as error:
        raise SpecError(f"--network={run.network} cannot be built for images of shape {shape}: {error}") from error
    for network, text in ((generator, run.g_constraint), (discriminator, run.d_constraint)):
        if specs(text):
            kernels.constrain(network, _maker(CONSTRAINTS, text))
    return carry_reference(generator), carry_reference(_readable(discriminator, run))


def discriminator(run, data):
    """The discriminator of a recipe, freshly built to restore into."""
    keras.config.set_dtype_policy(run.precision)
    return networks(run, data)[1]


def _check_passes(run, generator, discriminator):
    """SpecError where a layer wants real and generated rows in each pass and the recipe's passes hold others."""
    kinds = [[type(layer).__name__ for layer in network._flatten_layers() if getattr(layer, "wants_halves", False)]
             for network in (generator, discriminator)]
    if kinds[0]:
        raise SpecError(f"{kinds[0][0]} tells real rows from generated ones; received --g_norm={run.g_norm}, in G, "
                        "which sees no real ones; use it in D, or choose another norm")
    if kinds[1] and not run.d_joint.split() == run.g_joint.split() == ["real", "fake"]:
        raise SpecError(f"{kinds[1][0]} in D wants n real and then n generated rows in each pass; received "
                        f"--d_joint='{run.d_joint}' and --g_joint='{run.g_joint}'; give --d_joint=\"real fake\" and "
                        "--g_joint=\"real fake\"")
    if kinds[1] and run.labels:
        raise SpecError(f"{kinds[1][0]} in D wants n real and then n generated rows in each pass, and the few labeled "
                        f"images have one of their own; received --labels={run.labels}; leave it out, or choose "
                        "another layer")
    for text in specs(run.d_terms) + specs(run.g_terms):
        if kinds[1] and getattr(TERMS.make(text), "judges", False):
            raise SpecError(f"{kinds[1][0]} in D wants n real and then n generated rows in each pass, and the term "
                            f"{text} runs D on other rows; leave the term out, or choose another layer")


def _check_labels(run):
    """SpecError where D is given few labels and none of its terms reads them."""
    if run.labels and not any("labeled" in getattr(TERMS.make(text), "parts", ()) for text in specs(run.d_terms)):
        raise SpecError(f"--labels={run.labels} gives D labeled images that none of its terms reads; received "
                        f"--d_terms='{run.d_terms}'; add classification with --d_verdict=class_logits, or leave "
                        "--labels out")


def rows_seen(run, network, replicas):
    """How many images D sees at once where it learns classes, if its layers compare them; else the whole batch's.

    Those of one pass of one replica, or of all where a layer compares across them, times the parts of a joint pass.
    """
    comparing = [layer for layer in network._flatten_layers() if hasattr(layer, "across_replicas")]
    if not comparing:
        return run.batch_size
    parts, learned = run.d_joint.split(), "labeled" if run.labels else "real"
    apart = 1 if any(layer.across_replicas for layer in comparing) else replicas
    return run.batch_size // apart // run.accumulate * (len(parts) if learned in parts else 1)


def _readable(discriminator, run):
    """D with all that some term `reads` among its outputs. SpecError where a term reads what the recipe does not give.

    `parts` of a term are those of the batch that it needs besides real and generated images.
    """
    for player in "dg":
        for text in specs(getattr(run, f"{player}_terms")):
            term = TERMS.make(text)
            if "labeled" in getattr(term, "parts", ()) and not (run.labels and player == "d"):
                raise SpecError(f"--{player}_terms={text} reads the few labeled images, which are given to D where "
                                "--labels says how many; give --labels, or its argument part=real to use every label")
            try:
                discriminator = with_layers(discriminator, getattr(term, "reads", ()))
            except ValueError as error:
                raise SpecError(f"--{player}_terms={text} cannot be: {error}") from error
    return discriminator


def _brought(run):
    """{name: (the term of G that brings a player, that player's terms)}. SpecError where two bring one, or D has it."""
    found = {}
    for text in specs(run.d_terms):
        if hasattr(TERMS.make(text), "brings"):
            raise SpecError(f"--d_terms={text} is a term of G, whose examples it raises; give it as --g_terms={text}")
    for term in map(TERMS.make, specs(run.g_terms)):
        for name, terms in getattr(term, "brings", {}).items():
            if name in found:
                raise SpecError(f"--g_terms='{run.g_terms}' has two terms that bring the player {name}; keep one")
            found[name] = term, terms
    return found


def others(run, data):
    """{name: Player} of the further players; p has the network and turns of --p_network and --p_steps."""
    players, latent = {}, LATENTS.make(run.latent)
    for name, (term, terms) in _brought(run).items():
        try:
            size = term.size(latent.size)
        except ValueError as error:
            raise SpecError(f"--latent={run.latent} is too small: {error}") from error
        network = STATISTICS.make(getattr(run, f"{name}_network")).build(tuple(data["shape"]), size)
        players[name] = Player(network, terms, getattr(run, f"{name}_steps"))
    return players


def _maker(table, text):
    """A function that makes the technique named by `text` (with the layer it wraps, if any); None for "none"."""
    return functools.partial(table.make, table.parse(text)) if specs(text) else None


def _head(text):
    """A layer between D's features and its last layer, which are float32: half precision would round between them."""
    return HEADS.make(text, dtype="float32") if specs(text) else None


def gan(run, data):
    """The compiled GAN of a recipe; call it in the scope of the strategy."""
    keras.utils.set_random_seed(run.seed)
    keras.config.set_dtype_policy(run.precision)
    generator, discriminator = networks(run, data)
    _check_labels(run)
    _check_passes(run, generator, discriminator)
    smoothing = {"label_smoothing": run.label_smoothing} if run.label_smoothing else {}
    players = two_players(generator, discriminator, LOSSES.make(run.loss, **smoothing),
                          [TERMS.make(text) for text in specs(run.d_terms)],
                          [TERMS.make(text) for text in specs(run.g_terms)], run.d_steps, run.g_steps,
                          run.d_loss_weight, run.g_loss_weight, others(run, data))
    _check_rows(run, players)
    model = GAN(players, run.latent, ema={"g": run.ema, "d": run.d_ema}, ema_start=run.ema_start, seed=run.seed,
                deal=DEALS.make(run.deal), accumulate=run.accumulate,
                joint={"d": tuple(run.d_joint.split()), "g": tuple(run.g_joint.split())})
    model.compile(**{f"{name}_optimizer": _optimizer(run, name, getattr(run, f"{name}_lr"), player.steps)
                     for name, player in players.items()})
    return model


def _check_rows(run, players):
    """SpecError where a term wants more examples to pass together than do."""
    for term in (term for player in players.values() for term in player.terms):
        least = getattr(term, "least_rows", 1)
        if run.batch_size // run.accumulate < least:
            raise SpecError(f"the term {term.name} wants at least {least} examples in a pass; received --batch_size="
                            f"{run.batch_size} and --accumulate={run.accumulate}; give more")


def _optimizer(run, name, rate, turns):
    if run.lr_decay_from:
        rate = LinearDecay(rate, run.lr_decay_from, run.lr_decay_to, turns)
    return OPTIMIZERS.make(run.optimizer, rate, run.beta1, run.beta2, name=f"{name}_adam")


def parts(run):
    """How many parts of `batch_size` images a step of the recipe takes."""
    return DEALS.make(run.deal).parts({name: getattr(run, f"{name}_steps") for name in ("d", *_brought(run), "g")})


def sampler(run, data, network=None):
    """The Sampler of a recipe, with a given generator or a freshly built one to restore into."""
    keras.config.set_dtype_policy(run.precision)
    return Sampler(network or networks(run, data)[0], LATENTS.make(run.latent), data["classes"])
