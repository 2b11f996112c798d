"""Train a recipe, or go on with it, then score and export."""

import contextlib
import dataclasses
import functools
import hashlib
import json
import math
import os

import tensorflow as tf

from tfgan_improved import assemble, data, files, signals
from tfgan_improved.commands import evaluate, export, report, watching
from tfgan_improved.commands.restored import asked_step
from tfgan_improved.config import ConfigError, specs
from tfgan_improved.errors import UserError
from tfgan_improved.run_folder import RunFolder
from tfgan_improved.training import callbacks, selection, strategies
from tfgan_improved.training.checkpoints import Checkpoints, parts_of
from tfgan_improved.training.loop import Loop

FIRST = 500  # images that layers start from, as in the code of Salimans et al. 2016, arXiv:1606.03498
FIRST_NUMBERS = 2**21  # that they hold at most, unless a step's or a reference batch does: a pass keeps activations


def run(request):
    """Trains to `--steps` from the newest undamaged checkpoint; the same command goes on after a kill."""
    config, job, folder = request.run, request.job, RunFolder(request.job.run_dir)
    strategy = strategies.make(config, job.worker_wait)
    chief = strategies.is_chief(strategy)
    source = data.load(config.dataset, job.data_dir or None, config.image_size or None, config.holdout)
    if job.best and not watching.selects(config, job, source):
        raise ConfigError("--best needs quick scores while training, which this run has none of; leave it out, or give "
                          "labeled images or points, no --noscore, and --score_every from 1 to --steps")
    if max(Checkpoints(folder.checkpoints).steps(), default=0) < config.steps:
        evaluate.check(request, source)
    if chief:
        folder.create()
    try:
        train(config, job, folder, strategy, source, chief)
    except UserError:
        if chief:
            folder.forget()
        raise
    if chief and job.score:
        evaluate.score(request, config, folder, source, again=False)
    if chief and job.export:
        export.write(config, folder, asked_step(job), job.standing, job.truncation)
    if chief and job.report:
        report.after_training(request, config, folder, source)
    if chief:
        _report(folder)


def train(config, job, folder, strategy, source, chief=True):
    """The training itself: everything in the scope of the strategy, then the loop."""
    about = assemble.about_data(source)
    wait = job.worker_wait if config.strategy == "multi_worker" else 0
    checkpoints = Checkpoints(folder.checkpoints, job.keep, chief,
                              functools.partial(selection.best_steps, folder.selection))
    first = checkpoints.newest() or 0
    with strategy.scope(), strategies.patience(wait, "waited {wait} s for the other workers; start them all"):
        if wait:
            strategies.check_agreement(strategy, _shared(config, job, first))
        gan = assemble.gan(config, about)
    batches = dataset(config, source, strategy, first) if first < config.steps else None
    if not first and gan.starts_from_data:
        with strategy.scope():
            rows = first_rows(config, source, gan.networks)
            gan.initialize(next(iter(data.batches(source, rows, seed=config.seed))))
    if chief:  # only a recipe that can be built, fed and started is stored
        folder.settle(config, about, assemble.made_with() | {"replicas": strategy.num_replicas_in_sync})
        print(f"run folder: {folder.path}", flush=True)
    if first > config.steps:
        raise ConfigError(f"--steps={config.steps} is fewer than the {first} that {folder.path} has done already")
    if first:
        checkpoints.restore(first, **parts_of(gan))
        print(f"going on from step {first}", flush=True)
    if chief:
        checkpoints.discard_after(first)
        selection.forget_after(folder.selection, first)
    if first == config.steps:
        return gan
    run = watching.Run(config, job, folder, gan, source, first)
    shown = run.callbacks() if chief else list(map(callbacks.Pause, run.stops().values()))
    loop = Loop(gan, strategy, steps_per_call=job.steps_per_call, jit=config.jit, wait=wait)
    _steps(loop, batches, (first, config.steps), shown, checkpoints, job.checkpoint_every)
    return gan


def _steps(loop, batches, span, shown, checkpoints, every):
    """The steps, with a checkpoint after every so many, and where a signal asks to stop."""
    def save(step):
        loop.check_weights(step)
        checkpoints.save(loop.gan, step)

    saving = callbacks.Save(save, every)
    # Of several workers one alone cannot save: all would have to stop at the same step.
    with contextlib.nullcontext() if loop.wait else signals.deferred():
        loop.run(batches, *span, [*shown, saving], saving.stop_if_asked)


def first_rows(config, source, networks):
    """How many images layers start from: at least the largest reference batch, where the data set has as many."""
    wanted = max(getattr(network, "reference_rows", 0) for network in networks.values())
    usual = min(FIRST, max(config.batch_size, FIRST_NUMBERS // math.prod(source.shape)))
    rows = min(max(usual, wanted + wanted % 2), source.counts["train"])
    return max(rows // 2 * 2, min(wanted, rows))  # even, for layers that compare halves


def _shared(config, job, first):
    """What must be the same on every worker, {name: whole number}: the recipe, and where the loop stops."""
    recipe = hashlib.sha256(json.dumps(dataclasses.asdict(config), sort_keys=True).encode()).digest()
    cuts = ("steps_per_call", "checkpoint_every", "log_every", "sample_every", "classify_every", "score_every", "score",
            "instrument_every", "warn_every")
    return {"their recipes' hashes": int.from_bytes(recipe[:4]), "the step to go on from": first,
            **{f"--{name}": int(getattr(job, name)) for name in cuts},
            "the number of their --instruments": len(specs(job.instruments))}


def dataset(config, source, strategy, first):
    """The training data from step `first` on, each replica's rows apart, whatever the strategy.

    Each of the --accumulate passes is a part: it has the same rows on any number of replicas.
    """
    replicas = strategy.num_replicas_in_sync
    rows = config.batch_size // replicas // config.accumulate

    def pipeline(replica_ids):
        place = {"first_step": first, "replicas": replicas, "replica_ids": replica_ids, "flip": config.flip}
        given = data.batches(source, rows, seed=config.seed, parts=assemble.parts(config) * config.accumulate, **place)
        if not config.labels:
            return given
        labeled = data.few_labels(source, config.labels, config.label_seed)
        beside = data.batches(labeled, rows, seed=config.seed, parts=config.d_steps * config.accumulate, **place)
        return tf.data.Dataset.zip(given, beside).map(lambda images, more: (*images, *more))

    if config.strategy == "default":
        return pipeline((0,))
    return strategy.distribute_datasets_from_function(
        lambda context: pipeline(strategies.replica_ids(strategy, context)))


def _report(folder):
    """Says where everything is."""
    pictures, scores = sorted(folder.samples.glob("step-*.png")), files.read_json_lines(folder.scores)
    for name, path in (("samples", pictures[-1] if pictures else None), ("scores", folder.scores if scores else None),
                       ("generator", folder.export if folder.export.exists() else None),
                       ("report", folder.report if folder.report.exists() else None)):
        if path:
            print(f"{name + ':':<11} {os.path.relpath(path)}", flush=True)
