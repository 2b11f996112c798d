"""A Comparison as aligned text, as Markdown and as JSON."""

import math

from tfgan_improved.evaluation import passport

SPREAD = "{} is the sample standard deviation over seeds"
INTERVAL = ("[ ] is the 95% interval of one run's samples, by the bootstrap, or, of a kernel distance, by Student's t "
            "over blocks")


def text(comparison):
    """Aligned columns, then what is to be said of them."""
    lines = _lines(comparison, "+/-", lambda cell: f"{cell} *")
    head = [[name for name, _ in lines[0]], [f"{way} is better" if way else "" for _, way in lines[0]]]
    widths = [max(map(len, column)) for column in zip(*head, *lines[1:])]
    rows = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in (*head, *lines[1:])]
    rows.insert(2, "  ".join("-" * width for width in widths))
    rows += [""] + _notes(comparison, "+/-", "* is the best of a column")
    return "\n".join(rows) + "\n"


def markdown(comparison):
    """A Markdown table, and the same notes as paragraphs."""
    lines = _lines(comparison, "±", lambda cell: f"**{cell}**")
    head = [name + {"higher": " ↑", "lower": " ↓", "": ""}[way] for name, way in lines[0]]
    marks = ["---"] + ["---" if name in ("recipe", "rank") else "---:" for name, _ in lines[0]][1:]
    body = [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in (head, marks, *lines[1:])]
    notes = _notes(comparison, "±", "bold is the best of a column; ↑ more is better, ↓ less is better")
    return "\n".join(body) + "\n\n" + "\n".join(f"- {note}" for note in notes) + "\n"


def json_of(comparison):
    """Everything of it as a dict for JSON."""
    rows = [{"recipe": row.name, "rank": index + 1 if comparison.by else None, "steps": row.steps,
             "runs": [record.name for record in row.records],
             "seeds": [(record.recipe or {}).get("seed") for record in row.records],
             "scores": {name: vars(cell) | {"values": list(cell.values)} for name, cell in row.cells.items()}}
            for index, row in enumerate(comparison.rows)]
    return {"by": comparison.by or None, "rows": rows, "real": comparison.real, "better": comparison.better,
            "ignored": comparison.ignored, "settings": comparison.settings,
            "passport": comparison.rows[0].records[0].passport}


def _selections(comparison):
    """A note for each row on how its checkpoints were chosen, where that is not the same for all of them."""
    ways = {row.name: list(dict.fromkeys(_way(record.selected) for record in row.records)) for row in comparison.rows}
    if len({way for of_row in ways.values() for way in of_row}) < 2:
        return []
    return [f"{row}: {'averages ' if len(of_row) > 1 else ''}{' and '.join(of_row)}" for row, of_row in ways.items()]


def _way(selected):
    if not selected:
        return "checkpoints that were not selected"
    return f"checkpoints selected by {selected.get('by')} on {selected.get('split')}"


def _lines(comparison, sign, mark):
    """[(name, direction)] of the header, then a list of cells for each row and for real images."""
    columns, by = comparison.columns, comparison.by
    head = [*([("rank", "")] if by else []), ("recipe", ""), ("seeds", ""), ("step", ""),
            *((name, comparison.better.get(name, "")) for name in columns)]
    lines = [head]
    for index, row in enumerate(comparison.rows):
        cells = [_cell(row.cells.get(name), sign) for name in columns]
        cells = [mark(cell) if comparison.best.get(name) == index else cell for name, cell in zip(columns, cells)]
        seeds = str(len(row.records)) if row.records[0].recipe else "-"
        rank = [str(index + 1) if by in row.cells else "-"] if by else []
        lines.append([*rank, row.name, seeds, " to ".join(f"{step:,}" for step in ends(row.steps)) or "-", *cells])
    if comparison.real:
        real = [" to ".join(number(value) for value in ends(sorted(comparison.real.get(name, [])))) or "-"
                for name in columns]
        lines.append([*(["-"] if by else []), "real", "-", "-", *real])
    return lines


def ends(values):
    """The first and the last of some values, once where they are the same."""
    return values[:1] if len(values) < 2 else [values[0], values[-1]]


def number(value):
    """A number of four significant figures, without an exponent where it is not very small or large."""
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else f"{value}"
    if value == int(value) and abs(value) < 1e6:
        return f"{int(value):,}"
    return f"{value:.3e}" if not 1e-3 <= abs(value) < 1e6 else f"{value:,.{max(0, 3 - _order(value))}f}"


def _order(value):
    return math.floor(math.log10(abs(value)))


def _cell(cell, sign):
    if cell is None:
        return "-"
    shown = number(cell.mean)
    if cell.spread:
        places = max(0, 1 - _order(cell.spread))  # two figures of the spread, and no more of the mean
        shown = f"{cell.mean:,.{places}f} {sign} {cell.spread:.{places}f}" if places <= 6 else (
            f"{shown} {sign} {cell.spread:.1e}")
    elif cell.spread is not None:
        shown += f" {sign} 0"
    elif cell.interval:
        shown += f" [{number(cell.interval[0])}, {number(cell.interval[1])}]"
    return shown if cell.bias is None else f"{shown} (bias {cell.bias:.2g})"


def _notes(comparison, sign, best):
    cells = [cell for row in comparison.rows for cell in row.cells.values()]
    notes = [passport.counted(comparison.rows[0].records[0].passport)]
    notes += [SPREAD.format(sign)] if any(cell.spread is not None for cell in cells) else []
    notes += [INTERVAL] if any(cell.interval for cell in cells) else []
    notes += ["bias is what so few samples add on average"] if any(cell.bias is not None for cell in cells) else []
    notes += [best] if any(index is not None for index in comparison.best.values()) else []
    notes += [f"ranked by {comparison.by}, {comparison.better[comparison.by]} is better"] if comparison.by else []
    for row in comparison.rows:
        seeds = [tuple((record.recipe or {}).get(name) for name in ("seed", "label_seed")) for record in row.records]
        if len(set(seeds)) < len(seeds):
            notes.append(f"{row.name} counts runs of the same seed several times")
    notes += _selections(comparison)
    notes += dict.fromkeys(f"{row.name}: {record.passport['caution']}" for row in comparison.rows
                           for record in row.records if "caution" in record.passport)
    notes += [f"ignored: {name} differs ({', '.join(values)})" for name, values in comparison.ignored.items()]
    for row, settings in comparison.settings.items():
        notes.append(f"{row}: " + " ".join(f"--{name}={value}" for name, value in settings.items()))
    return notes
