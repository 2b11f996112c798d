"""Records of scores as they lie in files: read, checked, and the one chosen that stands for a run."""

import dataclasses
import json
import math
import pathlib

from tfgan_improved.config import ConfigError
from tfgan_improved.evaluation import passport

# Which way was better, of records that were written before they said so themselves; by the beginning of the name.
EARLIER = {"classifier_score": "higher", "inception_score": "higher", "fd": "lower", "fid": "lower", "kd": "lower",
           "kid": "lower", "modes": "higher", "good_share": "higher", "mode_kl": "lower"}
FREE = ("truncation", "selected")  # of an origin: in what scorings of the same samples' maker may differ


@dataclasses.dataclass(frozen=True)
class Record:
    """One scoring of one set of samples. `recipe` is the run's, None where the samples come from no run folder."""

    name: str
    step: int | None
    scores: dict
    intervals: dict
    bias: dict
    better: dict  # {score: "higher" or "lower"}
    real: dict
    passport: dict
    recipe: dict | None = None

    @property
    def truncation(self):
        """The bound on |z| of the samples, 0 for none; records of the earliest format were made without."""
        return self.passport.get("truncation", 0.0)

    @property
    def origin(self):
        """What the passport says of where the samples come from."""
        return self.passport.get("origin") or {}

    @property
    def selected(self):
        """How its checkpoint was chosen as the best one, {} where it was not."""
        return self.origin.get("selected") or {}

    @property
    def identity(self):
        """What tells whose samples these are, as text: of a run its path, of all else the digest of what it is."""
        free = {*FREE, "step", "digest"} if "step" in self.origin else {*FREE, *(["path"] * ("digest" in self.origin))}
        return json.dumps({"name": self.name} | {key: self.origin[key] for key in self.origin.keys() - free},
                          sort_keys=True)

    @property
    def shown(self):
        """Names of the scores that are numbers and no deviation of another one."""
        return [name for name, value in self.scores.items() if value is not None and not name.endswith("_std")]


def read(path, name, recipe=None):
    """The Records of a .jsonl file in order, of the format of any version. ConfigError for a line that is none."""
    path = pathlib.Path(path)
    try:
        lines = path.read_bytes().split(b"\n")[:-1]  # a line without an end was cut off by a kill
    except OSError as error:
        raise ConfigError(f"'{path}' cannot be read ({error.strerror}); give a run folder with scores, or a .jsonl "
                          "file of `evaluate --output`") from None
    return [_record(line, f"'{path}' line {index}", name, recipe) for index, line in enumerate(lines, 1)]


def _record(line, where, name, recipe):
    try:
        found = json.loads(line)
    except ValueError as error:
        raise ConfigError(f"{where} is no JSON ({error}); remove the line or score again with `evaluate`") from None
    if not isinstance(found, dict) or not all(isinstance(found.get(k), dict) for k in ("scores", "passport")):
        raise ConfigError(f"{where} holds no scores with a passport; give records that `evaluate` wrote")
    scores = found["scores"]
    for value in scores.values():
        if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float))
                                  or not math.isfinite(value)):
            raise ConfigError(f"{where} has a score that is no number, {value!r}; score again with `evaluate`")
    better = found.get("better")
    better = {name: _earlier(name) for name in scores} if better is None else better
    name = name or (found["passport"].get("origin") or {}).get("name", "")
    return Record(name, found.get("step"), scores, found.get("intervals") or {}, found.get("bias") or {},
                  {k: v for k, v in better.items() if v}, found.get("real") or {}, found["passport"], recipe)


def _earlier(name):
    begins = [start for start in EARLIER if name == start or name.startswith(f"{start}_")]
    return None if name.endswith("_std") or not begins else EARLIER[max(begins, key=len)]


def chosen(records, where, at_step=0, truncation=0.0):
    """The Record of the newest step, or of `at_step`, at this truncation; the last one written of that step.

    What earlier records of the same step, passport and weights scored besides is added to it. ConfigError where there
    is none.
    """
    if not records:
        raise ConfigError(f"{where} has no scores; score it first with `evaluate`")
    kept = [record for record in records if record.truncation == truncation]
    if not kept:
        known = ", ".join(f"{value:g}" for value in sorted({record.truncation for record in records}))
        raise ConfigError(f"{where} has no scores at --truncation={truncation:g}; it has them at {known}")
    step = at_step or max((record.step for record in kept), key=lambda step: -1 if step is None else step)
    same = [record for record in kept if record.step == step]
    if not same:
        known = ", ".join(str(step) for step in sorted({record.step for record in kept if record.step is not None}))
        raise ConfigError(f"{where} has no scores of step {at_step}; it has those of {known or 'no step'}")
    newest = same[-1]
    for earlier in reversed(same[:-1]):
        if not passport.differences(newest.passport, earlier.passport) and _of_one(newest, earlier):
            newest = _together(newest, earlier)
    return newest


def chosen_best(records, where, at_step=0, truncation=0.0):
    """As `chosen`, of the step whose checkpoint was last scored as the best one. ConfigError where none was."""
    best = [record.step for record in records if record.selected and record.truncation == truncation]
    if not best:
        raise ConfigError(f"{where} has no scores of a best checkpoint at --truncation={truncation:g}; score it with "
                          "`evaluate --best`, or leave --best out")
    return chosen(records, where, best[-1], truncation)


def _of_one(first, second):
    """Whether two records are of the same weights or files, as far as both say."""
    digests = {record.origin["digest"] for record in (first, second) if "digest" in record.origin}
    return len(digests) < 2


def _together(newer, older):
    both = {name: {**getattr(older, name), **getattr(newer, name)} for name in ("scores", "better", "real")}
    for name in ("intervals", "bias"):  # those of a score that was computed again are the newer one's, if any
        kept = {key: value for key, value in getattr(older, name).items() if key not in newer.scores}
        both[name] = {**kept, **getattr(newer, name)}
    rules = {**older.passport.get("scores", {}), **newer.passport.get("scores", {})}
    card = {**newer.passport, "scores": rules} if rules else newer.passport
    return dataclasses.replace(newer, **both, passport=card)
