"""Run folders -> record.json, table.md and figures of this experiment, of whatever runs there are.

python experiments/mode_coverage/collect.py   (from the repository root)
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
LABELS = {"plain_three": "plain, three G steps", "minibatch": "minibatch discrimination",
          "minibatch_three": "minibatch discrimination, three G steps", "r1": "R1 (not of the paper)",
          "best": "minibatch discrimination, label smoothing, three G steps"}
MEASURES = {"modes": ("modes found", 1, 1, ""), "good_share": ("good samples", 100, 1, "%"),
            "mode_kl": ("KL from uniform, nats", 1, 3, ""), "mode_width": ("width of a mode", 1, 2, "")}


def read(path):
    """What one finished run says of itself, with the points that were scored; None of one that is not finished."""
    folder = RunFolder(path)
    scores = files.read_json_lines(folder.scores)
    if not scores:
        return None
    found, config, log, last = NAME.fullmatch(path.name), folder.read(), files.read_json_lines(folder.log), scores[-1]
    source, of = data.load(found["dataset"]), last["passport"]
    sampler, _ = restored_sampler(RunConfig(**config["recipe"]), folder, last["step"])
    points, _ = draw(sampler, of["samples"], of["seeds"]["sample"])
    real = source.arrays(of["reference"], of["real"])[0]
    again, best = (modes.mode_scores(each, source.centers, source.std) for each in (points, real))
    assert abs(again["good_share"] - last["scores"]["good_share"]) < 0.002, path  # the same but for rounding
    return {"dataset": found["dataset"], "arm": found["arm"], "seed": int(found["seed"]), "config": config,
            "steps": last["step"], "minutes": log[-1]["seconds"] / 60, "passport": of, "points": points,
            "scores": again | last["scores"], "real": best}


def summary(runs):
    """Mean and spread (standard deviation, n - 1) over the seeds of one arm."""
    found = {"seeds": [run["seed"] for run in runs], "partial": len(runs) < WANTED}
    for name in MEASURES:
        values = np.array([run["scores"][name] for run in runs], float)
        spread = float(values.std(ddof=1)) if len(values) > 1 else None
        found[name] = {"mean": float(values.mean()), "spread": spread, "smallest": float(values.min()),
                       "largest": float(values.max())}
    return found


def label(arm):
    """An arm's name for a person."""
    return LABELS.get(arm, arm.replace("_", " "))


def table(arms, runs):
    """A table of each data set, an arm a line, as markdown."""
    lines = []
    for dataset in sorted({dataset for dataset, _ in arms}):
        real = next(run["real"] for run in runs if run["dataset"] == dataset)
        lines += [f"| {dataset} | " + " | ".join(measure[0] for measure in MEASURES.values()) + " | seeds |",
                  "| --- |" + " --- |" * (len(MEASURES) + 1),
                  "| real points | " + " | ".join(_number(real[name], None, name) for name in MEASURES) + " | |"]
        for arm in ARMS:
            if found := arms.get((dataset, arm)):
                cells = [_number(found[name]["mean"], found[name]["spread"], name) for name in MEASURES]
                lines.append(f"| {label(arm)} | " + " | ".join(cells) + f" | {len(found['seeds'])} |")
        lines.append("")
    return "\n".join(lines)


def _number(mean, spread, name):
    _, scale, digits, unit = MEASURES[name]
    spread = "" if spread is None else f" +/- {scale * spread:.{digits}f}"
    return f"{scale * mean:.{digits}f}{spread}{unit}"


def scatter(dataset, runs):
    """The scored points of every run: arms from left to right, seeds from top to bottom; red ones are not good."""
    source, arms = data.load(dataset), [arm for arm in ARMS if any(run["arm"] == arm for run in runs)]
    seeds = sorted({run["seed"] for run in runs})
    figure, axes = plt.subplots(len(seeds), len(arms), figsize=(2 * len(arms), 2.2 * len(seeds) + 0.4), squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    edge = float(np.abs(source.centers).max()) * 1.25
    for run in runs:
        axis, points = axes[seeds.index(run["seed"]), arms.index(run["arm"])], run["points"]
        near = np.sqrt(np.square(points[:, None] - source.centers[None]).sum(-1).min(1)) <= modes.RADIUS * source.std
        axis.plot(*points[~near].T, ",", color="tab:red")
        axis.plot(*points[near].T, ",", color="tab:blue")
        axis.set(xlim=(-edge, edge), ylim=(-edge, edge), aspect="equal")
        heading = label(run["arm"]).replace(", ", ",\n") + "\n" if run["seed"] == seeds[0] else ""
        axis.set_title(f"{heading}{run['scores']['modes']} modes, {run['scores']['good_share']:.1%}", fontsize=7)
    figure.tight_layout(pad=0.8)
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
    (HERE / "table.md").write_text(table(arms, found))
    print(table(arms, found))


if __name__ == "__main__":
    main()
