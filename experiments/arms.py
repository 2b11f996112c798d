"""What experiments share that train several arms with several seeds: training, scores, table, figure, record."""

import argparse
import concurrent.futures
import dataclasses
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
import numpy as np

from tfgan_improved import files
from tfgan_improved.report import curves
from tfgan_improved.run_folder import RunFolder


@dataclasses.dataclass(frozen=True)
class Study:
    """A question, its arms and what is measured.

    `arms` are {name of the arm: its flags, a flagfile first}; `measures` {name of a score: (its title, digits)};
    `pace` {arm: how many of its updates stand for one of `steps`}, 1 where it has none. `reported` are the source's
    numbers by arm, for the table, under the title `reported_as`. `verdict` is a person's. `goals` are {name of a score:
    the number wanted}, and `logarithmic` the scores whose axis is so.
    """

    folder: pathlib.Path
    claim: str
    source: dict
    arms: dict
    measures: dict
    steps: int
    pace: dict = dataclasses.field(default_factory=dict)
    reported: dict = dataclasses.field(default_factory=dict)
    reported_as: str = "the paper"
    verdict: str = "open"
    goals: dict = dataclasses.field(default_factory=dict)
    logarithmic: tuple = ()

    @property
    def name(self):
        """Its folder's name, that of its run folders too."""
        return self.folder.name


def arguments(study, text):
    """The command line that all have; `text` is the script's docstring."""
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=study.steps, help="updates of each run"
                        + "".join(f"; {arm} {pace:g} times as many" for arm, pace in study.pace.items()))
    parser.add_argument("--seeds", type=int, default=3, help="how many seeds an arm, from 0")
    parser.add_argument("--jobs", type=int, default=1, help="trainings at the same time")
    parser.add_argument("--threads", type=int, default=1, help="of each training")
    parser.add_argument("--runs", default="runs", help="where the run folders are")
    parser.add_argument("--arms", default="", help=f"some of {', '.join(study.arms)}, apart by spaces; by default all")
    parser.add_argument("--flags", default="", help="further flags of every run, apart by spaces")
    parser.add_argument("--results", default=str(study.folder), help="where record, table and figures go")
    parser.add_argument("--report_only", action="store_true", help="train nothing, report what there is")
    parser.add_argument("--with_recorded", action="store_true",
                        help="report the runs of record.json too that have no folder here")
    asked = parser.parse_args()
    unknown = set(asked.arms.split()) - set(study.arms)
    if unknown:
        parser.error(f"no such arm: {', '.join(sorted(unknown))}; there are {', '.join(study.arms)}")
    return asked


def folder_of(study, asked, arm, seed):
    """The run folder of an arm and a seed."""
    return pathlib.Path(asked.runs) / f"{study.name}-{arm}-seed{seed}"


def train_all(study, asked):
    """Trains and scores whatever is not done yet: a seed of every arm, then the next seed."""
    with concurrent.futures.ThreadPoolExecutor(asked.jobs) as pool:
        for seed in range(asked.seeds):
            for arm in asked.arms.split() or study.arms:
                pool.submit(_train, study, asked, arm, seed)


