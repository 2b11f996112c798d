"""The passport of a score: everything that must be equal before two scores may be compared."""

import importlib.metadata
import platform

import tfgan_improved

PACKAGES = ("tensorflow", "keras", "numpy", "tensorflow-gan")
FREE = ("seeds", "versions")  # what may differ between scores that are ranked together


def make(source, extractor, split, counts, seeds):
    """A dict for JSON. `counts` says how many of what went in; `seeds` are whatever seeds the caller used, by name."""
    return {
        "dataset": source.name, "shape": list(source.shape), "reference": split, **counts,
        "quantization": "uint8",
        "extractor": {"name": extractor.name, "hash": extractor.hash, "resize": extractor.resize, **extractor.about},
        "seeds": dict(seeds), "versions": versions(),
    }


def versions():
    """The version of Python, of this package and of those that the numbers come from; None for one that is missing."""
    found = {"python": platform.python_version(), "tfgan_improved": tfgan_improved.__version__}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:  # TensorFlow also comes as tensorflow-cpu
            found[name] = None
    return found


def differences(first, second):
    """Names of what differs between two passports, seeds and versions aside; scores are comparable where it is []."""
    return [name for name in sorted({*first, *second} - {*FREE}) if first.get(name) != second.get(name)]
