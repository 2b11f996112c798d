"""The passport of a score: everything that must be equal before two scores may be compared."""

import dataclasses
import importlib.metadata
import platform

import tfgan_improved

PACKAGES = ("tensorflow", "keras", "numpy", "scipy", "tensorflow-gan")
# What may differ between scores that are ranked together; of scores see below; of other real images are only the scores
# that stand beside those of the samples.
FREE = ("origin", "seeds", "scores", "other_real", "caution")
TREATED = ("files", "resized_from")  # what was done to images that lie in files, and scores see


def make(images, counts, extractor, chosen, seeds):
    """A dict for JSON. `images` are the sets "samples", "real", "other real" and "training", as far as there are any;
    `counts` how many of each were looked at.
    """
    samples, real, other = (images.get(name) for name in ("samples", "real", "other real"))
    card = {"samples": counts["samples"], "shape": list(samples.shape), "quantization": "uint8",
            "truncation": samples.about.get("truncation", 0.0),
            **({"standing": samples.about["standing"]} if samples.about.get("standing") else {}),  # else as it was
            "origin": {"name": samples.name, **({"digest": samples.hash()} if samples.hash() else {}),
                       **samples.about}}
    if real is not None:
        card |= {"dataset": real.about.get("dataset", real.name), "reference": real.about.get("split", real.name),
                 "real": counts["real"], "real_hash": _hash_of(real)}
        card |= {"caution": _caution(samples, real)} if _caution(samples, real) else {}
    if other is not None:
        card |= {"other_real": counts["other real"]}
    if "training" in images:
        card |= {"training": images["training"].about.get("split", images["training"].name),
                 "trained_on": counts["training"]}
    if extractor is not None:
        card["extractor"] = seen_by(extractor)
    return card | {"scores": _named(chosen),
                   "seeds": dict(seeds), "versions": versions()}


def _hash_of(real):
    """The hash of images, that of the images behind statistics, or that of the weights of a generator."""
    known = real.known[1]["hash"] if real.known else ""
    return real.hash() or known or real.about.get("digest", "")


def _caution(samples, real):
    """In what stored images were treated in other ways than the real ones; "" for alike ones, and of a generator."""
    ways = [[of.about.get(name, "not known") for of in (samples, real)] for name in TREATED]
    told = [f"{name} ({one} and {other})" for name, (one, other) in zip(TREATED, ways) if one != other]
    stored = samples.count is not None and real.count is not None and real.known is None
    return f"samples and real images differ in {' and '.join(told)}, which scores see" if stored and told else ""


def counted(card):
    """What was held against what, and by whom, for a person; "60 samples against 50 test images of mnist, seen by x".
    """
    text, by = f"{card.get('samples', 0):,} samples", card.get("extractor")
    if "real" in card:
        of, split = card.get("dataset"), card.get("reference")
        count = "an unknown number of" if card["real"] is None else f"{card['real']:,}"
        text += f" against {count} {'' if split in (None, 'all', of) else f'{split} '}images of {of}"
    return text + (f", seen by {by.get('name')}" if by else "")


def _named(chosen):
    """How each score was computed, by its class; where a class is there twice, by its arguments too."""
    kinds = [type(score).__name__ for score in chosen]
    return {kind if kinds.count(kind) == 1 else str(score): dataclasses.asdict(score)
            for kind, score in zip(kinds, chosen)}


def seen_by(extractor):
    """What a passport says of an extractor."""
    return {"name": extractor.name, "hash": extractor.hash, "resize": extractor.resize, **extractor.about}


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
    """Names of what differs between two passports, with a dot for what is within; scores compare where it is [].

    Seeds and the origin of the samples may differ, and which scores were asked for; not how one of them was computed.
    Real images of one hash are the same, whatever the data set or folder is called.
    """
    same_real = first.get("real_hash") and first["real_hash"] == second.get("real_hash")
    names = sorted({*first, *second} - {*FREE, *(("dataset", "reference") if same_real else ())})
    found = []
    for name in names:
        found += _within(name, first.get(name), second.get(name))
    for name in sorted({*first.get("scores", {})} & {*second.get("scores", {})}):
        found += _within(f"scores.{name}", first["scores"][name], second["scores"][name])
    return found


def _within(name, first, second):
    if isinstance(first, dict) and isinstance(second, dict):
        return [inner for key in sorted({*first, *second})
                for inner in _within(f"{name}.{key}", first.get(key), second.get(key))]
    return [] if first == second else [name]
