"""Charts as SVG text that takes its colors from the page, so that they are right on light and on dark ground."""

import hashlib
import io
import re
import textwrap
import threading

import numpy as np

from tfgan_improved.report import curves

SIZE = (4.4, 2.65)  # inches; the page makes a chart as wide as its column
POINTS = 400  # drawn of one line; the lowest and highest of each part where there are more
# Colors that matplotlib draws with, and the page's names for them. Lines: Okabe and Ito's, told apart by color-blind.
INK = {"#010101": "currentColor", "#020202": "var(--grid)", "#030303": "var(--faint)"}
LINES = {f"#0{index}0a0b": f"var(--line-{index})" for index in range(1, 7)}
TEXT, GRID, FAINT = INK
MARKS = ("-", (0, (5, 1.6)), (0, (1.5, 1.3)), (0, (6, 1.5, 1.5, 1.5)), "-", (0, (5, 1.6)))
_ONE = threading.Lock()


def svg(lines, y_label, *, x_label="training step", rule=None, ticks=None, decades=curves.DECADES):
    """One chart of `curves.Line`s as SVG text, each line named at its end.

    `rule` is (name, y) of a level line, such as real images' score; `ticks` names the places 0, 1, ... of x; positive
    numbers that span more than `decades` powers of ten are drawn on a logarithmic scale.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    style = {"svg.fonttype": "none", "svg.hashsalt": _salt(lines, x_label, y_label),
             "font.size": 9.5, "font.family": "sans-serif", "font.sans-serif": ["DejaVu Sans"], "axes.linewidth": 0.7,
             "axes.edgecolor": FAINT, "text.color": TEXT, "axes.labelcolor": TEXT, "xtick.color": FAINT,
             "ytick.color": FAINT, "xtick.labelcolor": TEXT, "ytick.labelcolor": TEXT, "path.simplify": True}
    named = [*(each.name for each in lines), *(rule[:1] if rule else ())]
    room = 0.024 * max(len(part) for name in named for part in wrapped(name)) if len(named) > 1 else 0.0
    with _ONE, rc_context(style):
        figure = Figure(figsize=SIZE)
        axes = figure.add_axes((0.145, 0.17, 0.98 - 0.145 - room, 0.79))
        _set_scale(axes, lines, rule, decades)
        for index, each in enumerate(lines):
            _draw(axes, each, index)
        if rule is not None:
            axes.axhline(rule[1], color=TEXT, linewidth=0.9, linestyle=(0, (2, 2)), zorder=1.5)
        _name_lines(axes, lines, rule)
        _dress(axes, x_label, y_label, ticks)
        content = io.StringIO()
        figure.savefig(content, format="svg", transparent=True, metadata={"Date": None, "Creator": None, "Type": None,
                                                                          "Format": None})
    return _for_page(content.getvalue())


def _salt(lines, *labels):
    """What tells a chart from others of a page, so that their marks have names of their own, each time the same."""
    total = hashlib.sha256(repr((labels, [each.name for each in lines])).encode())
    for each in lines:
        total.update(each.x.tobytes() + each.y.tobytes())
    return total.hexdigest()


def _set_scale(axes, lines, rule, decades):
    low, high, _ = curves.limits(lines)
    if curves.logarithmic(lines, decades):
        axes.set_yscale("log")
        values = np.concatenate([each.y[np.isfinite(each.y)] for each in lines])
        axes.set_ylim(values.min() / 1.15, values.max() * 1.15)
        return
    if rule is not None:
        low, high = min(low, rule[1]), max(high, rule[1])
    room = 0.06 * (high - low) or 0.05 * abs(high) or 1.0
    axes.set_ylim(low - room, high + room)


def _draw(axes, each, index):
    color, mark = list(LINES)[index % len(LINES)], MARKS[index % len(MARKS)]
    few = len(each.x) <= 30
    if each.low is not None:
        axes.fill_between(each.x, each.low, each.high, color=color, alpha=0.18, linewidth=0)
    if each.smooth is not None:
        axes.plot(*_thin(each.x, each.y), color=color, linewidth=0.7, alpha=0.33)
        axes.plot(*_thin(each.x, each.smooth), color=color, linewidth=1.7, linestyle=mark)
    else:
        axes.plot(*_thin(each.x, each.y), color=color, linewidth=1.6, linestyle=mark, marker="o" if few else None,
                  markersize=3.5)


def _thin(x, y):
    """The lowest and the highest value of each part of a long line, so that no peak is lost."""
    if len(x) <= POINTS:
        return x, y
    keep = set()
    for part in np.array_split(np.arange(len(x)), POINTS // 2):
        values = np.where(np.isfinite(y[part]), y[part], np.nanmean(y[part]) if np.isfinite(y[part]).any() else 0.0)
        keep |= {part[values.argmin()], part[values.argmax()]}
    kept = np.array(sorted(keep | {0, len(x) - 1}))
    return x[kept], y[kept]


def _name_lines(axes, lines, rule):
    """Writes each line's name at its end, apart from each other."""
    ends = []
    for index, each in enumerate(lines):
        finite = each.calm[np.isfinite(each.calm)]
        if len(finite):
            ends.append([axes.transAxes.inverted().transform(axes.transData.transform((0, finite[-1])))[1], each.name,
                         list(LINES)[index % len(LINES)]])
    if rule is not None:
        ends.append([axes.transAxes.inverted().transform(axes.transData.transform((0, rule[1])))[1], rule[0], TEXT])
    if not ends or (len(lines) == 1 and rule is None):
        return  # the chart's title says what its only line is
    ends.sort()
    gap = 0.09 * max(len(wrapped(name)) for _, name, _ in ends)
    for index, end in enumerate(ends):
        end[0] = min(max(end[0], ends[index - 1][0] + gap if index else 0.0), 1.0)
    for index in range(len(ends) - 2, -1, -1):
        ends[index][0] = min(ends[index][0], ends[index + 1][0] - gap)
    for height, name, color in ends:
        axes.text(1.02, height, "\n".join(wrapped(name)), transform=axes.transAxes, color=color, va="center",
                  fontweight="bold", fontsize=9, linespacing=1.0)


