"""Runs of the rows -> table.md, record.json and the figures of this experiment."""

import json
import os
import pathlib
import platform
import subprocess

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image
from scipy import stats

HERE = pathlib.Path(__file__).parent
REAL_IN_PAPER = 9.04
BETTER = {"classifier_score": 1, "fd_cifar10_cnn": -1, "kd_cifar10_cnn": -1}  # whether more or less is better
DIREAL = " + DiReAL"


def write(runs, paper, about):
    """Prints the table and what the order is; writes everything. `paper` is {row: its score there or None}."""
    names = [name for name in BETTER if name in runs[0]["scores"]]
    lines, order = table(runs, paper, names), {name: ordering(runs, paper, name) for name in names}
    words = [*in_words(order, names[0]), *gains(runs, paper, names[0])]
    print("\n".join([*lines, "", *words]))
    (HERE / "table.md").write_text("\n".join([*lines, "", *words]) + "\n")
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    finished = sum(run["steps"] >= about["steps"] for run in runs)
    record = {"claim": "On CIFAR-10 the rows of DiReAL's table 1 come in the table's order; DiReAL raises the score of "
                       "spectral and of layer norm, and hardly those of batch and weight norm",
              "source": {"paper": "arXiv:1901.10824", "table": 1, "reported": paper | {"real images": REAL_IN_PAPER}},
              "command": about["command"], "commit": commit,
              "hardware": f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores, {about['threads']} thread a "
                          "run, no accelerator",
              "partial": finished < about["wanted"], "table": lines, "ordering": order, "in_words": words,
              "runs": [{key: value for key, value in run.items() if key != "pictures"} for run in runs]}
    (HERE / "record.json").write_text(json.dumps(record, indent=1) + "\n")
    scores_figure(runs, paper, names[:2])
    samples_figure(runs, paper)


def recorded():
    """{row and seed: run} of record.json, in the form that `write` takes; they have no pictures."""
    return {(run["row"], run["seed"]): run | {"pictures": []}
            for run in json.loads((HERE / "record.json").read_text())["runs"]}


def brief(lines):
    """The diversity losses at every look, and what else the last one measured."""
    kept = [{key: round(line[key], 4) for key in ("step", "d/diversity", "g/diversity")} for line in lines]
    return {"diversity": [" ".join(map(str, line.values())) for line in kept],
            "end": {key: round(value, 4) for key, value in lines[-1].items()} if lines else {}}


def of_row(runs, row, name):
    """{seed: score} of a row."""
    return {run["seed"]: run["scores"][name] for run in runs if run["row"] == row}


def table(runs, paper, names):
    """The rows with mean and spread (standard deviation over seeds, n - 1) as lines of markdown."""
    lines = ["| row | seeds | " + " | ".join(names) + " | J of D, end | J of G, end | Inception score in the paper |",
             "| --- " * (len(names) + 5) + "|"]
    for row, score in paper.items():
        ends = [run["instruments"]["end"] for run in runs if run["row"] == row and run["instruments"]["end"]]
        cells = [_mean(list(of_row(runs, row, name).values())) for name in names]
        cells += [_mean([end[f"{name}/diversity"] for end in ends]) for name in "dg"]
        lines.append(f"| {row} | {len(of_row(runs, row, names[0]))} | " + " | ".join(cells) + f" | {_paper(score)} |")
    real = runs[0]["real"]
    lines.append("| real images | | " + " | ".join(f"{real[name]:.3f}" for name in names)
                 + f" | | | {REAL_IN_PAPER} |")
    return lines


def _mean(values):
    if not values:
        return "-"
    spread = f" +/- {np.std(values, ddof=1):.3f}" if len(values) > 1 else ""
    return f"{np.mean(values):.3f}{spread}"


def _paper(score):
    return "-" if score is None else f"{score:.2f}"


def ordering(runs, paper, name):
    """The rank correlation (Spearman) of our mean scores and the paper's, over the rows that both have; 1 is its order.

    With the p-value of a two-sided test by all orders' chance, and the same of each seed that has all of these rows.
    """
    rows = [row for row, score in paper.items() if score is not None and of_row(runs, row, name)]
    if len(rows) < 3:
        return {"rows": rows}
    theirs, means = [paper[row] for row in rows], [np.mean(list(of_row(runs, row, name).values())) for row in rows]
    ours, found = BETTER[name] * np.array(means), {"rows": rows}
    found["rank_correlation"], found["p_value"] = map(float, stats.spearmanr(ours, theirs))
    whole = set.intersection(*(set(of_row(runs, row, name)) for row in rows))
    found["of_each_seed"] = {seed: float(stats.spearmanr(
        [BETTER[name] * of_row(runs, row, name)[seed] for row in rows], theirs).statistic) for seed in sorted(whole)}
    found["ours_from_the_best"] = [rows[index] for index in np.argsort(-ours, kind="stable")]
    found["papers_from_the_best"] = [rows[index] for index in np.argsort(-np.array(theirs), kind="stable")]
    return found


