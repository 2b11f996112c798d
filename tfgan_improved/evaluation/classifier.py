"""The classifier of a data set: trained once, then read from a cache."""

import dataclasses
import hashlib
import io
import json
import math
import os
import pathlib
import time
import warnings

import numpy as np

from tfgan_improved import files
from tfgan_improved.evaluation import EvaluationError, domain_network, domain_training
from tfgan_improved.evaluation.extractors import domain, shared
from tfgan_improved.evaluation.progress import ProgressLine

HASHED = 4096  # examples of each split that tell a streamed data set from others; those in memory are hashed whole


def classifier(source, load, data=""):
    """The `DomainClassifier` trained on `source`, or on the data set named `data`, which `load` reads; kept in a cache.

    EvaluationError where neither is given, and as `domain_classifier` raises it.
    Source: the scores' formula is that of Salimans et al. 2016, arXiv:1606.03498, section 4.
    """
    if source is None and not data:
        raise EvaluationError("a classifier sees images through a data set that it was trained on; name one, as in "
                              "--extractor=classifier:mnist, or hold the images --against a data set and not a file")
    return domain_classifier(load(data) if data else source)


def domain_classifier(source, cache_dir=None, progress=None):
    """A `DomainClassifier` trained on the train split of `source`, with its accuracy on the test split.

    Cached in `cache_dir`, else TFGAN_IMPROVED_CACHE, else ~/.cache/tfgan_improved, by the name, size and hash of the
    data and the hash of the frozen recipe; a damaged file is warned about and replaced. The same data, machine and
    number of threads give the same weights. `progress(text)` hears of each ten updates; by default a line shows them.
    EvaluationError where the data are no labeled images.
    """
    check(source)
    recipe = domain_network.recipe_for(source.shape)
    data_hash = _data_hash(source)
    path = _cache_folder(cache_dir) / _file_name(source, data_hash, recipe)
    kept = _read(path, source, recipe)
    if kept is None:
        kept = _train(source, recipe, data_hash, progress)
        _keep(path, *kept)
    return domain.DomainClassifier(kept[0], source.name, kept[1])


def is_kept(source, cache_dir=None):
    """Whether `domain_classifier` finds a file of the data set in its cache. EvaluationError as it raises it."""
    check(source)
    recipe = domain_network.recipe_for(source.shape)
    return (_cache_folder(cache_dir) / _file_name(source, _data_hash(source), recipe)).exists()


def check(source):
    """EvaluationError unless `domain_classifier` can be trained on the data."""
    if len(source.shape) != 3:
        raise EvaluationError(f"'{source.name}' has points of shape {source.shape}, not images; "
                              "the classifier scores images only")
    if source.classes < 2:
        raise EvaluationError(f"'{source.name}' has {source.classes or 'no'} class labels to train a classifier with; "
                              "score it with another's, as --extractor=classifier:cifar10, with --extractor=inception, "
                              "or without, as --scores=sliced_wasserstein")


def _train(source, recipe, data_hash, progress):
    """(network, about), trained from the beginning."""
    limit = max(1, recipe.memory // math.prod(source.shape))
    images, labels = source.arrays("train", limit)
    network = domain_network.build(source.shape, source.classes, recipe)
    line = ProgressLine(f"classifier of {source.name} (once, for scoring)")
    start = time.monotonic()
    domain_training.train(network, images, labels, recipe, progress or line)
    accuracy = _accuracy(network, source, limit)
    line.close(f"{accuracy:.2%} of the test images right after {time.monotonic() - start:.0f} s")
    return network, {"accuracy": accuracy, "classes": source.classes, "recipe": dataclasses.asdict(recipe),
                     "recipe_hash": recipe.hash, "data_hash": data_hash, "trained_on": len(images)}


def _accuracy(network, source, limit):
    images, labels = source.arrays("test", limit)
    logits = domain.DomainClassifier(network, source.name, {})(images)["logits"]
    return float(np.mean(logits.argmax(axis=1) == labels))


def _data_hash(source):
    """sha256 of the examples of train and test; of the first ones of sets that do not fit in memory."""
    total = hashlib.sha256()
    for split in ("train", "test"):
        for array in source.arrays(split, None if source.in_memory else HASHED):
            total.update(json.dumps([array.shape, array.dtype.str]).encode())
            total.update(np.ascontiguousarray(array))
    return total.hexdigest()


def _cache_folder(cache_dir):
    default = pathlib.Path.home() / ".cache" / "tfgan_improved"
    return pathlib.Path(cache_dir or os.environ.get("TFGAN_IMPROVED_CACHE") or default).expanduser()


def _file_name(source, data_hash, recipe):
    size = "x".join(map(str, source.shape))
    parts = (shared.slug_of(source.name), size, source.counts["train"], data_hash[:12], recipe.hash[:12])
    return "-".join(map(str, parts)) + ".npz"


def _keep(path, network, about):
    """Writes the weights and what is known about them; a folder that cannot be written costs a warning only."""
    weights = network.get_weights()
    content = io.BytesIO()
    about = about | {"weights_hash": shared.weights_hash(weights)}
    np.savez(content, about=json.dumps(about), **{f"weight_{k:03d}": weight for k, weight in enumerate(weights)})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write_bytes(path, content.getvalue())
    except OSError as error:
        warnings.warn(f"the classifier cannot be kept in '{path.parent}' ({error.strerror}) and will be trained again; "
                      "set TFGAN_IMPROVED_CACHE to a folder that can be written", stacklevel=3)


def _read(path, source, recipe):
    """(network, about) from the cache; None where there is no file, or with a warning where it is damaged."""
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as stored:
            about = json.loads(str(stored["about"]))
            weights = [stored[name] for name in sorted(stored.files) if name != "about"]
        if shared.weights_hash(weights) != about.pop("weights_hash"):
            raise ValueError("the weights are not those that were written")
        network = domain_network.build(source.shape, source.classes, recipe)
        network.set_weights(weights)
        return network, about
    except Exception as error:  # a damaged file raises errors of many kinds
        warnings.warn(f"the kept classifier '{path}' is damaged ({error}); it is trained again", stacklevel=3)
        return None
