"""What log.jsonl, errors.jsonl and scores.jsonl hold, as lines to draw."""

import dataclasses

import numpy as np

SMALLEST_SHARE = 0.12  # of a chart's height that a line may move in; one that moves less gets a chart of its own
SMOOTHED = 25  # parts of a curve over which its running mean goes
DECADES = 1.3  # powers of ten from which a chart of positive numbers is logarithmic


@dataclasses.dataclass(frozen=True)
class Line:
    """Values y (n,) at x (n,); `smooth` (n,) is their running mean, or None; low and high (n,) are an interval."""

    name: str
    x: np.ndarray
    y: np.ndarray
    smooth: np.ndarray | None = None
    low: np.ndarray | None = None
    high: np.ndarray | None = None

    @property
    def calm(self):
        """What is read off: the running mean, where there is one."""
        return self.y if self.smooth is None else self.smooth


def line(name, x, y, smoothed=False):
    """A Line of sequences, with its running mean if wanted and there are points enough."""
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    return Line(name, x, y, running_mean(y, max(3, len(y) // SMOOTHED)) if smoothed and len(y) >= 20 else None)


def running_mean(values, width):
    """The mean of the `width` values around each (of those there are, at the ends); not a number is left out."""
    known = np.isfinite(values)
    kernel = np.ones(width)
    total = np.convolve(np.where(known, values, 0.0), kernel, mode="same")
    count = np.convolve(known.astype(np.float64), kernel, mode="same")
    return np.where(count > 0, total / np.maximum(count, 1.0), np.nan)


def logged(records):
    """[(name, [Line])] of log.jsonl: what players log under one name together, where they move on one scale."""
    groups = {}
    for key in dict.fromkeys(key for record in records for key in record if key not in ("step", "seconds")):
        pairs = [(record["step"], record[key]) for record in records if isinstance(record.get(key), (int, float))]
        player, _, name = key.rpartition("/")
        if pairs:
            groups.setdefault(name, []).append(line(player.upper() or name, *zip(*pairs), smoothed=True))
    return [(name, together) for name, lines in groups.items() for together in on_one_scale(lines)]


def on_one_scale(lines):
    """The lines in groups that share a chart without flattening each other."""
    groups = []
    for new in lines:
        for group in groups:
            if _fit([*group, new]):
                group.append(new)
                break
        else:
            groups.append([new])
    return groups


def _fit(lines):
    if logarithmic(lines):
        return True
    spans = [np.nanpercentile(each.calm, (2, 98)) for each in lines]
    whole = max(high for _, high in spans) - min(low for low, _ in spans)
    return whole == 0 or all(high - low >= SMALLEST_SHARE * whole for low, high in spans)


def logarithmic(lines, decades=DECADES):
    """Whether all values are positive and span so many powers of ten."""
    values = np.concatenate([each.y for each in lines])
    values = values[np.isfinite(values)]
    if not len(values) or values.min() <= 0:
        return False
    low, high = np.percentile(values, (1, 99))
    return np.log10(high / low) >= decades


def limits(lines):
    """(low, high, values left outside) of a chart that a few far values would otherwise flatten."""
    values = np.concatenate([part for each in lines for part in (each.y, each.low, each.high) if part is not None])
    values = values[np.isfinite(values)]
    if not len(values):
        return 0.0, 1.0, 0
    low, high = np.percentile(values, (1, 99)) if len(values) >= 50 else (values.min(), values.max())
    room = 0.25 * (high - low)
    low, high = max(values.min(), low - room), min(values.max(), high + room)
    return float(low), float(high), int(np.sum((values < low) | (values > high)))


def seconds_used(records):
    """The time that training took, in s: the processes' clocks one after the other, and how many processes."""
    total, last, processes = 0.0, 0.0, min(1, len(records))
    for record in records:
        if record["seconds"] < last:
            total, processes = total + last, processes + 1
        last = record["seconds"]
    return total + last, processes


def speed(records, batch_size):
    """A Line of examples a second between log lines of one process."""
    pairs = [(b["step"], batch_size * (b["step"] - a["step"]) / (b["seconds"] - a["seconds"]))
             for a, b in zip(records, records[1:]) if b["seconds"] > a["seconds"] and b["step"] > a["step"]]
    return line("examples a second", *zip(*pairs), smoothed=True) if pairs else None
