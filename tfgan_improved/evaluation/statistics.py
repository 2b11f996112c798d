"""What an extractor saw of real images, kept in files so that it is computed once and can be shared."""

import dataclasses
import json
import os
import pathlib
import warnings

import numpy as np

from tfgan_improved import files
from tfgan_improved.evaluation import EvaluationError, image_set, moments
from tfgan_improved.evaluation.evidence import Evidence
from tfgan_improved.evaluation.extractors import shared

ROUNDING = 1e-3  # of the greatest number, in a covariance that may come from float32
STORED = ("logits", "features")
EYES = ("extractor", "extractor_hash", "resize")  # what must be equal for numbers to mean the same


def kept(images, count, extractor, wanted, look):
    """The Evidence of `count` images: from the set itself, where it is a file of statistics, or from the cache, or
    from `look()`, which is then kept where the set has a hash.

    Files are keyed by the data, the extractor (with its way to resize) and the count. A damaged one is replaced.
    """
    if images.known is not None:
        return _given(images, extractor, wanted)
    if not wanted or not wanted <= {"moments", *STORED} or not images.hash():
        return look()
    about = _about(images, images.limit(count), extractor)
    path = _path(about)
    found = _read(path, about)
    if found is not None and _has(found, wanted):
        return found
    seen = look()
    older = {name: getattr(found, name, None) for name in ("moments", *STORED) if getattr(seen, name) is None}
    _write(path, about, dataclasses.replace(seen, **older))
    return seen


def of_file(path, shape):
    """An ImageSet that stands for the real images whose statistics are in an .npz file: ours, or `mu` and `sigma`.

    mu (f,), sigma (f, f) of features; `shape` (h, w, c) is of the images held against them. EvaluationError for another
    file.
    """
    path = pathlib.Path(path)
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = dict(stored)
    except Exception as error:  # damaged files raise errors of many kinds
        raise EvaluationError(f"'{path}' cannot be read as .npz ({' '.join(str(error).split())}); get it again"
                              ) from error
    about = _read_about(path, arrays)
    mean, covariance = (arrays[ours] if ours in arrays else arrays.get(theirs)
                        for ours, theirs in (("mean", "mu"), ("covariance", "sigma")))
    stored = {name: arrays[name] for name in STORED if name in arrays}
    if (mean is None) != (covariance is None) or not (stored or mean is not None):
        raise EvaluationError(f"'{path}' holds {', '.join(arrays) or 'nothing'}; statistics are mean (f,) and "
                              "covariance (f, f), or mu and sigma")
    if mean is not None:
        stored["moments"] = _moments(path, about["count"], mean, covariance)
    seen = Evidence(about["count"], **stored)
    about.setdefault("hash", image_set.digest(mean, covariance))
    return image_set.ImageSet(about.get("name", path.name), shape, about["count"], None,
                              {key: about[key] for key in ("dataset", "split") if key in about}, known=(seen, about))


def _moments(path, count, mean, covariance):
    if mean.ndim != 1 or covariance.shape != (len(mean),) * 2:
        raise EvaluationError(f"'{path}' has a mean of shape {mean.shape} and a covariance of shape "
                              f"{covariance.shape}; they are (f,) and (f, f)")
    if not all(np.issubdtype(array.dtype, np.floating) for array in (mean, covariance)):
        raise EvaluationError(f"'{path}' has a mean of {mean.dtype} and a covariance of {covariance.dtype}; store "
                              "floats")
    if not (np.isfinite(mean).all() and np.isfinite(covariance).all()):
        raise EvaluationError(f"the statistics '{path}' hold NaN or infinity; compute them again")
    slack = ROUNDING * np.abs(covariance).max()
    if np.abs(covariance - covariance.T).max() > slack or np.linalg.eigvalsh(covariance)[0] < -slack:
        raise EvaluationError(f"the covariance in '{path}' is none: it is not symmetric or has negative variances; "
                              "compute it again")
    return moments.known(count, mean, covariance)


