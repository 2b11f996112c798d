"""DiReAL's figures 2, 3 and 4: trains with and without the diversity regularizer, writes record.json and the figures.

From the repository root, with TFDS_DATA_DIR set (it resumes where it was stopped):

    python experiments/direal_mnist/run.py --seeds=3 --jobs=2
    python experiments/direal_mnist/run.py --seeds=3 --report_only
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import platform
import subprocess
import sys

import curves
import numpy as np

from tfgan_improved import files
from tfgan_improved.run_folder import RunFolder

HERE = pathlib.Path(__file__).parent
TAU = 0.5  # of the measured loss, in both arms
ARMS = {"mnist": {"with": "mnist_direal", "without": "mnist_direal_off"},
        "cifar10": {"with": "cifar10_five_batch_direal", "without": "cifar10_five_batch"}}
EPOCH = {"mnist": 938, "cifar10": 782}  # steps of 64 images
NETWORKS = {"d": "D", "g": "G"}


def arguments():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--width", type=int, default=16, help="of the five-block DCGAN; 64 is the full one")
    parser.add_argument("--mnist_epochs", type=int, default=10, help="the paper has 100")
    parser.add_argument("--cifar10_epochs", type=int, default=5)
    parser.add_argument("--looks", type=int, default=1, help="measurements in an epoch")
    parser.add_argument("--seeds", type=int, default=3, help="how many seeds an arm")
    parser.add_argument("--first_seed", type=int, default=0)
    parser.add_argument("--datasets", default="mnist cifar10")
    parser.add_argument("--jobs", type=int, default=1, help="trainings at the same time")
    parser.add_argument("--threads", type=int, default=1, help="of each training")
    parser.add_argument("--also", default="", help="more flags of every training, such as --also='--d_lr=5e-5 "
                        "--g_lr=5e-5'; give other --runs then")
    parser.add_argument("--runs", default="runs/direal_mnist", help="where the run folders are")
    parser.add_argument("--report_only", action="store_true", help="train nothing, report what there is")
    return parser.parse_args()


def seeds(asked):
    """The seeds of every arm."""
    return range(asked.first_seed, asked.first_seed + asked.seeds)


def folder_of(asked, dataset, arm, seed):
    """The run folder of an arm and a seed."""
    return pathlib.Path(asked.runs) / f"{dataset}-{arm}-width{asked.width}-seed{seed}"


def train(asked, dataset, arm, seed):
    """Trains, measures and scores one run in a process of its own; a finished one returns at once."""
    path, epochs = folder_of(asked, dataset, arm, seed), getattr(asked, f"{dataset}_epochs")
    path.parent.mkdir(parents=True, exist_ok=True)
    every = EPOCH[dataset] // asked.looks
    command = [sys.executable, "-m", "tfgan_improved.main", f"--flagfile=flags/{ARMS[dataset][arm]}.flags",
               f"--network=five_block_dcgan:width={asked.width}", f"--steps={EPOCH[dataset] * epochs}",
               f"--instruments=diversity:tau={TAU} distance_of_outputs:batches=30 duplicates",
               f"--instrument_every={every}", f"--sample_every={EPOCH[dataset]}", "--score_every=0",
               f"--seed={seed}", f"--threads={asked.threads}", f"--run_dir={path}", "--noexport",
               *asked.also.split()]
    with open(f"{path}.log", "a") as log:
        done = subprocess.run(command, stdout=log, stderr=log, check=False)
    print(f"{path.name}: " + ("done" if done.returncode == 0 else f"FAILED, see {log.name}"), flush=True)


def read(asked, dataset, arm, seed):
    """What one run measured, of each network {quantity: a value for each measurement}; None where it has not begun."""
    folder = RunFolder(folder_of(asked, dataset, arm, seed))
    lines = files.read_json_lines(folder.instruments)
    if len(lines) < 3:
        return None
    config, scores, log = folder.read(), files.read_json_lines(folder.scores), files.read_json_lines(folder.log)
    series = {key: [line[key] for line in lines] for key in ("distance_of_outputs", "duplicates")}
    for name in NETWORKS:
        series[f"{name}/diversity"] = [line[f"{name}/diversity"] for line in lines]
        for quantity in ("mean_correlation", "share_above"):
            layers = [key for key in lines[0] if key.startswith(f"{name}/") and key.endswith(quantity)]
            series |= {key: [line[key] for line in lines] for key in layers}
            series[f"{name}/{quantity}"] = [float(np.mean([line[key] for key in layers])) for line in lines]
    pictures = sorted(folder.samples.glob("step-*.png"))
    steps = [line["step"] for line in lines]
    return {"dataset": dataset, "arm": arm, "seed": seed, "epochs": [step / EPOCH[dataset] for step in steps],
            "finished": steps[-1] >= config["recipe"]["steps"], "minutes": round(log[-1]["seconds"] / 60, 1),
            "series": series, "scores": scores[-1]["scores"] if scores else None,
            "real": scores[-1]["real"] if scores else None, "recipe": config["recipe"],
            "verdicts": {name: verdict(steps, series[f"{name}/diversity"]) for name in NETWORKS},
            "pictures": pictures}


def verdict(steps, loss):
    """How a diversity loss went: its start, its first and last fifth of the epochs, and whether it falls or grows.

    It falls where the mean of the last fifth is below that of the first fifth (the untrained networks apart), grows
    where it is above, and stays at 0 where both are. `trend` is the rank correlation of loss and step, from -1 to 1.
    """
    trained = np.array(loss[1:])
    part = max(1, len(trained) // 5)
    first, last = float(trained[:part].mean()), float(trained[-part:].mean())
    word = "stays at 0" if first == last == 0 else "falls" if last < first else "grows"
    return {"untrained": loss[0], "first_fifth": first, "last_fifth": last, "word": word,
            "trend": curves.rank_correlation(steps[1:], trained)}


def table(runs):
    """A line for each run as markdown."""
    lines = ["| data | regularizer | seed | network | J untrained | first fifth | last fifth | trend | J | mean "
             "correlation, end | pairs above tau, end | distance of outputs, last fifth (smallest to largest) | "
             "duplicates, end | classifier score |", "| --- " * 14 + "|"]
    for run in runs:
        ends = {key: values[-1] for key, values in run["series"].items()}
        part = np.array(run["series"]["distance_of_outputs"])[-max(1, (len(run["epochs"]) - 1) // 5):]
        score = next(iter(run["scores"].values())) if run["scores"] else None
        for name, label in NETWORKS.items():
            found = run["verdicts"][name]
            cells = [run["dataset"], run["arm"], run["seed"], label,
                     *(f"{found[key]:.3f}" for key in ("untrained", "first_fifth", "last_fifth", "trend")),
                     found["word"] + ("" if run["finished"] else " so far"), f"{ends[f'{name}/mean_correlation']:.4f}",
                     f"{ends[f'{name}/share_above']:.3%}"]
            cells += [f"{part.mean():.3f} ({part.min():.3f} to {part.max():.3f})", f"{ends['duplicates']:.1%}",
                      "-" if score is None else f"{score:.2f}"] if name == "d" else ["", "", ""]
            lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def claims(runs):
    """{data set and network: the seeds in which each half of the claim holds}."""
    found = {}
    for dataset in ARMS:
        for name, label in NETWORKS.items():
            words = {arm: {run["seed"]: run["verdicts"][name]["word"] for run in runs
                           if (run["dataset"], run["arm"]) == (dataset, arm)} for arm in ARMS[dataset]}
            smaller = {seed: _end(runs, dataset, "with", seed, name) < _end(runs, dataset, "without", seed, name)
                       for seed in set(words["with"]) & set(words["without"])}
            if any(words.values()):
                held = all(words.values()) and not set(words["with"].values()) - {"falls", "stays at 0"} and \
                    set(words["without"].values()) == {"grows"}
                found[f"{dataset}, J of {label}"] = {**words, "with_below_without_at_the_end": smaller,
                                                     "held_in_every_seed": held}
    return found


def _end(runs, dataset, arm, seed, name):
    return next(run["verdicts"][name]["last_fifth"] for run in runs
                if (run["dataset"], run["arm"], run["seed"]) == (dataset, arm, seed))


def report(asked):
    """Prints table and claims and writes record.json, table.md and the figures, of whatever runs there are."""
    runs = [run for dataset in asked.datasets.split() for seed in seeds(asked) for arm in ARMS[dataset]
            if (run := read(asked, dataset, arm, seed))]
    if not runs:
        sys.exit("no run has measured anything yet")
    told = claims(runs)
    curves.draw(HERE, runs)
    print(table(runs), json.dumps(told, indent=1), sep="\n")
    wanted = sum(len(ARMS[dataset]) for dataset in asked.datasets.split()) * asked.seeds
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    record = {"claim": "With the diversity regularizer the diversity loss of D and of G falls, without it grows",
              "source": {"paper": "arXiv:1901.10824", "figures": [2, 3, 4], "reported": "curves, no numbers"},
              "command": "experiments/direal_mnist/run.py " + " ".join(sys.argv[1:]), "commit": commit,
              "hardware": f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores, {asked.threads} thread a run",
              "partial": sum(run["finished"] for run in runs) < wanted, "claims": told, "tau": TAU,
              "runs": [{key: value for key, value in run.items() if key != "pictures"} for run in runs]}
    for run in record["runs"]:  # a line each, so that it can be read
        run["series"] = {key: " ".join(f"{value:.4g}" for value in values) for key, values in run["series"].items()}
    (HERE / "record.json").write_text(json.dumps(record, indent=1) + "\n")
    (HERE / "table.md").write_text(table(runs) + "\n")


if __name__ == "__main__":
    wanted = arguments()
    if not wanted.report_only:
        with concurrent.futures.ThreadPoolExecutor(wanted.jobs) as pool:
            for number in seeds(wanted):  # both arms of a seed, then the next seed
                for data_set in wanted.datasets.split():
                    for side in ARMS[data_set]:
                        pool.submit(train, wanted, data_set, side, number)
    report(wanted)
