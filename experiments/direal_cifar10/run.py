"""DiReAL's table 1 on CIFAR-10 over several seeds: trains, scores, prints the table, writes record.json and figures.

From the repository root, with TFDS_DATA_DIR set (it resumes where it was stopped):

    python experiments/direal_cifar10/run.py --seeds=3 --jobs=2
    python experiments/direal_cifar10/run.py --seeds=3 --report_only
    python experiments/direal_cifar10/run.py --estimate=40     (trains 40 steps of each row and tells what all cost)
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import time

import report

from tfgan_improved import files
from tfgan_improved.run_folder import RunFolder

FIVE, EIGHT = "five_block_dcgan:width={width}", "sndcgan:width={width}"
ROWS = {  # a row's recipe in flags/, its networks, and the Inception score that the paper reports for it
    "unregularized": ("cifar10_five_plain", FIVE, 4.00),
    "DiReAL": ("cifar10_five_direal", FIVE, 4.17),
    "batch norm": ("cifar10_five_batch", FIVE, 5.48),
    "layer norm": ("cifar10_five_layer", FIVE, 5.05),
    "weight norm": ("cifar10_five_weight", FIVE, 4.66),
    "spectral norm": ("cifar10_sndcgan", EIGHT, 6.50),
    "weight norm + DiReAL": ("cifar10_five_weight_direal", FIVE, 4.68),
    "batch norm + DiReAL": ("cifar10_five_batch_direal", FIVE, 5.48),
    "layer norm + DiReAL": ("cifar10_five_layer_direal", FIVE, 5.64),
    "spectral norm + DiReAL": ("cifar10_sndcgan_direal", EIGHT, 6.87),
    # Not in the table: its other comparators, and spectral norm in the other discriminators.
    "orthonormal": ("cifar10_five_orthonormal", FIVE + ",d_start=orthogonal", None),
    "weight clipping": ("cifar10_five_clip", FIVE, None),
    "WGAN-GP": ("cifar10_five_wgan_gp", FIVE, None),
    "spectral norm, five blocks": ("cifar10_five_spectral", FIVE, None),
    "spectral norm, five blocks + DiReAL": ("cifar10_five_spectral_direal", FIVE, None),
    "spectral norm, wide": ("cifar10_sndcgan_wide", EIGHT + ",wide=true", None),
    "spectral norm, wide + DiReAL": ("cifar10_sndcgan_wide_direal", EIGHT + ",wide=true", None),
}
INSTRUMENTS = "diversity:tau=0.5 singular_values"


def arguments():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--width", type=int, default=32, help="of the networks; 64 is the full one")
    parser.add_argument("--steps", type=int, default=3000, help="updates of G")
    parser.add_argument("--seeds", type=int, default=3, help="how many seeds a row")
    parser.add_argument("--first_seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1, help="trainings at the same time")
    parser.add_argument("--threads", type=int, default=1, help="of each training")
    parser.add_argument("--samples", type=int, default=5000, help="that are scored, as in the paper")
    parser.add_argument("--runs", default="runs/direal_cifar10", help="where the run folders are")
    parser.add_argument("--rows", default="", help="the rows to train, separated by semicolons; all by default")
    parser.add_argument("--report_only", action="store_true", help="train nothing, report what there is")
    parser.add_argument("--with_recorded", action="store_true",
                        help="report the runs of record.json too that have no folder here")
    parser.add_argument("--estimate", type=int, default=0, help="only measure a row's time, over so many steps")
    asked = parser.parse_args()
    asked.rows = asked.rows.split(";") if asked.rows else list(ROWS)
    if unknown := set(asked.rows) - set(ROWS):
        parser.error(f"--rows does not know {', '.join(sorted(unknown))}; choose from {'; '.join(ROWS)}")
    return asked


def seeds(asked):
    """The seeds of every row."""
    return range(asked.first_seed, asked.first_seed + asked.seeds)


def folder_of(asked, row, seed):
    """The run folder of a row and a seed; its name holds no sign that a shell would read."""
    return pathlib.Path(asked.runs) / (re.sub(r"\W+", "_", row.replace("+", "with")) + f"-seed{seed}")


def command_of(asked, row, seed, path, steps):
    """The command line that trains a row, with what is the same in all of them."""
    flagfile, network, _ = ROWS[row]
    return [sys.executable, "-m", "tfgan_improved.main", f"--flagfile=flags/{flagfile}.flags",
            f"--network={network.format(width=asked.width)}", f"--steps={steps}", f"--seed={seed}",
            f"--threads={asked.threads}", f"--samples={asked.samples}", "--score_every=0", "--noexport",
            f"--run_dir={path}"]


def train(asked, row, seed):
    """Trains and scores one run in a process of its own; a finished one returns at once."""
    path = folder_of(asked, row, seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    command = command_of(asked, row, seed, path, asked.steps)
    command += [f"--instruments={INSTRUMENTS}", "--instrument_every=250"]
    with open(f"{path}.log", "a") as log:
        done = subprocess.run(command, stdout=log, stderr=log, check=False)
    print(f"{row}, seed {seed}: " + ("done" if done.returncode == 0 else f"FAILED, see {log.name}"), flush=True)


def read(asked, row, seed):
    """What one run says of itself; None where it has no score yet."""
    folder = RunFolder(folder_of(asked, row, seed))
    scores = files.read_json_lines(folder.scores)
    if not scores:
        return None
    log, measured = files.read_json_lines(folder.log), files.read_json_lines(folder.instruments)
    return {"row": row, "seed": seed, "steps": scores[-1]["step"], "minutes": round(log[-1]["seconds"] / 60, 1),
            **{key: scores[-1][key] for key in ("scores", "real", "passport")}, "recipe": folder.read()["recipe"],
            "instruments": report.brief(measured), "pictures": sorted(folder.samples.glob("step-*.png"))}


def estimate(asked):
    """Prints what each row costs, in seconds of the processor, which other processes disturb less than the clock's."""
    import tensorflow as tf

    from tfgan_improved import data

    tf.config.threading.set_intra_op_parallelism_threads(asked.threads)  # before the data are loaded
    tf.config.threading.set_inter_op_parallelism_threads(asked.threads)
    total, source = 0.0, data.load("cifar10")
    for row in asked.rows:
        seconds = _seconds_of_a_step(asked, row, source)
        total += seconds * asked.steps * asked.seeds / 3600
        print(f"{row}: {1000 * seconds:.0f} ms a step, {seconds * asked.steps / 60:.1f} minutes a run", flush=True)
    print(f"{len(asked.rows)} rows, {asked.seeds} seeds, {asked.steps} steps: {total:.1f} hours of one core, "
          "and about a minute a run for its start, its instruments and its score")


