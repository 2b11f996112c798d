"""Estimated against exact mutual information of Gaussians and others: record.json, table.md and gaussians.png.

python experiments/mine_gaussians/run.py   (from the repository root; one thread; it goes
on where it was stopped, and --again starts anew)
"""

import json
import os
import pathlib
import platform
import subprocess
import sys
import time

import matplotlib

matplotlib.use("Agg")
import keras
import matplotlib.pyplot as plt
import numpy as np
import scipy.special
import tensorflow as tf

import tfgan_improved as tfi

HERE = pathlib.Path(__file__).parent
RECORD = HERE / "record.json"
SEEDS = (0, 1, 2)
PAIRS = {1: 20_000, 2: 20_000, 20: 50_000}
NAMED = ((1, 0.8), (2, 0.9), (20, 0.9))  # of the specification: 0.511, 1.661 and 16.61 nats
SWEEP = (0.0, 0.5, 0.8, 0.9, 0.99)
CASES = (*NAMED, *((d, rho) for d in PAIRS for rho in SWEEP if (d, rho) not in NAMED))


def exact(dimension, correlation):
    """I = -d / 2 log(1 - rho^2) in nats, of d independent pairs of components with correlation rho."""
    return -dimension / 2 * np.log(1 - correlation**2) + 0.0


def drawn(dimension, correlation, seed):
    """Pairs x, z (n, d)."""
    random = np.random.default_rng([dimension, round(1000 * correlation), seed])
    x, noise = random.normal(size=(2, PAIRS[dimension], dimension))
    return x, correlation * x + np.sqrt(1 - correlation**2) * noise


def estimated(dimension, correlation, seed):
    """One run's record, with the call as it stands."""
    return {"dimension": dimension, "correlation": correlation, "seed": seed,
            "exact": float(exact(dimension, correlation)), **_called(*drawn(dimension, correlation, seed), seed)}


def _called(x, z, seed):
    start = time.process_time()
    found = tfi.estimate_mutual_information(x, z, seed=seed)
    return {"pairs": len(x), "nats": found.nats, "gaussian_nats": found.gaussian_nats, "step": found.step,
            "curve": found.curve,
            "core_seconds": round(time.process_time() - start, 1)}


def ring(random):
    """The coordinates of points on a circle with noise of 0.1 each: they do not correlate."""
    angle, noise = random.uniform(0, 2 * np.pi, 20_000), 0.1 * random.normal(size=(2, 20_000))
    return np.cos(angle) + noise[0], np.sin(angle) + noise[1]


def ring_nats(points=1001):
    """I of `ring` from its density, p(r) = exp(-(r^2 + 1) / 2s^2) I_0(r / s^2) / (2 pi s^2), on a grid."""
    grid, width = np.linspace(-1.7, 1.7, points, retstep=True)
    radius = np.hypot(*np.meshgrid(grid, grid))
    density = np.exp(-((radius - 1) ** 2) / 0.02) * scipy.special.ive(0, radius / 0.01)
    density /= density.sum() * width**2
    side = density.sum(axis=0) * width
    return float((density * np.log(density / np.outer(side, side))).sum() * width**2)


def edges(width):
    """x uniform in [0, 1], z = x + uniform noise of a width w: I = w / 2 - log w."""
    def draw(random):
        x, noise = random.uniform(size=(2, 20_000))
        return x, x + width * noise
    return draw, width / 2 - np.log(width)


def clusters(random):
    """Six labels, and numbers that lie far apart for each."""
    labels = random.integers(0, 6, 20_000)
    return 100.0 * labels + random.normal(size=20_000), labels


def labels(random):
    """A label of fifty, and which of five it is in turn: the order of either means nothing."""
    z = random.integers(0, 50, 20_000)
    return z % 5, z


def few(count, dimension, correlation):
    """`count` pairs of Gaussians."""
    def draw(random):
        x, noise = random.normal(size=(2, count, dimension))
        return x, correlation * x + np.sqrt(1 - correlation**2) * noise
    return draw, exact(dimension, correlation)


OTHERS = {"a ring with noise": (ring, ring_nats()), "six clusters and their labels": (clusters, np.log(6)),
          "labels of fifty and of five": (labels, np.log(5)),
          "uniform noise of a width of 0.5": edges(0.5), "uniform noise of a width of 0.1": edges(0.1),
          "Gaussians of 2 dimensions, 0.7, 600 pairs": few(600, 2, 0.7),
          "Gaussians of 5 dimensions, 0.9, 300 pairs": few(300, 5, 0.9),
          "Gaussians of 20 dimensions, 0.8, 1,000 pairs": few(1000, 20, 0.8),
          "Gaussians of 20 dimensions, 0.9, 2,000 pairs": few(2000, 20, 0.9)}


def others_table(runs):
    """A row for each case that is not Gaussian, as markdown; what the Gaussians' part alone says is the start's."""
    lines = ["| case | exact, nats | read at the start | estimated, nats | off by | seeds |",
             "| --- | --- | --- | --- | --- | --- |"]
    for name in OTHERS:
        of_case = [run for run in runs if run["case"] == name]
        nats, starts = (np.array([value(run) for run in of_case])
                        for value in (lambda run: run["nats"], lambda run: run["curve"][0][2]))
        if len(of_case) > 1:
            lines.append(f"| {name} | {of_case[0]['exact']:.3f} | {starts.mean():.3f} | {nats.mean():.3f} +/- "
                         f"{nats.std(ddof=1):.3f} | {nats.mean() / of_case[0]['exact'] - 1:+.1%} | {len(of_case)} |")
    return "\n".join(lines) + "\n"


