"""What was seen of a set of images: whatever of it the scores want to read."""

import dataclasses
import math

import numpy as np

from tfgan_improved.evaluation import EvaluationError
from tfgan_improved.evaluation.moments import Gathering, Moments

PARTS = ("images", "labels", "logits", "features", "moments")
KEPT = 2**29  # bytes of images that are kept for scores of pixels


@dataclasses.dataclass(frozen=True)
class Evidence:
    """`count` images, seen; the parts that nobody asked for are None. So is the count where statistics do not say it.

    images uint8 (m, h, w, c), the first m that fit in memory; labels int32 (n,); logits (n, K) and features (n, f),
    float32; moments of all features.
    """

    count: int
    images: np.ndarray | None = None
    labels: np.ndarray | None = None
    logits: np.ndarray | None = None
    features: np.ndarray | None = None
    moments: Moments | None = None

    def half(self, which):
        """Evidence of the first half (0) of what is known of each image, or of the second (1), without moments.

        Of images, of which only the first may be known, it is the half of those.
        """
        parts = {name: getattr(self, name) for name in PARTS if name != "moments"}
        halves = {name: None if part is None else np.array_split(part, [len(part) // 2])[which]
                  for name, part in parts.items()}
        count = self.count // 2
        return Evidence(self.count - count if which else count, **halves)


def check_labels(images, wanted):
    """EvaluationError where labels are among the wanted parts and an ImageSet has none."""
    if "labels" in wanted and not images.labeled:
        raise EvaluationError(f"{images.name} has no labels, which a score wants to read; choose other --scores")


def look(images, count, extractor, wanted, *, seed=0, groups=1, progress=None):
    """The Evidence of the first `count` images of an ImageSet, read once, in bounded memory.

    `wanted` are names of parts; `extractor` is called where one of them needs it. `progress(done, count)` hears of
    each part read. EvaluationError where the set cannot give a part.
    """
    unknown = set(wanted) - set(PARTS)
    if unknown:
        raise ValueError(f"parts must be among {PARTS}; received {sorted(unknown)}")
    check_labels(images, wanted)
    count = images.limit(count)
    kept, done, sums = {}, 0, None
    extracts = {"logits", "features", "moments"} & set(wanted)
    for part, labels in images.read(count, seed):
        rows = slice(done, done + len(part))
        seen = extractor(part) if extracts else {}
        if "moments" in wanted:
            sums = sums or Gathering(count, min(groups, count))
            sums.add(seen["features"])
        for name, values in {"images": part, "labels": labels, **seen}.items():
            if name in wanted:
                _place(kept, name, values, rows, count)
        done += len(part)
        if progress:
            progress(done, count)
    if done < count:
        raise EvaluationError(f"{images.name} gave {done} images of {count}; ask for fewer, or look whether "
                              "its files are whole")
    return Evidence(count, **kept, moments=sums.moments() if sums else None)


def _place(kept, name, values, rows, count):
    """Puts the rows in their place in an array that is made when the first ones come."""
    if name not in kept:
        least = min(count, KEPT // math.prod(values.shape[1:])) if name == "images" else count
        kept[name] = np.empty((least, *values.shape[1:]), values.dtype)
    room = kept[name][rows]
    room[:] = values[:len(room)]
