"""A table over many runs: rows are recipes, seeds apart; columns are scores. Scores that do not compare are refused."""

import dataclasses
import difflib
import itertools
import json
import pathlib
import re
import statistics

from tfgan_improved.config import ConfigError, RunConfig
from tfgan_improved.evaluation import passport
from tfgan_improved.report import records
from tfgan_improved.run_folder import RunFolder

FEW = 6  # differences that are told with their values
SEEDS = ("seed", "label_seed")  # settings in which runs of one row may differ


@dataclasses.dataclass(frozen=True)
class Cell:
    """A score of a row: the mean and sample standard deviation over its runs, None for one run.

    `interval` is one run's own, [low, high]; `bias` the runs' mean one; both None where they are not known.
    """

    mean: float
    spread: float | None
    values: tuple
    interval: list | None = None
    bias: float | None = None


@dataclasses.dataclass(frozen=True)
class Row:
    """Runs of one recipe that differ in their seed only, and their cells by score."""

    name: str
    records: tuple
    cells: dict

    @property
    def steps(self):
        """The steps that were scored, each once."""
        return sorted({record.step for record in self.records if record.step is not None})


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Rows, ranked where `by` names a score; `ignored` are the passports' differences that were allowed, with values.

    `real` is what real images get by score, `better` the direction, `best` the number of the best row,
    `settings` by row what its recipe has that others' have not.
    """

    rows: list
    columns: list
    real: dict
    better: dict
    best: dict
    ignored: dict
    settings: dict
    by: str = ""


def compare(paths, by="", ignore="", at_step=0, truncation=0.0, best=False):
    """The Comparison of run folders and .jsonl files. ConfigError where passports differ, or a path has no scores.

    `ignore` names fields of passports that may differ, apart by spaces; "versions" stands for all in it.
    """
    found = gathered(paths, at_step, truncation, best)
    ignored = allowed(found, ignore.split())
    rows = _rows(found)
    columns = list(dict.fromkeys(name for record in found for name in record.shown))
    better = {name: way for record in found for name, way in record.better.items() if name in columns}
    if by:
        by = _column(by, columns, better)
        missing, sign = float("inf"), -1 if better[by] == "higher" else 1
        rows.sort(key=lambda row: sign * row.cells[by].mean if by in row.cells else missing)
    best = {name: best_of(rows, name, better[name]) for name in better if len(rows) > 1}
    return Comparison(rows, columns, _real(found, columns), better, best, ignored, _settings(rows), by)


def gathered(paths, at_step=0, truncation=0.0, best=False):
    """The chosen Record of each run folder, and of each set of samples in .jsonl files, under names of their own.

    With `best`, of each run folder the last one of a checkpoint that was selected. ConfigError as `records.chosen`.
    """
    unique = {pathlib.Path(path).expanduser().resolve(): path for path in paths}
    if len(unique) < len(paths):
        raise ConfigError(f"--run_dirs names {len(paths) - len(unique)} of its {len(paths)} twice; name each once")
    found, sets = [], {}
    for path, given in unique.items():
        if path.is_dir():
            folder = RunFolder(path)
            read = records.read(folder.scores, path.name, folder.read()["recipe"]) if folder.scores.exists() else []
            found.append((records.chosen_best if best else records.chosen)(read, given, at_step, truncation))
            continue
        for record in records.read(path, ""):
            card = {**record.passport, "origin": {"path": given, **record.origin}}  # the file's, of earlier versions
            record = dataclasses.replace(record, name=record.name or path.stem, passport=card)
            sets.setdefault(record.identity, []).append((record, given))
    loose = [records.chosen([record for record, _ in group], f"{group[0][1]}, {group[0][0].name},", at_step, truncation)
             for group in sets.values()]
    found += _told_apart(loose)
    if not found:
        raise ConfigError("there is nothing to compare; name run folders or .jsonl files in --run_dirs, separated by "
                          "spaces")
    return found


def _told_apart(loose):
    """Records of no run folder, those of equal names under their paths, or else with what differs behind the name."""
    named = []
    for record in loose:
        same = [other for other in loose if other.name == record.name]
        paths = [other.origin.get("path") for other in same]
        if len(same) > 1 and None not in paths and len({*paths}) == len(paths):
            record = dataclasses.replace(record, name=record.origin["path"])
        elif len(same) > 1:
            keys = dict.fromkeys(key for other in same for key in other.origin if key not in records.FREE)
            told = [f"{key} {short(record.origin.get(key))}" for key in keys
                    if any(other.origin.get(key) != record.origin.get(key) for other in same)]
            record = dataclasses.replace(record, name=f"{record.name} ({', '.join(told)})")
        named.append(record)
    return named


def allowed(found, ignore):
    """{field: its values} in which passports differ. ConfigError unless `ignore` names each, or what it is within."""
    unique = list({json.dumps(record.passport, sort_keys=True): record for record in found}.values())
    differing, pairs = {}, {}
    for first, second in itertools.combinations(unique, 2):
        for name in passport.differences(first.passport, second.passport):
            pairs.setdefault(name, (first.name, second.name))
            for record in (first, second):
                value = short(_value(record.passport, name))
                if value not in differing.setdefault(name, []):
                    differing[name].append(value)
    refused = [name for name in differing if not any(name == given or name.startswith(f"{given}.") for given in ignore)]
    if not refused:
        return differing
    few = len(refused) <= FEW
    told = ", ".join(f"{name} ({' and '.join(differing[name][:3])})" if few else name for name in refused)
    of = " and ".join(pairs[refused[0]])
    formats = {"scores" in record.passport for record in unique}
    hint = " (some were written by an earlier version)" if len(formats) > 1 else ""
    way = f'with --ignore="{" ".join(refused)}"' if few else "by naming them in --ignore"
    raise ConfigError(f"scores cannot be ranked because their passports differ, as those of {of}{hint}, in {told}; "
                      f"score them alike with `evaluate`, or let it be {way}")


def _value(card, name):
    for part in name.split("."):
        card = card.get(part) if isinstance(card, dict) else None
    return card


def short(value):
    """A value of a passport in a few characters."""
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) else json.dumps(value)
    return text[:8] if re.fullmatch("[0-9a-f]{32,}", text) else text if len(text) < 40 else f"{text[:37]}..."


def _rows(found):
    groups = {}
    for record in found:
        recipe = record.recipe and {key: value for key, value in record.recipe.items() if key not in SEEDS}
        groups.setdefault(json.dumps(recipe or record.name, sort_keys=True), []).append(record)
    names = [_name(group) for group in groups.values()]
    names = [name if names.count(name) == 1 else group[0].name for name, group in zip(names, groups.values())]
    return [Row(name, tuple(group), _cells(group)) for name, group in zip(names, groups.values())]


def _name(group):
    """What the names of the runs have in common, less their seeds."""
    bare = {re.sub(r"[-_.]?seed[-_.]?\d+", "", record.name) or record.name for record in group}
    return bare.pop() if len(bare) == 1 else group[0].name


def _cells(group):
    cells = {}
    for name in dict.fromkeys(name for record in group for name in record.shown):
        with_it = [record for record in group if name in record.shown]
        values = tuple(record.scores[name] for record in with_it)
        biases = [record.bias[name] for record in with_it if record.bias.get(name) is not None]
        cells[name] = Cell(statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None, values,
                           with_it[0].intervals.get(name) if len(values) == 1 else None,
                           statistics.fmean(biases) if biases else None)
    return cells


def best_of(rows, name, way):
    """The number of the row with the best mean of a score; None where fewer than two rows have it."""
    means = {index: row.cells[name].mean for index, row in enumerate(rows) if name in row.cells}
    return None if len(means) < 2 else (max if way == "higher" else min)(means, key=means.get)


def _column(by, columns, better):
    """The column that --by names: its name, or a beginning that only one has. ConfigError otherwise."""
    begins = [by] if by in columns else [name for name in columns if name.startswith(f"{by}_")]
    if len(begins) != 1:
        close = difflib.get_close_matches(by, columns, n=1)
        hint = f"did you mean '{close[0]}'? " if close and not begins else ""
        raise ConfigError(f"--by={by} names {'several scores' if begins else 'no score'}; {hint}the table has "
                          f"{', '.join(columns)}")
    if begins[0] not in better:
        raise ConfigError(f"--by={by} cannot rank: its records do not say whether more or less of it is better; rank "
                          f"by one of {', '.join(better) or 'no score'}")
    return begins[0]


def _real(found, columns):
    """{score: the values that real images get}, each once."""
    seen = {name: dict.fromkeys(r.real[name] for r in found if r.real.get(name) is not None) for name in columns}
    return {name: list(values) for name, values in seen.items() if values}


def _settings(rows):
    """{row's name: {setting: value}} of the settings in which the rows' recipes differ."""
    defaults = {field.name: field.default for field in dataclasses.fields(RunConfig)}
    recipes = {row.name: defaults | row.records[0].recipe for row in rows if row.records[0].recipe}
    names = dict.fromkeys(name for recipe in recipes.values() for name in recipe if name not in SEEDS)
    differing = [name for name in names if len({json.dumps(recipe.get(name)) for recipe in recipes.values()}) > 1]
    return {row: {name: recipe.get(name) for name in differing} for row, recipe in recipes.items() if differing}