def _read_about(path, arrays):
    """What a file says of itself; one with mu and sigma says nothing, not even of how many images it is."""
    if "about" not in arrays:
        return {"count": None}
    try:
        about = json.loads(str(arrays["about"]))
        if not isinstance(about["count"], int) or about["count"] < 2:
            raise ValueError(f"count {about['count']}")
        return about
    except (ValueError, KeyError, TypeError) as error:
        raise EvaluationError(f"'{path}' does not say what it is of ({type(error).__name__}: {error}); get it again"
                              ) from error


def is_statistics(path):
    """Whether an .npz file holds what was seen of images, and not images."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            return "about" in stored.files or {"mu", "sigma"} <= set(stored.files)
    except Exception:  # damaged: whoever reads it as images says so
        return False


def _given(images, extractor, wanted):
    seen, about = images.known
    missing = [name for name in sorted(wanted) if getattr(seen, name) is None]
    if missing:
        raise EvaluationError(f"the statistics '{images.name}' hold no {', '.join(missing)}; choose --scores that read "
                              "moments only, such as frechet, or give the images")
    other = [name for name, value in _eyes(extractor).items() if about.get(name, value) != value] if wanted else []
    if other:
        by, now = (", ".join(str(of.get(name, "?"))[:50] for name in EYES) for of in (about, _eyes(extractor)))
        raise EvaluationError(f"the statistics '{images.name}' were seen by another extractor ({by}) than asked for "
                              f"({now}); use the same --extractor")
    return seen


def _about(images, count, extractor):
    """What a file says of itself, and must say to be found: all but the names, so that a folder may be moved."""
    known = {key: images.about[key] for key in ("dataset", "split") if key in images.about}
    return {"name": images.name, **known, "shape": list(images.shape), "count": count, "hash": images.hash(),
            **_eyes(extractor)}


def _eyes(extractor):
    return dict(zip(EYES, (extractor.name, extractor.hash, extractor.resize)))


def folder():
    """Where statistics are kept: below TFGAN_IMPROVED_CACHE, else ~/.cache/tfgan_improved."""
    default = pathlib.Path.home() / ".cache" / "tfgan_improved"
    return pathlib.Path(os.environ.get("TFGAN_IMPROVED_CACHE") or default).expanduser() / "statistics"


def _key(about):
    return {name: value for name, value in about.items() if name not in ("name", "dataset")}


def _path(about):
    key = image_set.digest(np.frombuffer(json.dumps(_key(about), sort_keys=True).encode(), np.uint8))[:12]
    name = "-".join([shared.slug_of(about["name"]), about.get("split", "all"), str(about["count"]), about["extractor"]])
    return folder() / f"{name}-{key}.npz"


def _has(seen, wanted):
    return all(getattr(seen, name) is not None for name in wanted)


def _read(path, about):
    """The Evidence in a file, None where there is none, or with a warning where it is damaged."""
    if not path.exists():
        return None
    try:
        seen, stored = of_file(path, about["shape"]).known
        if _key(stored) != _key(about):
            raise ValueError("it is of other images")
        return seen
    except (EvaluationError, ValueError, KeyError) as error:
        warnings.warn(f"the kept statistics '{path}' are damaged ({error}); they are computed again", stacklevel=4)
        return None


def _write(path, about, seen):
    """Keeps what was seen; a folder that cannot be written costs a warning only."""
    arrays = {name: getattr(seen, name) for name in STORED if getattr(seen, name) is not None}
    if seen.moments is not None:
        _, arrays["mean"], arrays["covariance"] = seen.moments.of()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write_by(path, lambda file: np.savez(file, about=json.dumps(about), **arrays))
    except OSError as error:
        warnings.warn(f"statistics cannot be kept in '{path.parent}' ({error.strerror}) and will be computed again; "
                      "set TFGAN_IMPROVED_CACHE to a folder that can be written", stacklevel=4)