def _train(study, asked, arm, seed):
    """One run in a process of its own; the command goes on where it was stopped, and a finished run returns at once."""
    path = folder_of(study, asked, arm, seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    run(path, *study.arms[arm], f"--steps={round(asked.steps * study.pace.get(arm, 1))}", f"--seed={seed}",
        f"--threads={asked.threads}", f"--run_dir={path}", "--noexport", *asked.flags.split(),
        told=f"{arm}, seed {seed}")


def run(path, *arguments, told):
    """The command line with `arguments` in a process of its own, its output in <path>.log; whether it succeeded."""
    command = ["nice", sys.executable, "-m", "tfgan_improved.main", *arguments]
    with open(path.with_suffix(".log"), "a") as log:
        done = subprocess.run(command, stdout=log, stderr=log, check=False).returncode == 0
    print(f"{told}: " + ("done" if done else f"FAILED, see {log.name}"), flush=True)
    return done


def read_all(study, asked):
    """What every scored run says of itself, in the order of arms and seeds. Exits where there is none."""
    kept = {(run["arm"], run["seed"]): run for run in recorded(asked).get("runs", [])}
    found = [run for arm in study.arms for seed in range(asked.seeds)
             if (run := _read(folder_of(study, asked, arm, seed), arm, seed) or kept.get((arm, seed)))]
    return found or sys.exit("no run has a score yet")


def recorded(asked):
    """The record of an earlier report where `--with_recorded` asks for it, or {}: run folders do not last as long."""
    path = pathlib.Path(asked.results) / "record.json"
    return json.loads(path.read_text()) if asked.with_recorded and path.exists() else {}


def _read(path, arm, seed):
    folder = RunFolder(path)
    scores = [record for record in files.read_json_lines(folder.scores) if not record["passport"].get("truncation")]
    if not scores:
        return None
    log = files.read_json_lines(folder.log)
    return {"arm": arm, "seed": seed, "folder": str(path), "steps": scores[-1]["step"],
            "minutes": round(curves.seconds_used(log)[0] / 60, 1),
            **{key: scores[-1][key] for key in ("scores", "real", "passport")}, "recipe": folder.read()["recipe"]}


def table(study, found):
    """A line an arm with mean and spread (standard deviation over seeds), real images last, as markdown."""
    lines = ["| arm | seeds | " + " | ".join(title for title, _ in study.measures.values())
             + (f" | {study.reported_as} |" if study.reported else " |"),
             "| --- | --- |" + " --- |" * (len(study.measures) + bool(study.reported))]
    for arm in study.arms:
        of_arm = [run["scores"] for run in found if run["arm"] == arm]
        cells = [spread([scores[name] for scores in of_arm], digits) for name, (_, digits) in study.measures.items()]
        cells += [str(study.reported.get(arm, "-"))] if study.reported else []
        lines.append(f"| {arm.replace('_', ' ')} | {len(of_arm)} | " + " | ".join(cells) + " |")
    real = [f"{found[0]['real'][name]:.{digits}f}" if name in found[0]["real"] else "-"
            for name, (_, digits) in study.measures.items()]
    lines.append("| real images | | " + " | ".join(real + [""] * bool(study.reported)) + " |")
    return "\n".join(lines)


def spread(values, digits):
    """Mean +/- standard deviation (n - 1)."""
    if not values:
        return "-"
    deviation = f" +/- {np.std(values, ddof=1):.{digits}f}" if len(values) > 1 else ""
    return f"{np.mean(values):.{digits}f}{deviation}"


def figure(study, found, place):
    """The measures, a point a seed; real images as a dotted level line, a goal as a dashed one."""
    plot, axes = plt.subplots(1, len(study.measures), figsize=(3.4 * len(study.measures), 3.2), squeeze=False)
    for axis, (name, (title, _)) in zip(axes[0], study.measures.items()):
        for where, arm in enumerate(study.arms):
            values = [run["scores"][name] for run in found if run["arm"] == arm]
            axis.plot([where] * len(values), values, "o", color="tab:blue", alpha=0.6)
            if values:
                axis.plot(where, np.mean(values), "_", color="black", ms=18)
        if name in found[0]["real"]:
            axis.axhline(found[0]["real"][name], color="black", linestyle=":", linewidth=1)
        if name in study.goals:
            axis.axhline(study.goals[name], color="tab:red", linestyle="--", linewidth=1)
        if name in study.logarithmic:
            axis.set_yscale("log")
        axis.set_xticks(range(len(study.arms)), [arm.replace("_", " ") for arm in study.arms], rotation=20, fontsize=8,
                        ha="right")
        axis.set_title(title, fontsize=9)
    plot.tight_layout()
    plot.savefig(place / "arms.png", dpi=110)
    plt.close(plot)


def grids(found, place):
    """samples-<arm>.png: the last samples of the arm's first seed that has its folder here."""
    for run in reversed(found):
        for picture in sorted(pathlib.Path(run["folder"], "samples").glob("step-*.png"))[-1:]:
            shutil.copyfile(picture, place / f"samples-{run['arm']}.png")


def report(study, asked, **more):
    """Prints the table and writes it, the figures and record.json, with `more` in it, of whatever runs there are."""
    found, place = read_all(study, asked), pathlib.Path(asked.results)
    place.mkdir(parents=True, exist_ok=True)
    print(table(study, found), flush=True)
    (place / "table.md").write_text(table(study, found) + "\n")
    figure(study, found, place)
    grids(found, place)
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    record = {"claim": study.claim, "source": study.source | {"reported": study.reported},
              "verdict": study.verdict,
              "command": f"experiments/{study.name}/run.py " + " ".join(sys.argv[1:]), "commit_of_the_report": commit,
              "hardware": asked.report_only and recorded(asked).get("hardware")  # of those who trained
              or f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores, {asked.threads} thread a run",
              "partial": len(found) < len(study.arms) * asked.seeds, "table": table(study, found).splitlines(),
              **more, "runs": found}
    (place / "record.json").write_text(json.dumps(record, indent=1) + "\n")
    return found
