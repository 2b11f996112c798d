"""Run folders -> record.json and figures of this experiment: scores over steps, losses, samples.

PYTHONPATH=. python experiments/mnist_dcgan/collect.py runs/<recipe>-seed<k> ...
"""

import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from tfgan_improved import files
from tfgan_improved.run_folder import RunFolder

HERE = pathlib.Path(__file__).parent


def read(path):
    """What one run says of itself: recipe, scores by step, minutes of training."""
    folder = RunFolder(path)
    records = files.read_json_lines(folder.scores)
    scores = {record["step"]: record for record in records if record["passport"]["samples"] == 10000}
    large = [record for record in records if record["passport"]["samples"] == 50000]
    log = files.read_json_lines(folder.log)
    name, _, seed = folder.path.name.rpartition("-seed")
    return {"recipe": name, "seed": int(seed), "folder": folder, "config": folder.read(), "log": log,
            "scores": dict(sorted(scores.items())), "large": large, "steps": log[-1]["step"],
            "minutes": log[-1]["seconds"] / 60}


def record(runs):
    """record.json: every number of every run, and where it came from."""
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    return {
        "claim": "The plain DCGAN reaches a classifier score of 7.8 on MNIST in ten epochs, the best recipe 8.2",
        "source": {"paper": "arXiv:1511.06434", "reported": "no number for MNIST"},
        "command": "experiments/mnist_dcgan/run.sh", "commit": commit,
        "hardware": f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores, 1 thread a run, no accelerator",
        "runs": [{"recipe": run["recipe"], "seed": run["seed"], "steps": run["steps"],
                  "minutes_on_a_shared_machine": round(run["minutes"], 1), "config": run["config"],
                  "scores": [*run["scores"].values(), *run["large"]]} for run in runs],
    }


def curves(runs):
    """Scores over steps with the real test set's as a line, and losses."""
    figure, axes = plt.subplots(1, 3, figsize=(13, 3.6))
    for run in runs:
        steps, label = list(run["scores"]), f"{run['recipe']}, seed {run['seed']}"
        for axis, name in zip(axes, ("classifier_score", "fd_mnist_cnn")):
            axis.plot(steps, [record["scores"][name] for record in run["scores"].values()], marker="o", label=label)
        axes[2].plot([line["step"] for line in run["log"]], [line["g/loss"] for line in run["log"]], lw=0.8)
    real = runs[0]["scores"][runs[0]["steps"]]["real"]
    axes[0].axhline(real["classifier_score"], color="black", ls="--", label="real test digits")
    axes[1].set_yscale("log")
    axes[1].axhline(real["fd_mnist_cnn"], color="black", ls="--")
    titles = ("classifier score (higher is better)", "FD-mnist-cnn (lower is better)", "G's loss")
    for axis, title in zip(axes, titles):
        axis.set_title(title, fontsize=10)
        axis.set_xlabel("generator updates")
    axes[0].legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(HERE / "curves.png", dpi=110)


if __name__ == "__main__":
    found = [read(path) for path in sys.argv[1:]]
    (HERE / "record.json").write_text(json.dumps(record(found), indent=1) + "\n")
    curves(found)
    for run in found:
        grid = run["folder"].samples / f"step-{run['steps']:08d}.png"
        shutil.copyfile(grid, HERE / f"samples-{run['recipe']}-seed{run['seed']}.png")
        scores = run["scores"][run["steps"]]["scores"]
        print(run["recipe"], run["seed"], {name: round(value, 3) for name, value in scores.items() if value})
