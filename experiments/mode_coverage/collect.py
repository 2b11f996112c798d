"""Run folders -> record.json, table.md and figures of this experiment, of whatever runs there are.

python experiments/mode_coverage/collect.py   (from the repository root, with the extra `experiments`)
"""

import json
import os
import pathlib
import platform
import re
import subprocess

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from tfgan_improved import data, files
from tfgan_improved.commands.restored import draw, restored_sampler
from tfgan_improved.config import RunConfig
from tfgan_improved.evaluation import modes
from tfgan_improved.run_folder import RunFolder

HERE, RUNS = pathlib.Path(__file__).parent, pathlib.Path("runs")
NAME = re.compile(r"mode_coverage-(?P<dataset>[a-z0-9]+)_(?P<arm>\w+)-seed(?P<seed>\d+)")
ARMS = re.findall(r"\w+", re.search(r'^ARMS=.*"(.*)"', (HERE / "run.sh").read_text(), re.MULTILINE)[1])
WANTED = 5  # seeds of each arm


def read(path):
    """What one finished run says of itself; None of one that is not."""
    folder = RunFolder(path)
    scores = files.read_json_lines(folder.scores)
    if not scores:
        return None
    found, config, log = NAME.fullmatch(path.name), folder.read(), files.read_json_lines(folder.log)
    return {"dataset": found["dataset"], "arm": found["arm"], "seed": int(found["seed"]), "folder": folder,
            "config": config, "steps": scores[-1]["step"], "minutes": log[-1]["seconds"] / 60,
            "scores": scores[-1]["scores"], "real": scores[-1]["real"], "passport": scores[-1]["passport"]}


def summary(runs):
    """Mean and spread (standard deviation, n - 1) over the seeds of one arm."""
    found = {"seeds": [run["seed"] for run in runs], "partial": len(runs) < WANTED}
    for name in ("modes", "good_share", "mode_kl"):
        values = np.array([run["scores"][name] for run in runs], float)
        spread = float(values.std(ddof=1)) if len(values) > 1 else None
        found[name] = {"mean": float(values.mean()), "spread": spread, "smallest": float(values.min()),
                       "largest": float(values.max())}
    return found


def table(arms):
    """One line an arm, a column pair a data set, as markdown."""
    datasets = sorted({dataset for dataset, _ in arms})
    lines = ["| arm | " + " | ".join(f"{d}: modes | good samples | KL, nats | seeds" for d in datasets) + " |",
             "| --- |" + " --- |" * (4 * len(datasets))]
    for arm in ARMS:
        cells = []
        for dataset in datasets:
            found = arms.get((dataset, arm))
            cells += _cells(found) if found else ["-"] * 4
        lines.append(f"| {arm.replace('_', ' ')} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _cells(found):
    def pair(name, scale, digits):
        mean, spread = found[name]["mean"], found[name]["spread"]
        spread = "" if spread is None else f" +/- {scale * spread:.{digits}f}"
        return f"{scale * mean:.{digits}f}{spread}"
    return [pair("modes", 1, 1), pair("good_share", 100, 1) + "%", pair("mode_kl", 1, 2), str(len(found["seeds"]))]


def scatter(dataset, runs):
    """The scored points of every run: arms from left to right, seeds from top to bottom; red ones are not good."""
    source, arms = data.load(dataset), [arm for arm in ARMS if any(run["arm"] == arm for run in runs)]
    seeds = sorted({run["seed"] for run in runs})
    figure, axes = plt.subplots(len(seeds), len(arms), figsize=(2 * len(arms), 2.15 * len(seeds)), squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    edge = float(np.abs(source.centers).max()) * 1.25
    for run in runs:
        axis = axes[seeds.index(run["seed"]), arms.index(run["arm"])]
        config = RunConfig(**run["config"]["recipe"])
        points, _ = draw(restored_sampler(config, run["folder"], run["steps"])[0], run["passport"]["samples"],
                         run["passport"]["seeds"]["sample"])
        again = modes.mode_scores(points, source.centers, source.std)  # the points that were scored, but for rounding
        assert abs(again["good_share"] - run["scores"]["good_share"]) < 0.002, run["folder"].path
        near = np.sqrt(np.square(points[:, None] - source.centers[None]).sum(-1).min(1)) <= modes.RADIUS * source.std
        axis.plot(*points[~near].T, ",", color="tab:red")
        axis.plot(*points[near].T, ",", color="tab:blue")
        axis.set(xlim=(-edge, edge), ylim=(-edge, edge), aspect="equal")
        heading = f"{run['arm'].replace('_', ' ')}\n" if run["seed"] == seeds[0] else ""
        axis.set_title(f"{heading}{run['scores']['modes']} modes, {run['scores']['good_share']:.1%}", fontsize=7)
    figure.tight_layout(pad=0.4)
    figure.savefig(HERE / f"{dataset}.png", dpi=110)


def record(runs, arms):
    """record.json: every number of every run, and where it came from."""
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=HERE, capture_output=True, text=True, check=False)
    kept = ("dataset", "arm", "seed", "steps", "scores", "real")
    configs = {f"{run['dataset']}_{run['arm']}": run["config"]["recipe"] | {"seed": None} for run in runs}
    return {
        "claim": "Minibatch discrimination makes a GAN cover more modes of a mixture of Gaussians; the best recipe "
                 "covers 25 of 25 with 95% good samples",
        "source": {"paper": "arXiv:1606.03498", "section": 3.2, "reported": "no numbers for mixtures",
                   "others": "arXiv:1712.04086 (recalled, not checked): grid25, GAN 17.3 modes and 94.8%, minibatch "
                             "discrimination 23.8 and 79.9%, networks and training of its own"},
        "rule": "2500 samples; good within 3 standard deviations of the nearest center; a mode with a good sample is "
                "found",
        "command": "experiments/mode_coverage/run.sh", "commit": commit.stdout.strip(),
        "hardware": f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores, 1 thread a run, no accelerator",
        "versions": runs[0]["passport"]["versions"], "recipes": configs,
        "arms": [{"dataset": dataset, "arm": arm, **found} for (dataset, arm), found in arms.items()],
        "runs": [{key: run[key] for key in kept} | {"minutes_on_a_shared_machine": round(run["minutes"], 1)}
                 for run in runs],
    }


def main():
    """Reads all runs there are and writes everything."""
    found = [run for path in sorted(RUNS.glob("mode_coverage-*")) if NAME.fullmatch(path.name) and (run := read(path))]
    arms = {}
    for dataset in sorted({run["dataset"] for run in found}):
        for arm in ARMS:
            of_arm = [run for run in found if (run["dataset"], run["arm"]) == (dataset, arm)]
            arms |= {(dataset, arm): summary(of_arm)} if of_arm else {}
        scatter(dataset, [run for run in found if run["dataset"] == dataset and run["arm"] in ARMS])
    (HERE / "record.json").write_text(json.dumps(record(found, arms), indent=1) + "\n")
    (HERE / "table.md").write_text(table(arms))
    print(table(arms))


if __name__ == "__main__":
    main()