def wrapped(name):
    """A line's name in parts that fit beside a chart."""
    return textwrap.wrap(name.replace("_", " "), 11) or [""]


def _dress(axes, x_label, y_label, ticks):
    from matplotlib.ticker import EngFormatter, FuncFormatter, LogLocator, MaxNLocator

    axes.set_xlabel(x_label, fontsize=9)
    axes.set_ylabel(textwrap.fill(y_label, 36), fontsize=9)
    axes.grid(True, axis="y", color=GRID, linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.02)
    axes.tick_params(length=3, labelsize=9)
    if ticks is None:
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    else:
        axes.set_xticks(range(len(ticks)), ticks)
        axes.set_xlim(-0.35, len(ticks) - 0.65)
    if axes.get_yscale() == "log":
        low, high = axes.get_ylim()
        digits = "" if np.log10(high / low) > 2.5 else "25" if np.log10(high / low) > 1 else "2357"
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.yaxis.set_minor_locator(LogLocator(subs=[int(digit) for digit in digits or "1"]))
        axes.yaxis.set_minor_formatter(FuncFormatter(lambda value, _: f"{value:g}" if digits else ""))
    else:
        axes.yaxis.set_major_locator(MaxNLocator(5))


def _for_page(text):
    """The <svg> alone, without addresses, fixed sizes and fonts, in the page's colors."""
    text = text[text.index("<svg"):]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"<style.*?</style>", "", text, flags=re.DOTALL)
    text = re.sub(r' xmlns(:\w+)?="[^"]*"|<!--.*?-->', "", text, flags=re.DOTALL)
    text = re.sub(r'<g id="[^"]*"', "<g", text)  # the same in each chart, and nobody refers to them
    text = re.sub(r' (?:d|x|y|transform)="[^"]*"', lambda place: re.sub(
        r"\d+\.\d{2,}", lambda number: f"{float(number[0]):.1f}", place[0]), text)
    text = re.sub(r"font-family: [^;\"]*;? ?", "", text)
    text = re.sub(r" *\n *", " ", text)
    head, rest = text.split(">", 1)
    head = re.sub(r' (width|height|version)="[^"]*"', "", head)
    rest = re.sub(r"font: (bold |\d+ )?([\d.]+)px [^;\"]*", r"font-size: \2px; font-weight: \1", rest)
    for drawn, meant in {**INK, **LINES}.items():
        rest = rest.replace(drawn, meant)
    return f'{head} role="img">{rest}'.strip()
