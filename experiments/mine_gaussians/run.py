"""Estimated against exact mutual information of correlated Gaussians: record.json, table.md and gaussians.png.

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
import tensorflow as tf

import tfgan_improved as tfi

HERE = pathlib.Path(__file__).parent
RECORD = HERE / "record.json"
SEEDS = (0, 1, 2)
PAIRS = {1: 20_000, 2: 20_000, 20: 50_000}
NAMED = ((1, 0.8), (2, 0.9), (20, 0.9))  # of the specification: 0.511, 1.661 and 16.61 nats
SWEEP = (0.0, 0.5, 0.8, 0.9)
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
    x, z = drawn(dimension, correlation, seed)
    start = time.process_time()
    found = tfi.estimate_mutual_information(x, z, seed=seed)
    return {"dimension": dimension, "correlation": correlation, "seed": seed, "pairs": len(x),
            "exact": float(exact(dimension, correlation)), "nats": found.nats, "steps": found.steps,
            "core_seconds": round(time.process_time() - start, 1), "curve": found.curve}


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
    """Left: estimates beside the exact curve. Right: how they came about in the named cases, first seed."""
    figure, axes = plt.subplots(2, 3, figsize=(11, 6))
    for column, dimension in enumerate(PAIRS):
        of_dimension = [run for run in runs if run["dimension"] == dimension]
        grid = np.linspace(0, 0.95, 200)
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


def write(runs):
    """Everything of the runs there are."""
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=HERE, capture_output=True, text=True, check=False)
    RECORD.write_text(json.dumps({
        "claim": "MINE estimates the mutual information of correlated Gaussians: within a few percent for 1 and 2 "
                 "dimensions, from below for 20",
        "source": {"paper": "arXiv:1801.04062", "section": "4.1", "reported": "curves without numbers; the exact "
                   "values are -(d / 2) log(1 - rho^2)"},
        "command": "python experiments/mine_gaussians/run.py", "commit": commit.stdout.strip(),
        "hardware": f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores, 1 thread, no accelerator",
        "versions": {"python": platform.python_version(), "tensorflow": tf.__version__, "keras": keras.__version__,
                     "numpy": np.__version__},
        "cases": summary(runs), "runs": runs}, indent=1) + "\n")
    (HERE / "table.md").write_text(table(summary(runs)))


def main():
    """Estimates what is missing, the named cases first, and writes after each."""
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    kept = RECORD.exists() and "--again" not in sys.argv
    runs = json.loads(RECORD.read_text())["runs"] if kept else []
    done = {(run["dimension"], run["correlation"], run["seed"]) for run in runs}
    for dimension, correlation in CASES:
        for seed in SEEDS:
            if (dimension, correlation, seed) not in done:
                runs.append(estimated(dimension, correlation, seed))
                print({key: runs[-1][key] for key in ("dimension", "correlation", "seed", "exact", "nats")}, flush=True)
                write(runs)
    write(runs)
    draw(runs)
    print(table(summary(runs)))


if __name__ == "__main__":
    main()
