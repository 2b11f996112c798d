"""What --images and --against name: a run folder, an exported model, a folder or file of images, or a data set."""

import os
import pathlib

from tfgan_improved import data
from tfgan_improved.commands.restored import asked_step, restored_sampler
from tfgan_improved.config import ConfigError
from tfgan_improved.evaluation import image_set, models, statistics
from tfgan_improved.evaluation.extractors import shared
from tfgan_improved.run_folder import RunFolder

KINDS = ("a run folder, a SavedModel, a folder of images, an .npz of images or statistics, or a data set such as "
         "cifar10 or cifar10@train")


def named(text, request, shape=None):
    """The ImageSet that `text` names. ConfigError where it is none; `shape` is that of the images it is held against.

    Without `shape` it is what is scored, which statistics cannot be.

    An existing path is told by what is in it; anything else is a data set, with @ and a split behind it or --reference.
    """
    path = pathlib.Path(text).expanduser()
    if path.is_dir():
        return _folder(path, request)
    if path.is_file():
        if path.suffix != ".npz":
            raise ConfigError(f"'{text}' is a file that is no .npz; give {KINDS}")
        if not statistics.is_statistics(path):
            return image_set.of_npz(path)
        if shape is None:
            raise ConfigError(f"'{text}' holds statistics, which samples are held against; give images to score, and "
                              "the statistics as --against")
        return statistics.of_file(path, shape)
    check_path(text, KINDS)
    name, _, split = text.partition("@")
    try:
        source = loaded(name, request)
    except data.DataError as error:
        raise ConfigError(f"there is no file or folder '{text}', so it should be a data set: {error}") from error
    return of_source(source, split or request.job.reference)


def check_path(text, wanted="the path of one that does"):
    """ConfigError for what can only be a path, where there is nothing."""
    path = str(text).startswith((f".{os.sep}", f"..{os.sep}", "~", os.sep))
    if path and not pathlib.Path(text).expanduser().exists():
        raise ConfigError(f"'{text}' does not exist; give {wanted}")


def _folder(path, request):
    if is_generator(path):
        return generator(path, request).images(request.job.truncation)
    source = loaded(f"folder:{path}", request)
    return of_source(source, request.job.reference) if _has_splits(path) else image_set.of_all(source)


def _has_splits(path):
    return (path / "train").is_dir() and (path / "test").is_dir()


def is_generator(path):
    """Whether `path` is a run folder or a SavedModel."""
    return any((pathlib.Path(path) / name).exists() for name in ("config.json", "saved_model.pb"))


def generator(path, request):
    """The Generator of a run folder or of a SavedModel. ConfigError for what is neither, or cannot be as asked."""
    path, job = pathlib.Path(path).expanduser(), request.job
    if not is_generator(path):
        raise ConfigError(f"'{path}' holds no generator; give a run folder or a SavedModel")
    if (path / "config.json").exists():
        folder = RunFolder(path)
        return of_run(folder, folder.recipe(request), job)
    if job.best or job.at_step:
        raise ConfigError(f"{'--best' if job.best else f'--at_step={job.at_step}'} cannot be chosen in the SavedModel "
                          f"'{path}', which holds one generator; leave it out, or give the run folder")
    found = models.of_saved_model(path, job.image_range, job.model_latent)
    if job.standing and job.standing != found.about.get("standing"):
        raise ConfigError(f"--standing={job.standing} cannot be taken in the SavedModel '{path}', whose statistics are "
                          "fixed; export it with --standing, or give the run folder")
    return found


def of_run(folder, config, job):
    """The Generator of a run folder's checkpoint, with --standing statistics taken at each truncation."""
    sampler, step = restored_sampler(config, folder, asked_step(job))
    name, about = folder.path.resolve().name, folder.read()["data"]
    known = {"run": name, "path": str(folder.path), "digest": shared.weights_hash(sampler.generator.get_weights()),
             "step": step, "run_seed": config.seed}
    def prepare(truncation):
        sampler.take_standing_statistics(job.standing, config.seed, truncation)

    known |= {"standing": job.standing} if job.standing else {}
    return models.of_sampler(name, sampler, about["classes"], known, prepare if job.standing else None,
                             about.get("class_names", ()))


def trained_on(path, request):
    """The data set that the generator at `path` was trained on. ConfigError where that is not known."""
    path, job = pathlib.Path(path).expanduser(), request.job
    stored = RunFolder(path).read() if (path / "config.json").exists() else models.said_beside(path)
    recipe = stored.get("recipe")
    if not recipe:
        raise ConfigError(f"'{path}' does not say what it was trained on; name it with --against")
    return data.load(recipe["dataset"], job.data_dir or None, recipe["image_size"] or None, recipe["holdout"])


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