def summary(runs):
    """A row for each case: mean, and spread (standard deviation, n - 1) over the seeds."""
    rows = []
    for dimension, correlation in sorted(CASES):
        of_case = [run for run in runs if (run["dimension"], run["correlation"]) == (dimension, correlation)]
        if of_case:
            nats = np.array([run["nats"] for run in of_case])
            rows.append({"dimension": dimension, "correlation": correlation, "exact": of_case[0]["exact"],
                         "mean": float(nats.mean()), "spread": float(nats.std(ddof=1)) if len(nats) > 1 else None,
                         "seeds": len(nats), "core_seconds": max(run["core_seconds"] for run in of_case)})
    return rows


def table(rows):
    """The rows as markdown."""
    lines = ["| d | correlation | exact, nats | estimated, nats | off by | seeds | core seconds, at most |",
             "| --- | --- | --- | --- | --- | --- | --- |"]
    for row in rows:
        off = f"{row['mean'] / row['exact'] - 1:+.1%}" if row["exact"] else f"{row['mean']:+.3f} nats"
        spread = "" if row["spread"] is None else f" +/- {row['spread']:.3f}"
        lines.append(f"| {row['dimension']} | {row['correlation']} | {row['exact']:.3f} | {row['mean']:.3f}{spread} | "
                     f"{off} | {row['seeds']} | {row['core_seconds']:.0f} |")
    return "\n".join(lines) + "\n"


def draw(runs):
    """Above: estimates beside the exact curve. Below: how they came about in the named cases, first seed."""
    figure, axes = plt.subplots(2, 3, figsize=(11, 6))
    for column, dimension in enumerate(PAIRS):
        of_dimension = [run for run in runs if run["dimension"] == dimension]
        grid = np.linspace(0, 0.99, 300)
        axis = axes[0, column]
        axis.plot(grid, exact(dimension, grid), color="black", lw=1, label="exact")
        axis.plot(*zip(*((run["correlation"], run["nats"]) for run in of_dimension)), "o", color="tab:blue",
                  alpha=0.6, label="estimated, a seed each")
        axis.set(title=f"d = {dimension}", xlabel="correlation", ylabel="nats")
        axis.legend(fontsize=8)
        named = next(run for run in of_dimension if (dimension, run["correlation"]) in NAMED)
        steps, trained, held = zip(*named["curve"])
        axis = axes[1, column]
        axis.axhline(named["exact"], color="black", lw=1)
        axis.plot(steps, trained, color="tab:orange", label="pairs trained on")
        axis.plot(steps, held, color="tab:blue", label="pairs held out")
        axis.set(title=f"correlation {named['correlation']}", xlabel="step", ylabel="nats",
                 ylim=(0, 1.15 * named["exact"]))
        axis.legend(fontsize=8, loc="lower right")
    figure.tight_layout()
    figure.savefig(HERE / "gaussians.png", dpi=100)
    plt.close(figure)


def write(runs, others):
    """Everything of the runs there are."""
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=HERE, capture_output=True, text=True, check=False)
    RECORD.write_text(json.dumps({
        "claim": "MINE estimates the mutual information of correlated Gaussians within a few percent for 1, 2 and 20 "
                 "dimensions, and learns that of pairs that are none",
        "source": {"paper": "arXiv:1801.04062", "section": "4.1", "reported": "curves without numbers; the exact "
                   "values are -(d / 2) log(1 - rho^2)"},
        "command": "python experiments/mine_gaussians/run.py", "commit": commit.stdout.strip(),
        "hardware": f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores, 1 thread, no accelerator",
        "versions": {"python": platform.python_version(), "tensorflow": tf.__version__, "keras": keras.__version__,
                     "numpy": np.__version__},
        "cases": summary(runs), "runs": runs, "others": others}, indent=1) + "\n")
    (HERE / "table.md").write_text(table(summary(runs)) + "\n" + others_table(others))


def main():
    """Estimates what is missing, the named cases first, and writes after each."""
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    kept = json.loads(RECORD.read_text()) if RECORD.exists() and "--again" not in sys.argv else {}
    runs, others = kept.get("runs", []), kept.get("others", [])
    done = {(run["dimension"], run["correlation"], run["seed"]) for run in runs}
    for dimension, correlation in CASES:
        for seed in SEEDS:
            if (dimension, correlation, seed) not in done:
                runs.append(estimated(dimension, correlation, seed))
                print({key: runs[-1][key] for key in ("dimension", "correlation", "seed", "exact", "nats")}, flush=True)
                write(runs, others)
    for name, (draw_pairs, nats) in OTHERS.items():
        for seed in SEEDS[len([run for run in others if run["case"] == name]):]:
            pairs = draw_pairs(np.random.default_rng([len(name), seed]))
            others.append({"case": name, "seed": seed, "exact": float(nats), **_called(*pairs, seed)})
            write(runs, others)
    write(runs, others)
    draw(runs)
    print(table(summary(runs)), others_table(others), sep="\n")


if __name__ == "__main__":
    main()
