"""Run folders -> record.json, table.md and figures of this experiment, of whatever runs there are.

python experiments/mine_modes/collect.py   (from the repository root)
"""

import json
import os
import pathlib
import platform
import re
import subprocess

import matplotlib

matplotlib.use("Agg")
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

from tfgan_improved import data, files
from tfgan_improved.commands.restored import draw, restored_sampler
from tfgan_improved.config import RunConfig
from tfgan_improved.evaluation import modes
from tfgan_improved.run_folder import RunFolder

HERE, RUNS = pathlib.Path(__file__).parent, pathlib.Path("runs")
NAME = re.compile(r"mine_modes-(?P<dataset>[a-z0-9]+)_(?P<arm>plain|mine)-seed(?P<seed>\d+)")
ARMS = {"plain": "plain", "mine": "with MINE"}
COUNTED, DRAWN = 2500, 10_000  # points that modes are counted of, and that the histogram's entropy is of
EDGE, BINS = 5.0, 50  # of the histogram: squares of 0.2 in [-5, 5]^2, what lies outside in the outermost
MEASURES = {"modes": ("modes found", 1, 1, ""), "good_share": ("good samples", 100, 1, "%"),
            "entropy": ("entropy of the histogram, nats", 1, 3, ""),
            "divergence": ("its divergence from the real one, nats", 1, 3, ""),
            "mode_kl": ("KL from uniform, nats", 1, 3, ""),
            "mode_width": ("width of a mode", 1, 2, "")}


def shares(points):
    """Shares of points in the squares of the plane."""
    ticks = np.linspace(-EDGE, EDGE, BINS + 1)
    return np.histogram2d(*np.clip(points, -EDGE, EDGE).T, bins=(ticks, ticks))[0].ravel() / len(points)


def entropy(p):
    """-sum p log p in nats."""
    return float(-np.sum(p[p > 0] * np.log(p[p > 0])))


def divergence(p, q):
    """Jensen and Shannon's, in nats: from 0, alike, to log 2, apart."""
    return entropy((p + q) / 2) - (entropy(p) + entropy(q)) / 2


def measured(points, source):
    """Every measure of points (DRAWN, 2)."""
    p = shares(points)
    return modes.mode_scores(points[:COUNTED], source.centers, source.std) | {
        "entropy": entropy(p), "divergence": divergence(p, shares(source.arrays("train")[0]))}


def read(path):
    """What one finished run made, None of one that is not finished."""
    folder, found = RunFolder(path), NAME.fullmatch(path.name)
    config, log = folder.read(), files.read_json_lines(folder.log)
    recipe = RunConfig(**config["recipe"])
    if not log or log[-1]["step"] < recipe.steps:
        return None
    sampler, step = restored_sampler(recipe, folder)
    points, source = draw(sampler, DRAWN, 0)[0], data.load(recipe.dataset)
    return {"dataset": recipe.dataset, "arm": found["arm"], "seed": int(found["seed"]), "steps": step,
            "minutes": log[-1]["seconds"] / 60, "recipe": config["recipe"], "points": points,
            "scores": measured(points, source), "last": {name: log[-1][name] for name in log[-1] if "/" in name}}


def summary(runs):
    """Mean and spread (standard deviation, n - 1) over the seeds of one arm."""
    found = {"seeds": [run["seed"] for run in runs]}
    for name in MEASURES:
        values = np.array([run["scores"][name] for run in runs], float)
        found[name] = {"mean": float(values.mean()), "spread": float(values.std(ddof=1)) if len(values) > 1 else None}
    return found


def table(arms, real):
    """A table of each data set, an arm a line, as markdown."""
    lines = []
    for dataset, best in real.items():
        lines += [f"| {dataset} | " + " | ".join(measure[0] for measure in MEASURES.values()) + " | seeds |",
                  "| --- |" + " --- |" * (len(MEASURES) + 1),
                  "| real points | " + " | ".join(_number(best[name], None, name) for name in MEASURES) + " | |"]
        for arm, heading in ARMS.items():
            if found := arms.get((dataset, arm)):
                cells = [_number(found[name]["mean"], found[name]["spread"], name) for name in MEASURES]
                lines.append(f"| {heading} | " + " | ".join(cells) + f" | {len(found['seeds'])} |")
        lines.append("")
    return "\n".join(lines)


