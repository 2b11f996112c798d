"""Ask people which images are real: writes the page on which they vote, and counts what they said."""

import os
import pathlib

import numpy as np

from tfgan_improved import files
from tfgan_improved.commands import image_sets
from tfgan_improved.commands.restored import asked_step, selected, tell
from tfgan_improved.config import ConfigError
from tfgan_improved.evaluation import votes
from tfgan_improved.report import voting
from tfgan_improved.run_folder import RunFolder, writable

POOL = 2000  # images of a data set among which those of the page are drawn


def run(request):
    """Writes vote.html of --images, by default of --run_dir, or --output, and its key beside it; --votes are counted.

    Half of --count images are generated, half of --against or the run's data. The count goes to <page>.votes.json.
    """
    job = request.job
    place = pathlib.Path(job.images or job.run_dir).expanduser()
    path = _page(job, place)
    if job.votes.split():
        key = voting.read_key(path)
        record = votes.count(votes.read(job.votes.split(), key), key)
        print(votes.table(record), flush=True)
        files.write_json(path.with_suffix(".votes.json"), record)
        return
    if job.count % 2:
        raise ConfigError(f"--count={job.count} cannot be half real and half generated; give an even number")
    generated, real = _sides(request, place)
    half, random = job.count // 2, np.random.RandomState(job.sample_seed)
    images = np.concatenate([_drawn(each, half, job.sample_seed, random) for each in (generated, real)])
    order, about = random.permutation(job.count), {"generated": generated.about | {"name": generated.name},
                                                   "real": real.about | {"name": real.name}, "seed": job.sample_seed}
    page = voting.write(path, images[order], (np.arange(job.count) >= half)[order], job.feedback, about)
    print(f"page {page}:  {os.path.relpath(path)}\nits key:            {os.path.relpath(voting.key_of(path))} "
          f"(keep it: without it votes cannot be counted)", flush=True)


def _page(job, place):
    if not job.output and not (place / "config.json").exists():
        raise ConfigError(f"'{place}' is no run folder with a place for the page; name an .html file with --output")
    path = pathlib.Path(job.output or place / "vote.html").expanduser()
    if path.suffix != ".html" or not (path.parent.is_dir() and writable(path.parent)):
        raise ConfigError(f"--output={path} cannot be written as a page; name an .html file in a folder that exists "
                          "and is writable")
    return path


def _sides(request, place):
    """The ImageSets of generated and of real images. ConfigError where they are of two shapes."""
    job = request.job
    if image_sets.is_generator(place):
        generator = image_sets.generator(place, request)
        step = generator.about.get("step")
        if step is not None:
            tell(selected(RunFolder(place), asked_step(job), step), step)
        generated = generator.images(job.truncation)
    elif job.images:
        generated = image_sets.named(job.images, request)
    else:
        raise ConfigError(f"'{place}' holds no generator; give a run folder, or generated images with --images")
    if job.against:
        real = image_sets.named(job.against, request)
    else:
        real = image_sets.of_source(image_sets.trained_on(place, request), job.reference)
    if tuple(generated.shape) != tuple(real.shape):
        raise ConfigError(f"generated images are {tuple(generated.shape)} and real ones {tuple(real.shape)}, which "
                          "tells them apart; set --image_size, or name others with --against")
    return generated, real


def _drawn(images, count, seed, random):
    """`count` images of a set: a generator's own, or of others some of the first ones. ConfigError for too few."""
    known = count if images.count is None else images.limit(max(POOL, count))
    if known < count:
        raise ConfigError(f"{images.name} has {known} images, and half of --count={2 * count} are wanted; give a lower "
                          "--count, or other images")
    found = np.concatenate([part for part, _ in images.read(known, seed)])
    return found if images.count is None else found[random.choice(known, count, replace=False)]
