"""What lists on the command line mean: classes and truncations. Read before TensorFlow is imported."""

import math
import re

from tfgan_improved.errors import UserError

LONGEST = 100_000  # classes of a range: more are a slip, and would fill the memory


def classes(text):
    """The classes of --classes: numbers, or names as they stand. UserError for a range that is none, and for no class.
    """
    parts, found = [part.strip() for part in text.split(",")] if text.strip() else [], []
    for part in parts:
        span = re.fullmatch(r"(\d+)\s*(?:-\s*(\d+))?", part)
        if not part or (span and not 0 <= int(span[2] or span[1]) - int(span[1]) < LONGEST):
            raise UserError(f"--classes={text} names no classes; give names, numbers and ranges such as 3,5 or 0-4, "
                            f"each of up to {LONGEST} classes")
        found += range(int(span[1]), int(span[2] or span[1]) + 1) if span else [part]
    return tuple(found)


def truncations(text):
    """The numbers of --sweep. UserError where one is no bound, or stands there twice."""
    try:
        bounds = [float(part) for part in text.split()]
    except ValueError:
        bounds = [math.nan]
    if not all(math.isfinite(bound) and bound >= 0 for bound in bounds) or len(set(bounds)) < len(bounds):
        raise UserError(f"--sweep=\"{text}\" are no truncations; give different numbers from 0 (no bound), separated "
                        "by spaces")
    return bounds