def _number(mean, spread, name):
    _, scale, digits, unit = MEASURES[name]
    spread = "" if spread is None else f" +/- {scale * spread:.{digits}f}"
    return f"{scale * mean:.{digits}f}{spread}{unit}"


def scatter(dataset, runs):
    """Real points at the left, then each seed's; above without, below with MINE."""
    real, seeds = data.load(dataset).arrays("test")[0], sorted({run["seed"] for run in runs})
    figure, axes = plt.subplots(len(ARMS), len(seeds) + 1, figsize=(3 * len(seeds) + 3, 6.4), squeeze=False)
    for axis in axes.flat:
        axis.set(xlim=(-EDGE, EDGE), ylim=(-EDGE, EDGE), aspect="equal")
        axis.axis("off")
    for row, (arm, heading) in enumerate(ARMS.items()):
        axes[row, 0].plot(*real.T, ",", color="black")
        axes[row, 0].set_title(f"real: {entropy(shares(real)):.2f} nats", fontsize=9)
        for run in (run for run in runs if run["arm"] == arm):
            axis = axes[row, 1 + seeds.index(run["seed"])]
            axis.plot(*run["points"].T, ",", color="tab:blue")
            axis.set_title(f"{heading}, seed {run['seed']}: {run['scores']['entropy']:.2f} nats", fontsize=9)
    figure.tight_layout(pad=0.6)
    figure.savefig(HERE / f"{dataset}.png", dpi=90)


def record(runs, arms, real):
    """record.json: every number of every run, and where it came from."""
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=HERE, capture_output=True, text=True, check=False)
    kept = ("dataset", "arm", "seed", "steps", "scores", "last")
    return {
        "claim": "MINE as a term of G raises the entropy of its samples, which cover every mode",
        "source": {"paper": "arXiv:1801.04062", "section": "5.1", "reported": "density plots, no numbers"},
        "rule": f"modes of {COUNTED} samples as in experiments/mode_coverage; entropy of a histogram of {DRAWN} in "
                f"{BINS} x {BINS} squares of [-{EDGE}, {EDGE}]^2, and its Jensen-Shannon divergence from that of the "
                "training points",
        "command": "experiments/mine_modes/run.sh", "commit": commit.stdout.strip(),
        "hardware": f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores, 1 thread a run, no accelerator",
        "versions": {"python": platform.python_version(), "tensorflow": tf.__version__, "keras": keras.__version__,
                     "numpy": np.__version__},
        "recipes": {f"{run['dataset']}_{run['arm']}": run["recipe"] | {"seed": None} for run in runs}, "real": real,
        "arms": [{"dataset": dataset, "arm": arm, **found} for (dataset, arm), found in arms.items()],
        "runs": [{key: run[key] for key in kept} | {"minutes_on_a_shared_machine": round(run["minutes"], 1)}
                 for run in runs],
    }


def main():
    """Reads all runs there are and writes everything."""
    runs = [run for path in sorted(RUNS.glob("mine_modes-*")) if NAME.fullmatch(path.name) and (run := read(path))]
    arms, real = {}, {}
    for dataset in sorted({run["dataset"] for run in runs}):
        of_dataset, source = [run for run in runs if run["dataset"] == dataset], data.load(dataset)
        arms |= {(dataset, arm): summary(found) for arm in ARMS
                 if (found := [run for run in of_dataset if run["arm"] == arm])}
        real[dataset] = measured(source.arrays("test", DRAWN)[0], source)
        scatter(dataset, of_dataset)
    (HERE / "record.json").write_text(json.dumps(record(runs, arms, real), indent=1) + "\n")
    (HERE / "table.md").write_text(table(arms, real))
    print(table(arms, real))


if __name__ == "__main__":
    main()
