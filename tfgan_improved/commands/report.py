"""Write a run folder's page: curves, samples, scores, nearest training images, settings."""

import dataclasses
import math
import os
import pathlib
import sys

from tfgan_improved import asked, data
from tfgan_improved.commands import evaluate
from tfgan_improved.commands.restored import asked_step, draw, open_run, restored_sampler
from tfgan_improved.config import ConfigError
from tfgan_improved.errors import RunError, UserError
from tfgan_improved.evaluation import classifier, image_set, nearest_training
from tfgan_improved.report import page
from tfgan_improved.run_folder import writable

OTHERS = 200  # real images whose own nearest training images say how far away is usual
QUICK = 2**28  # bytes of training images up to which a training run searches them at its end


def run(request):
    """Writes report.html into --run_dir, or --output; first scores at each truncation of --sweep."""
    folder, config = open_run(request)
    job = request.job
    path = pathlib.Path(job.output or folder.report).expanduser()
    if path.suffix != ".html" or not (path.parent.is_dir() and writable(path.parent)):
        raise ConfigError(f"--output={path} cannot be written as a page; name an .html file in a folder that exists "
                          "and is writable")
    bounds = asked.truncations(job.sweep)
    source, notes, found = None, [], None
    if bounds or job.nearest:
        try:
            source = data.load(config.dataset, job.data_dir or None, config.image_size or None, config.holdout)
        except data.DataError as error:
            if bounds:
                raise
            notes.append(f"Nearest training images are left out: {error}.")
    for bound in bounds:
        evaluate.score(_at(request, bound), config, folder, source)
    if source is not None and job.nearest:
        found, note = _neighbours(request, config, folder, source)
        notes += [note] if note else []
    print(f"report:     {os.path.relpath(page.write(folder, path, found, notes))}", flush=True)


def after_training(request, config, folder, source):
    """Writes the page of a run that has just trained, quickly: neighbours in pixels only, and only of small data.

    Whatever fails costs one sentence of warning: the run has trained.
    """
    try:
        found, notes = None, []
        if request.job.nearest and source.in_memory and math.prod(source.shape) * source.counts["train"] <= QUICK:
            found, _ = _neighbours(request, config, folder, source, features=False)
            if found and source.classes > 1:
                notes = [f"Neighbours are those in pixels; `report --run_dir={folder.path}` adds those in features of "
                         "the data set's classifier."]
        page.write(folder, neighbours=found, notes=notes)
    except Exception as error:  # of many kinds, and none is worth a trained run's status
        reason = " ".join(str(error).split()) or type(error).__name__
        print(f"tfgan_improved: warning: the report was not written ({reason}); `report --run_dir={folder.path}` tries "
              "again", file=sys.stderr, flush=True)


def _at(request, bound):
    return dataclasses.replace(request, job=dataclasses.replace(request.job, truncation=bound))


def _neighbours(request, config, folder, source, features=True):
    """((samples, spaces, count) for the page or None, a sentence on what is left out or "")."""
    if len(source.shape) != 3:
        return None, ""
    try:
        sampler, _ = restored_sampler(config, folder, asked_step(request.job))
    except (UserError, RunError) as error:  # no checkpoint, or one of other networks
        return None, f"Nearest training images are left out: {error}."
    samples, _ = draw(sampler, request.job.nearest, request.job.sample_seed)
    others = source.arrays("test", OTHERS)[0] if source.counts.get("test") else None
    eyes, note = (_kept_classifier(source) if features else None), ""
    if features and eyes is None:
        note = "Neighbours in features are left out: no classifier of the data set is kept; `evaluate` trains one."
    spaces, count = nearest_training.nearest(samples, image_set.of_source(source, "train"), others, extractor=eyes)
    return (samples, spaces, count), note


def _kept_classifier(source):
    """The classifier of the data set, None where none is kept: a report trains nothing."""
    if source.classes < 2 or not source.counts.get("test") or not classifier.is_kept(source):
        return None
    return classifier.domain_classifier(source)
