"""What an extractor saw of real images, kept in files so that it is computed once and can be shared."""

import io
import json
import os
import pathlib
import warnings

import numpy as np

from tfgan_improved import files
from tfgan_improved.evaluation import EvaluationError, image_set, moments
from tfgan_improved.evaluation.evidence import Evidence
from tfgan_improved.evaluation.extractors import shared

STORED = ("logits", "features")


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
    _write(path, about, seen)
    return seen


def of_file(path, shape):
    """An ImageSet that stands for the real images whose statistics are in an .npz file: ours, or `mu` and `sigma`."""
    path = pathlib.Path(path)
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = dict(stored)
    except Exception as error:  # damaged files raise errors of many kinds
        raise EvaluationError(f"'{path}' cannot be read as .npz ({' '.join(str(error).split())}); get it again"
                              ) from error
    about = json.loads(str(arrays["about"])) if "about" in arrays else {"count": 50_000}
    mean, covariance = (arrays[ours] if ours in arrays else arrays.get(theirs)
                        for ours, theirs in (("mean", "mu"), ("covariance", "sigma")))
    if mean is None or covariance is None or np.shape(covariance) != (np.size(mean),) * 2:
        raise EvaluationError(f"'{path}' holds {', '.join(arrays) or 'nothing'}; statistics are mean (f,) and "
                              "covariance (f, f), or mu and sigma")
    seen = Evidence(about["count"], moments=moments.known(about["count"], mean, covariance),
                    **{name: arrays[name] for name in STORED if name in arrays})
    return image_set.ImageSet(about.get("name", path.name), shape, about["count"], None,
                              {key: about[key] for key in ("dataset", "split") if key in about}, known=(seen, about))


def is_statistics(path):
    """Whether an .npz file holds moments and not images."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            return {"mean", "covariance"} <= set(stored.files) or {"mu", "sigma"} <= set(stored.files)
    except Exception:  # damaged: whoever reads it as images says so
        return False


def _given(images, extractor, wanted):
    seen, about = images.known
    missing = [name for name in sorted(wanted) if getattr(seen, name) is None]
    if missing:
        raise EvaluationError(f"the statistics '{images.name}' hold no {', '.join(missing)}; choose --scores that read "
                              "moments only, such as frechet, or give the images")
    if about.get("extractor_hash", extractor.hash) != extractor.hash:
        raise EvaluationError(f"the statistics '{images.name}' were seen by {about['extractor']}, whose hash is "
                              f"{about['extractor_hash'][:12]}, not by {extractor.name}, {extractor.hash[:12]}; use "
                              "the same --extractor")
    return seen


def _about(images, count, extractor):
    return {"name": images.name, **images.about, "shape": list(images.shape), "count": count, "hash": images.hash(),
            "extractor": extractor.name, "extractor_hash": extractor.hash, "resize": extractor.resize}


def folder():
    """Where statistics are kept: below TFGAN_IMPROVED_CACHE, else ~/.cache/tfgan_improved."""
    default = pathlib.Path.home() / ".cache" / "tfgan_improved"
    return pathlib.Path(os.environ.get("TFGAN_IMPROVED_CACHE") or default).expanduser() / "statistics"


def _path(about):
    key = image_set.digest(np.frombuffer(json.dumps(about, sort_keys=True).encode(), np.uint8))[:12]
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
        if stored != about:
            raise ValueError("it is of other images")
        return seen
    except (EvaluationError, ValueError, KeyError) as error:
        warnings.warn(f"the kept statistics '{path}' are damaged ({error}); they are computed again", stacklevel=4)
        return None


def _write(path, about, seen):
    """Keeps what was seen; a folder that cannot be written costs a warning only."""
    if seen.moments is None:
        return
    _, mean, covariance = seen.moments.of()
    arrays = {name: getattr(seen, name) for name in STORED if getattr(seen, name) is not None}
    content = io.BytesIO()
    np.savez(content, about=json.dumps(about), mean=mean, covariance=covariance, **arrays)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write_bytes(path, content.getbuffer())
    except OSError as error:
        warnings.warn(f"statistics cannot be kept in '{path.parent}' ({error.strerror}) and will be computed again; "
                      "set TFGAN_IMPROVED_CACHE to a folder that can be written", stacklevel=4)
