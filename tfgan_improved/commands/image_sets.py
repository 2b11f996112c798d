"""What --images and --against name: a run folder, an exported model, a folder or file of images, or a data set."""

import os
import pathlib

from tfgan_improved import data
from tfgan_improved.commands.restored import asked_step, restored_sampler
from tfgan_improved.config import ConfigError
from tfgan_improved.evaluation import image_set, models, statistics
from tfgan_improved.run_folder import RunFolder

KINDS = ("a run folder, a SavedModel, a folder of images, an .npz of images or statistics, or a data set such as "
         "cifar10 or cifar10@train")


def named(text, request, shape=None):
    """The ImageSet that `text` names. ConfigError where it is none; `shape` is that of the images it is held against.

    An existing path is told by what is in it; anything else is a data set, with @ and a split behind it or --reference.
    """
    path = pathlib.Path(text).expanduser()
    if path.is_dir():
        return _folder(path, request)
    if path.is_file():
        if path.suffix != ".npz":
            raise ConfigError(f"'{text}' is a file that is no .npz; give {KINDS}")
        return statistics.of_file(path, shape) if statistics.is_statistics(path) else image_set.of_npz(path)
    if os.sep in text and text.startswith((".", "~", os.sep)):
        raise ConfigError(f"'{text}' does not exist; give {KINDS}")
    name, _, split = text.partition("@")
    return of_source(loaded(name, request), split or request.job.reference)


def _folder(path, request):
    if (path / "config.json").exists():
        folder = RunFolder(path)
        config = folder.recipe(request)
        return of_run(folder, *restored_sampler(config, folder, asked_step(request.job)), config.seed,
                      request.job.truncation)
    if (path / "saved_model.pb").exists():
        return models.of_saved_model(path, request.job.truncation, request.job.image_range, request.job.model_latent)
    source = loaded(f"folder:{path}", request)
    return of_source(source, request.job.reference) if _has_splits(path) else image_set.of_all(source)


def _has_splits(path):
    return (path / "train").is_dir() and (path / "test").is_dir()


def of_run(folder, sampler, step, seed, truncation):
    """What the generator of a run folder's checkpoint draws, as an ImageSet."""
    name = folder.path.resolve().name
    return models.of_sampler(name, sampler, truncation, {"run": name, "step": step, "run_seed": seed})


def of_source(source, split):
    """A split of a data set as an ImageSet."""
    return image_set.of_source(source, split)


def other_of(real):
    """Other real images than those of a split: those of the split that is not it; None where there is none."""
    split = "test" if real is not None and real.about.get("split") == "train" else "train"
    if real is None or real.source is None or real.about.get("split") == "all" or not real.source.counts.get(split):
        return None
    return of_source(real.source, split)


def training_of(real):
    """The training split of the data set that real images are a split of; None where there is none."""
    source = getattr(real, "source", None)
    return of_source(source, "train") if source is not None and source.counts.get("train") else None


def loaded(name, request):
    """The data set `name` at --image_size, from --data_dir."""
    return data.load(name, request.job.data_dir or None, request.run.image_size or None)
