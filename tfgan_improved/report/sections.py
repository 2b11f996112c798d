"""What the page shows of a run folder's files, as plain values for its template."""

import dataclasses
import json
import math

import numpy as np

from tfgan_improved import files
from tfgan_improved.config import RunConfig
from tfgan_improved.evaluation import passport
from tfgan_improved.report import charts, curves, records, tables

ALIKE = ("by", "split", "samples", "real", "extractor")  # equal in quick scores that are drawn as one curve
EARLIER = 12  # scorings shown with their passports, besides the newest


def chart(title, lines, y_label, note="", decades=curves.DECADES, **options):
    """{title, svg, note}: a chart under a title that says what is seen."""
    scaled = curves.logarithmic(lines, decades)
    outside = 0 if scaled else curves.limits(lines)[2]
    if outside:
        highest = max(float(np.nanmax(each.y)) for each in lines)
        said = "value lies" if outside == 1 else "values lie"
        note += f" {outside} far {said} outside of the chart; the highest is {tables.number(highest)}."
    bad = sum(int((~np.isfinite(each.y)).sum()) for each in lines)
    note += f" {bad} of {sum(len(each.y) for each in lines)} values are infinite or no number." if bad else ""
    if any(each.smooth is not None for each in lines):
        note += " Pale: as logged; full: running mean."
    return {"title": title, "svg": charts.svg(lines, y_label + (" (log scale)" if scaled else ""),
                                                decades=decades, **options), "note": note.strip()}


def training(log, batch_size):
    """Charts of every name in log.jsonl, and of the speed."""
    made = []
    for name, lines in curves.logged(log):
        what = name.replace("_", " ")
        made.append(chart(f"{what[0].upper()}{what[1:]} at step {int(lines[0].x[-1]):,}: {_ends(lines)}", lines, what))
    speed = curves.speed(log, batch_size)
    if speed is not None:
        made.append(chart(f"Speed: {_middle(speed.y):,.0f} examples a second (median)", [speed],
                          "examples a second"))
    return made


def _ends(lines):
    """What a chart's lines come to."""
    return ", ".join(f"{each.name} {tables.number(_last(each))}" if len(lines) > 1 or len(each.name) == 1
                     else tables.number(_last(each)) for each in lines)


def _last(each):
    finite = each.calm[np.isfinite(each.calm)]
    return float(finite[-1]) if len(finite) else math.nan


