"""Run folders -> record.json, the table and the learning curves of this experiment, of whatever runs there are.

PYTHONPATH=. python experiments/semi_supervised_mnist/collect.py   (from the repository root)
"""

import json
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from tfgan_improved import files
from tfgan_improved.run_folder import RunFolder

HERE, RUNS = pathlib.Path(__file__).parent, pathlib.Path("runs")
NAME = re.compile(r"semi_supervised_mnist-(?P<labels>\d+)(?P<arm>[a-z_]*)-seed(?P<seed>\d+)")
PAPER = {20: "1677 +/- 452", 50: "221 +/- 136", 100: "93 +/- 6.5", 200: "90 +/- 4.2"}  # of 10,000, ten draws
ENSEMBLE = {20: "1134 +/- 445", 50: "142 +/- 96", 100: "86 +/- 5.6", 200: "81 +/- 4.3"}
EPOCH = 600  # steps


def read(path):
    """What one run says of itself; None of one that has counted no errors yet."""
    folder = RunFolder(path)
    counts = files.read_json_lines(folder.errors)
    if not counts:
        return None
    found, config, log = NAME.fullmatch(path.name), folder.read(), files.read_json_lines(folder.log)
    return {"labels": int(found["labels"]), "arm": found["arm"].strip("_") or "feature matching",
            "seed": int(found["seed"]), "folder": folder, "config": config, "counts": counts, "log": log,
            "scores": [{key: line[key] for key in ("step", "scores")} for line in files.read_json_lines(folder.scores)],
            "finished": counts[-1]["step"] >= config["recipe"]["steps"]}


def table(runs):
    """A line for each number of labels and arm: errors of the last epoch, the paper's beside them."""
    lines = ["| labels | arm | draws finished | errors of 10,000 (averaged D, last epoch) | paper, single model |",
             "| --- | --- | --- | --- | --- |"]
    for labels, arm in sorted({(run["labels"], run["arm"]) for run in runs}):
        of_line = [run for run in runs if (run["labels"], run["arm"]) == (labels, arm)]
        last = [run["counts"][-1]["errors"] for run in of_line if run["finished"]]
        mean = "-" if not last else f"**{np.mean(last):.1f}**" + (
            f" +/- {np.std(last, ddof=1):.1f}" if len(last) > 1 else "") + f" ({', '.join(map(str, last))})"
        paper = PAPER.get(labels, "-") if arm == "feature matching" else "-"
        lines.append(f"| {labels} | {arm} | {len(last)} of {len(of_line)} | {mean} | {paper} |")
    return "\n".join(lines)


def ensemble(runs):
    """The errors of the ensemble of all finished runs of 100 labels, by the package's own command."""
    folders = [str(run["folder"].path) for run in runs
               if run["finished"] and (run["labels"], run["arm"]) == (100, "feature matching")]
    if len(folders) < 2:
        return None
    command = [sys.executable, "-m", "tfgan_improved.main", "ensemble", f"--run_dirs={' '.join(folders)}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip().splitlines()


def curves(runs):
    """Test errors over epochs, a line a run."""
    figure, axes = plt.subplots(1, 2, figsize=(11, 3.8))
    for run in runs:
        epochs = [count["step"] / EPOCH for count in run["counts"]]
        arm = "" if run["arm"] == "feature matching" else f", {run['arm']}"
        label = f"{run['labels']} labels, draw {run['seed']}{arm}"
        axes[0].plot(epochs, [count["errors"] for count in run["counts"]], label=label, lw=1)
        axes[1].plot([line["step"] / EPOCH for line in run["log"]][::10], [line["d/loss"] for line in run["log"]][::10],
                     lw=0.8)
    axes[0].axhline(93, color="black", ls="--", lw=0.8, label="paper, 100 labels")
    axes[0].set(yscale="log", xlabel="epochs", title="test errors of 10,000 (averaged D)")
    axes[1].set(xlabel="epochs", title="D's unsupervised loss")
    axes[0].legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(HERE / "curves.png", dpi=110)


def record(runs):
    """record.json: every count of every run, and where it came from."""
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    return {
        "claim": "With 100 labels the mean of the errors on MNIST's 10,000 test images is at most 93",
        "source": {"paper": "arXiv:1606.03498", "table": 1, "reported": PAPER, "reported_ensembles": ENSEMBLE},
        "command": "experiments/semi_supervised_mnist/run.sh", "commit": commit,
        "hardware": f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores, 1 thread a run, no accelerator",
        "table": table(runs).splitlines(), "ensemble": ensemble(runs),
        "runs": [{key: run[key] for key in ("labels", "arm", "seed", "finished", "counts", "scores", "config")}
                 for run in runs]}


def main():
    """Reads all runs there are and writes everything."""
    paths = [path for path in sorted(RUNS.glob("semi_supervised_mnist-*")) if NAME.fullmatch(path.name)]
    found = [run for path in paths if (run := read(path))]
    (HERE / "record.json").write_text(json.dumps(record(found), indent=1) + "\n")
    curves(found)
    for run in found:
        grids = sorted(run["folder"].samples.glob("step-*.png"))
        arm = "" if run["arm"] == "feature matching" else f"-{run['arm']}"
        shutil.copyfile(grids[-1], HERE / f"samples-{run['labels']}{arm}-seed{run['seed']}.png")
    print(table(found))


if __name__ == "__main__":
    main()