def _seconds_of_a_step(asked, row, source):
    """The processor's seconds of one step, the first ones apart, which compile it."""
    import keras

    from tfgan_improved import assemble, data, flagset
    from tfgan_improved.commands import train as training
    from tfgan_improved.main import VERBS
    from tfgan_improved.training import strategies
    from tfgan_improved.training.loop import Loop

    config = flagset.parse(command_of(asked, row, 0, "runs/none", asked.estimate)[3:], tuple(VERBS)).run
    strategy, gan = strategies.make(config, 0), assemble.gan(config, assemble.about_data(source))
    if gan.starts_from_data:
        gan.initialize(next(iter(data.batches(source, config.batch_size, seed=0))))
    loop = Loop(gan, strategy)
    for steps in (10, asked.estimate):
        start = time.process_time()
        loop.run(training.dataset(config, source, strategy, 0), 0, steps)
    keras.utils.clear_session()
    return (time.process_time() - start) / asked.estimate


def main():
    """Trains what is asked for and reports."""
    asked = arguments()
    if asked.estimate:
        estimate(asked)
        return
    if not asked.report_only:
        with concurrent.futures.ThreadPoolExecutor(asked.jobs) as pool:
            for seed in seeds(asked):  # whole tables first: a seed of every row, then the next seed
                for row in asked.rows:
                    pool.submit(train, asked, row, seed)
    recorded = report.recorded() if asked.with_recorded else {}
    runs = [run for row in ROWS for seed in seeds(asked)
            if (run := read(asked, row, seed) or recorded.get((row, seed)))]
    if not runs:
        sys.exit("no run has a score yet")
    paper = {row: score for row, (_, _, score) in ROWS.items()}
    report.write(runs, paper, {"threads": asked.threads, "wanted": len(ROWS) * asked.seeds, "steps": asked.steps,
                               "command": " ".join([os.path.relpath(sys.argv[0]), *sys.argv[1:]])})


if __name__ == "__main__":
    main()