def _middle(values):
    return float(sorted(values)[len(values) // 2])


def measured(path):
    """Charts of a file of measurements, {"step", name: number} a line; what begins alike, before a "/", together."""
    found = files.read_json_lines(path)
    groups = {}
    for key in dict.fromkeys(key for record in found for key in record if key != "step"):
        pairs = [(record["step"], record[key]) for record in found if isinstance(record.get(key), (int, float))]
        group, _, name = key.rpartition("/")
        if pairs:
            groups.setdefault(group or key, []).append(curves.line(name, *zip(*pairs)))
    made = []
    for group, every in groups.items():
        for lines in curves.on_one_scale(every):
            what = group.replace("_", " ") + ("" if len(lines) > 1 or lines[0].name == group else f", {lines[0].name}")
            made.append(chart(f"{what} at step {int(lines[0].x[-1]):,}: {_ends(lines)}", lines, what))
    return made


def quick_scores(path):
    """Charts of selection.jsonl, scores of few samples while training that choose the best checkpoint; [] without."""
    found = files.read_json_lines(path)
    if not found:
        return []
    last = found[-1]
    alike = [record for record in found if all(record.get(name) == last.get(name) for name in ALIKE)]
    known = [record for record in alike if isinstance(record["scores"].get(last["by"]), (int, float))]
    best = known and (max if last["better"] == "higher" else min)(known, key=lambda each: each["scores"][last["by"]])
    made = []
    for name in last["scores"]:
        pairs = [(record["step"], record["scores"][name]) for record in alike if record["scores"].get(name) is not None]
        if pairs:
            note = f"Lowest at step {best['step']:,}." if name == last["by"] and last["better"] == "lower" else (
                f"Highest at step {best['step']:,}." if name == last["by"] else "")
            made.append(chart(f"{name} of {last['samples']:,} samples against {last['split']}: "
                              f"{tables.number(pairs[-1][1])} at step {pairs[-1][0]:,}",
                              [curves.line(name, *zip(*pairs))], name, note))
    return made


def errors(path, averaged):
    """The chart of errors.jsonl, None where there is none."""
    found = files.read_json_lines(path)
    if not found:
        return None
    last, names = found[-1], [name for name in found[-1] if name not in ("step", "split", "images")]
    alike = [record for record in found if (record["split"], record["images"]) == (last["split"], last["images"])]
    steps = [record["step"] for record in alike]
    called = {"errors": "averaged weights"} if averaged else {}
    lines = [curves.line(called.get(name, name.removeprefix("errors_of_")), steps,
                         [record.get(name, math.nan) for record in alike]) for name in names]
    best = min(alike, key=lambda record: record["errors"])
    title = f"Errors at step {last['step']:,}: {last['errors']:,} of {last['images']:,} {last['split']} images"
    return chart(title, lines, "images wrong",
                 f"Fewest: {best['errors']:,} at step {best['step']:,}.", decades=0.7)


def scores(found):
    """{newest, earlier, over_time, sweep} of a run's Records in the order of the file; None where there are none."""
    if not found:
        return None
    newest = records.chosen(found, "the run", truncation=_usual(found))
    alike = [record for record in found if not passport.differences(newest.passport, record.passport)]
    earlier = [record for record in reversed(found) if record.step != newest.step
               or passport.differences(newest.passport, record.passport)]
    return {"newest": _scoring(newest), "over_time": _over_time(alike, newest), "sweep": _sweep(found, newest),
            "earlier": [_scoring(record, newest) for record in earlier[:EARLIER]],
            "left_out": max(0, len(earlier) - EARLIER)}


def _usual(found):
    """The truncation of the scores that stand for a run: none, unless it was never scored without."""
    return 0.0 if any(record.truncation == 0 for record in found) else found[-1].truncation


def _scoring(record, beside=None):
    rows = []
    for name in record.shown:
        low_high, std = record.intervals.get(name), record.scores.get(f"{name}_std")
        rows.append({"name": name, "value": tables.number(record.scores[name]), "better": record.better.get(name, ""),
                     "interval": " to ".join(map(tables.number, low_high)) if low_high else "",
                     "std": "" if std is None else f"{std:.2g}",
                     "bias": "" if record.bias.get(name) is None else f"{record.bias[name]:.2g}",
                     "real": "" if record.real.get(name) is None else tables.number(record.real[name])})
    card = record.passport
    by = card.get("extractor") or {}
    return {"step": record.step, "rows": rows, "passport": flat(card), "truncation": record.truncation,
            "summary": passport.counted(card),
            "accuracy": f"{by['accuracy']:.2%}" if isinstance(by.get("accuracy"), float) else "",
            "differs": passport.differences(beside.passport, card) if beside else []}


def flat(values, start=""):
    """[(name, text)] of nested dicts, with dots for what is within."""
    pairs = []
    for key, value in values.items():
        name = f"{start}{key}"
        if isinstance(value, dict) and value:
            pairs += flat(value, f"{name}.")
        else:
            pairs.append((name, value if isinstance(value, str) else json.dumps(value)))
    return pairs


def _over_time(alike, newest):
    """A chart for each score that several steps have under one passport; the last scoring of a step counts."""
    by_step = {record.step: record for record in alike if record.step is not None}
    made = []
    for name in newest.shown if len(by_step) > 1 else []:
        kept = [by_step[step] for step in sorted(by_step) if name in by_step[step].shown]
        made += [_score_chart(name, [record.step for record in kept], kept, newest)] if len(kept) > 1 else []
    return made


def _score_chart(name, x, kept, newest, **options):
    line = curves.line(name, x, [record.scores[name] for record in kept])
    if all(record.intervals.get(name) for record in kept):
        low, high = zip(*(record.intervals[name] for record in kept))
        line = dataclasses.replace(line, low=np.array(low), high=np.array(high))
    real, way = newest.real.get(name), newest.better.get(name)
    rule = None if real is None else ("real", real)
    said = f"{name}, {way} is better" if way else name
    seen = [tables.number(record.scores[name]) for record in kept]
    ends = f"{seen[0]} to {seen[-1]}"
    if "ticks" in options and way:
        best = (np.argmax if way == "higher" else np.argmin)(line.y)
        ends = f"best {seen[best]} at {options['ticks'][best].replace('none', 'no bound')}"
    note = "" if line.low is None else "Band: 95% interval."
    line = dataclasses.replace(line, name="samples")
    return chart(f"{said}: {ends}", [line], name, note, rule=rule, **options)


def _sweep(found, newest):
    """A chart for each score over the truncations at which one step was scored under one passport else.

    Those of the last written record of which there are several: a sweep may be of another step than the newest scores
    (which the chart then says), and of other counts.
    """
    for last in reversed(found):
        alike = {record.truncation: record for record in found if record.step == last.step and not passport.differences(
            {**last.passport, "truncation": None}, {**record.passport, "truncation": None})}
        bounds = sorted(alike, key=lambda bound: (bound == 0, bound))  # 0 stands for no bound: the last
        if len(bounds) > 1:
            break
    else:
        return []
    kept, names = [alike[bound] for bound in bounds], ["none" if not bound else f"{bound:g}" for bound in bounds]
    at = "" if last.step == newest.step else f", step {last.step}"
    return [_score_chart(name, range(len(kept)), kept, last, ticks=names, x_label=f"bound on |z| (truncation){at}")
            for name in last.shown if all(name in record.shown for record in kept)]


def settings(recipe):
    """[{name, value, default, meaning, differs}] of a recipe: first what is not the default."""
    rows = [{"name": field.name, "value": recipe.get(field.name, field.default), "default": field.default,
             "meaning": field.metadata["meaning"],
             "differs": recipe.get(field.name, field.default) != field.default}
            for field in dataclasses.fields(RunConfig)]
    known = {row["name"] for row in rows}
    rows += [{"name": name, "value": value, "default": "", "meaning": "of an earlier version", "differs": True}
             for name, value in recipe.items() if name not in known]
    return sorted(rows, key=lambda row: not row["differs"])
