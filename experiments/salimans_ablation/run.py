"""The rows of the ablation table over several seeds: trains, scores, prints the table, writes record.json and figures.

From the repository root, with TFDS_DATA_DIR set (it resumes where it was stopped):

    python experiments/salimans_ablation/run.py --seeds=3 --jobs=2
    python experiments/salimans_ablation/run.py --seeds=3 --jobs=2 --report_only
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import platform
import re
import subprocess
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from tfgan_improved import files
from tfgan_improved.run_folder import RunFolder

HERE = pathlib.Path(__file__).parent
NO_LABELS = ("--d_verdict=binary", "--d_terms=")
ROWS = {  # what a row changes of flags/cifar10_salimans.flags, and the Inception score that the paper reports for it
    "all": ((), 8.09),
    "-VBN+BN": (("--g_norm=batch",), 7.54),
    "-L+HA": ((*NO_LABELS, "--d_terms=historical_averaging", "--g_terms=historical_averaging"), 6.86),
    "-LS": (("--label_smoothing=0",), 6.83),
    "-L": (NO_LABELS, 4.36),
    "-MBF": (("--d_head=none",), 3.87),
    # Not in the table: the layer as the released code has it, weight-normalized and started from data.
    "all, code's MBF": (("--d_head=minibatch_discrimination:kernels=100,dims=5,weight_norm=true",), None),
}


def arguments():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flagfile", default="flags/cifar10_salimans.flags", help="the row `all`")
    parser.add_argument("--width", type=int, default=32, help="of the DCGAN; 64 is the full one")
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--seeds", type=int, default=3, help="how many seeds a row, from 0")
    parser.add_argument("--jobs", type=int, default=1, help="trainings at the same time")
    parser.add_argument("--threads", type=int, default=1, help="of each training")
    parser.add_argument("--dataset", default="cifar10")
    parser.add_argument("--runs", default="runs/salimans_ablation", help="where the run folders are")
    parser.add_argument("--rows", default="", help="the rows to train, separated by semicolons; all by default")
    parser.add_argument("--report_only", action="store_true", help="train nothing, report what there is")
    return parser.parse_args()


def folder_of(asked, row, seed):
    """The run folder of a row and a seed; its name holds no sign that a shell would read."""
    name = re.sub(r"\W+", "_", row.replace("+", "_with_").replace("-", "without_"))
    return pathlib.Path(asked.runs) / f"{asked.dataset}-{name}-seed{seed}"


def train(asked, row, seed):
    """Trains and scores one run in a process of its own; a finished one returns at once."""
    path = folder_of(asked, row, seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tfgan_improved.main", f"--flagfile={asked.flagfile}",
               f"--dataset={asked.dataset}", f"--network=dcgan:width={asked.width}", *ROWS[row][0],
               f"--steps={asked.steps}", f"--seed={seed}",
               f"--threads={asked.threads}", f"--run_dir={path}", "--noexport"]
    with open(path.with_suffix(".log"), "a") as log:
        done = subprocess.run(command, stdout=log, stderr=log, check=False)
    print(f"{row}, seed {seed}: " + ("done" if done.returncode == 0 else f"FAILED, see {log.name}"), flush=True)


def read(asked, row, seed):
    """What one run says of itself; None where it has no score yet."""
    folder = RunFolder(folder_of(asked, row, seed))
    scores = files.read_json_lines(folder.scores)
    if not scores:
        return None
    log = files.read_json_lines(folder.log)
    return {"row": row, "seed": seed, "steps": scores[-1]["step"], "minutes": round(log[-1]["seconds"] / 60, 1),
            **{key: scores[-1][key] for key in ("scores", "real", "passport")}, "recipe": folder.read()["recipe"]}


def table(runs):
    """The rows with mean and spread (standard deviation over seeds) as markdown."""
    names = [name for name in next(iter(runs))["scores"] if not name.endswith("_std")]
    lines = ["| row | seeds | " + " | ".join(names) + " | Inception score in the paper |",
             "| --- | --- |" + " --- |" * (len(names) + 1)]
    for row, (_, paper) in ROWS.items():
        of_row = [run for run in runs if run["row"] == row]
        cells = [_mean([run["scores"][name] for run in of_row]) for name in names]
        lines.append(f"| {row} | {len(of_row)} | " + " | ".join(cells) + f" | {paper or '-'} |")
    real = next(iter(runs))["real"]
    lines.append("| real images | | " + " | ".join(f"{real[name]:.3f}" for name in names) + " | 11.24 |")
    return "\n".join(lines)


def _mean(values):
    values = np.array(values)
    if not len(values):
        return "-"
    spread = f" +/- {values.std(ddof=1):.3f}" if len(values) > 1 else ""
    return f"{values.mean():.3f}{spread}"


def figure(runs):
    """The rows' scores, a point a seed."""
    names = [name for name in runs[0]["scores"] if not name.endswith("_std")][:2]
    plot, axes = plt.subplots(1, len(names), figsize=(10, 3.4))
    for axis, name in zip(axes, names):
        for place, row in enumerate(ROWS):
            values = [run["scores"][name] for run in runs if run["row"] == row]
            axis.plot([place] * len(values), values, "o", color="tab:blue", alpha=0.6)
            if values:
                axis.plot(place, np.mean(values), "_", color="black", ms=22)
        axis.set_xticks(range(len(ROWS)), ROWS, rotation=20, fontsize=8)
        axis.set_title(name.replace("_", " "))
    plot.tight_layout()
    plot.savefig(HERE / "rows.png", dpi=110)


def report(asked):
    """Prints the table and writes record.json and the figure, of whatever runs there are."""
    runs = [run for row in ROWS for seed in range(asked.seeds) if (run := read(asked, row, seed))]
    if not runs:
        sys.exit("no run has a score yet")
    print(table(runs))
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    record = {"claim": "Each technique of the ablation table raises the score of generated images",
              "source": {"paper": "arXiv:1606.03498", "table": 3,
                         "reported": {row: paper for row, (_, paper) in ROWS.items()}},
              "command": "experiments/salimans_ablation/run.py " + " ".join(sys.argv[1:]), "commit": commit,
              "hardware": f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores, {asked.threads} thread a run",
              "partial": len(runs) < len(ROWS) * asked.seeds, "table": table(runs).splitlines(), "runs": runs}
    (HERE / "record.json").write_text(json.dumps(record, indent=1) + "\n")
    figure(runs)


if __name__ == "__main__":
    wanted = arguments()
    if not wanted.report_only:
        with concurrent.futures.ThreadPoolExecutor(wanted.jobs) as pool:
            for number in range(wanted.seeds):  # whole tables first: a seed of every row, then the next seed
                for name in wanted.rows.split(";") if wanted.rows else ROWS:
                    pool.submit(train, wanted, name, number)
    report(wanted)