def in_words(order, name):
    """What there is to say of the order by one score, as lines."""
    found = order[name]
    if "rank_correlation" not in found:
        return ["Fewer than three of the paper's rows have a score: nothing to say of their order."]
    each = ", ".join(f"{value:.2f}" for value in found["of_each_seed"].values())
    others = "; ".join(f"{other} {order[other]['rank_correlation']:.2f}" for other in order if other != name)
    return [f"Rank correlation with the paper's order, {len(found['rows'])} rows by {name}: "
            f"{found['rank_correlation']:.2f} (p {found['p_value']:.2g}; each seed: {each or '-'}); by {others}.", "",
            "Ours from the best: " + ", ".join(found["ours_from_the_best"]) + ".", "",
            "The paper's: " + ", ".join(found["papers_from_the_best"]) + "."]


def gains(runs, paper, name):
    """What DiReAL adds to each row that has a partner with it: mean, spread and sign over the seeds of both."""
    lines = ["", f"| DiReAL added to | seeds | gain in {name} | seeds with a gain | gain in the paper |",
             "| --- " * 5 + "|"]
    for row, score in paper.items():
        partner = "DiReAL" if row == "unregularized" else row + DIREAL
        if partner not in paper:
            continue
        without, beside = of_row(runs, row, name), of_row(runs, partner, name)
        found = [beside[seed] - without[seed] for seed in sorted(set(without) & set(beside))]
        theirs = "-" if score is None else f"{paper[partner] - score:+.2f}"
        lines.append(f"| {row} | {len(found)} | {_mean(found)} | {sum(gain > 0 for gain in found)} | {theirs} |")
    return lines


def scores_figure(runs, paper, names):
    """Every seed's score of every row, the paper's score beside the first."""
    figure, axes = plt.subplots(1, len(names) + 1, figsize=(5.2 * (len(names) + 1), 5), sharey=True)
    rows = list(paper)[::-1]
    for axis, name in zip(axes, names):
        for place, row in enumerate(rows):
            values = list(of_row(runs, row, name).values())
            axis.plot(values, [place] * len(values), "o", color="tab:blue", alpha=0.6)
            if values:
                axis.plot(np.mean(values), place, "|", color="black", ms=16)
        side = "more" if BETTER[name] > 0 else "less"
        axis.set_title(f"{name.replace('_', ' ')} ({side} is better), real images {runs[0]['real'][name]:.2f}",
                       fontsize=10)
    theirs = [(place, paper[row]) for place, row in enumerate(rows) if paper[row] is not None]
    axes[-1].plot([score for _, score in theirs], [place for place, _ in theirs], "s", color="tab:orange")
    axes[-1].set_title(f"the paper's Inception score, real images {REAL_IN_PAPER}", fontsize=10)
    for axis in axes:
        axis.grid(axis="y", lw=0.3)
    axes[0].set_ylim(-0.7, len(rows) - 0.3)
    axes[0].set_yticks(range(len(rows)), rows, fontsize=8)
    figure.tight_layout()
    figure.savefig(HERE / "rows.png", dpi=110)
    plt.close(figure)


def samples_figure(runs, paper):
    """Samples of the first seed of every row (the paper's figure 5); left as it is where not every row has pictures."""
    first = {run["row"]: run for run in reversed(runs) if run["pictures"]}
    rows = [row for row in paper if row in first]
    columns = min(6, len(rows))
    lines = -(-len(rows) // max(columns, 1))
    if {run["row"] for run in runs} - set(rows):
        return
    figure, axes = plt.subplots(lines, columns, figsize=(2.6 * columns, 2.8 * lines), squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    for axis, row in zip(axes.flat, rows):
        axis.imshow(Image.open(first[row]["pictures"][-1]))
        axis.set_title(row, fontsize=8)
    figure.tight_layout()
    figure.savefig(HERE / "samples.png", dpi=80)
    plt.close(figure)
