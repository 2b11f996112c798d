"""How often people tell generated images from real ones, counted from the files that a page for voting saves."""

import dataclasses
import json
import pathlib

import numpy as np
import scipy.stats

from tfgan_improved.evaluation import EvaluationError
from tfgan_improved.evaluation.intervals import COVERED

ANSWERS = ("real", "generated")


@dataclasses.dataclass(frozen=True)
class Votes:
    """What one person said: `images` (n,) are places in the page, `said_real` (n,) is true where it was "real"."""

    voter: str
    name: str
    images: np.ndarray
    said_real: np.ndarray
    seconds: np.ndarray


def read(paths, key):
    """The Votes of each file, on the page whose key (a dict, see `report/voting.py`) is given.

    EvaluationError for a file that is none, for one of another page, and for two of one person.
    """
    found = [_of_file(pathlib.Path(path).expanduser(), key) for path in paths]
    for index, votes in enumerate(found):
        if votes.voter in [earlier.voter for earlier in found[:index]]:
            raise EvaluationError(f"'{paths[index]}' holds votes of a person whose votes are there already; give one "
                                  "file a person, the last that was saved")
    return found


def _of_file(path, key):
    try:
        stored = json.loads(path.read_text())
        page, voter, name, votes = (stored[field] for field in ("page", "voter", "name", "votes"))
        images, said, seconds = zip(*((vote["image"], vote["said"], float(vote["seconds"])) for vote in votes))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EvaluationError(f"'{path}' holds no votes ({' '.join(str(error).split())}); give what the page's "
                              "\"Save the votes\" wrote") from error
    if page != key["page"]:
        raise EvaluationError(f"'{path}' holds votes on the page {page}, and this is {key['page']}; name their page "
                              "with --output")
    places = range(len(key["real"]))
    if not set(said) <= set(ANSWERS) or not all(type(image) is int and image in places for image in images):
        raise EvaluationError(f"'{path}' has votes that the page does not know; give the file as it was saved")
    if len(set(images)) < len(images):
        raise EvaluationError(f"'{path}' has two votes on one image; give the file as it was saved")
    return Votes(str(voter), str(name), np.array(images), np.array([each == ANSWERS[0] for each in said]),
                 np.array(seconds))


def count(found, key):
    """{"people": [a dict each], "all": of all votes together, "page", "about"}; shares from 0 to 1.

    `right` is the share of votes that are right: 0.5 is chance, 1 that all images were told apart. Its 95% interval is
    Wilson's, (p + t^2 / 2n -+ t sqrt(p (1 - p) / n + t^2 / 4n^2)) / (1 + t^2 / n) with t = 1.96, which takes votes as
    independent. EvaluationError without votes.
    Source: Salimans et al. 2016, arXiv:1606.03498, section 6; the interval: Wilson 1927, doi:10.2307/2276774.
    """
    if not found:
        raise EvaluationError("there are no votes to count; name their files with --votes")
    real = np.asarray(key["real"], bool)
    parts = [(real[votes.images], votes.said_real, votes.seconds) for votes in found]
    people = [{"voter": votes.voter, "name": votes.name, **_share(*part)} for votes, part in zip(found, parts)]
    return {"page": key["page"], "images": len(real), "feedback": key["feedback"], "people": people,
            "all": _share(*map(np.concatenate, zip(*parts))), "about": key["about"]}


def _share(real, said_real, seconds):
    right, n = int((real == said_real).sum()), len(real)
    interval = scipy.stats.binomtest(right, n).proportion_ci(COVERED, "wilson")
    return {"votes": n, "right": right / n, "interval": [float(interval.low), float(interval.high)],
            "real_called_generated": float(np.mean(~said_real[real])) if real.any() else None,
            "generated_called_real": float(np.mean(said_real[~real])) if not real.all() else None,
            "median_seconds": float(np.median(seconds))}


def table(record):
    """The record as text, a line each person and one for all."""
    head = ("who", "votes", "right", "95% interval", "real called generated", "generated called real", "seconds each")
    lines = [head, *[_line(each["name"] or each["voter"], each) for each in record["people"]]]
    lines += [_line("all", record["all"])] if len(record["people"]) > 1 else []
    widths = [max(map(len, column)) for column in zip(*lines)]
    text = "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)
    return f"{text}\n50% is chance: what people see who cannot tell the two apart."


def _line(name, found):
    shares = [found["right"], found["real_called_generated"], found["generated_called_real"]]
    right, *wrong = ["-" if share is None else f"{share:.1%}" for share in shares]
    low, high = found["interval"]
    return (name, str(found["votes"]), right, f"{low:.1%} to {high:.1%}", *wrong, f"{found['median_seconds']:.1f}")
