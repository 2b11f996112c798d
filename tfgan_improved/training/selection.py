"""Scores of a run while it trains, and which of its checkpoints is the best by them."""

import math

from tfgan_improved import files

CONDITIONS = ("by", "better", "split", "samples", "real", "extractor")  # that must be equal for lines to be compared


class Selection:
    """A line of selection.jsonl: the step, `about`, and the scores that `score()` gives, {name: number}.

    `about` has what the lines of a run must have in common: "by", the name of the score that selects, "better",
    whether it is "lower" or "higher", the "split" of real images, and how many "samples" and "real" ones there are.
    The line is there before the checkpoint of its step, so that no kill leaves a checkpoint that was never scored.
    """

    def __init__(self, path, every, about, score):
        self.path, self.every, self.about, self.score = path, every, about, score

    def __call__(self, step, means):
        files.append_json_line(self.path, {"step": step, **self.about, "scores": self.score()})


def forget_after(path, first):
    """Drops the lines of steps that will be done again, where there are lines."""
    if path.exists():
        files.keep_json_lines(path, lambda record: record["step"] <= first)


def ranked(path, steps):
    """The records of selection.jsonl whose step is among `steps`, best first, the earlier of equals.

    Only lines made as the last one was are ranked: scores of other counts or other images say nothing beside it.
    """
    records = files.read_json_lines(path)
    alike = [record for record in records if _conditions(record) == _conditions(records[-1])]
    return sorted((record for record in alike if record["step"] in steps and _cost(record) is not None), key=_cost)


def best_steps(path, steps):
    """The best step among `steps` as a tuple of one, () where none of them was scored."""
    return tuple(record["step"] for record in ranked(path, steps)[:1])


def _conditions(record):
    return [record.get(name) for name in CONDITIONS]


def _cost(record):
    """(what is lowest for the best, the step); None where the score is no number."""
    value = record["scores"].get(record["by"])
    if value is None or not math.isfinite(value):
        return None
    return (value if record["better"] == "lower" else -value), record["step"]
