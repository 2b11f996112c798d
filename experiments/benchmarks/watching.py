"""What scoring and instruments cost while training: W1's DCGAN on MNIST, alternated A B C D A. See README.md.

A trains, B trains and scores once, C trains and measures all instruments once, D trains and looks once for what is to
be warned of. What they take more than the mean of the A before and after them is set against the time of the whole
default interval, of which a round is a part: that is the part of the training's time that watching costs.
"""

import argparse
import itertools
import json
import os
import pathlib
import statistics
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))  # works without installing the package

import alternate  # noqa: E402

FLAGS = ("--dataset=mnist", "--network=dcgan", "--latent=normal:100", "--batch_size=64", "--ema=0.999")
INSTRUMENTS = "diversity singular_values distance_of_outputs duplicates"


def arguments():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data_dir", default=os.environ.get("TFDS_DATA_DIR", ""), help="where TFDS keeps MNIST")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=200, help="steps of a round, a multiple of 10")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--recipe", default=" ".join(FLAGS), help="flags of another recipe, apart by spaces")
    parser.add_argument("--out", default="", help="a JSON file for everything measured")
    return parser.parse_args()


def main():
    """Prints the seconds of each round and the cost of each kind of watching, in percent of the training's time."""
    asked, machine = arguments(), alternate.machine()
    with tempfile.TemporaryDirectory() as folder:
        rounds, job = prepared(asked, folder)
        for name in rounds:  # not counted: tracing, and the real images' statistics
            rounds[name]()
        seconds = {name: [] for name in rounds}
        for number in range(asked.rounds):
            for name, run in rounds.items():
                seconds[name].append(run())
            seconds.setdefault("train_after", []).append(rounds["train"]())
            print(f"round {number + 1}/{asked.rounds}  "
                  + "  ".join(f"{name} {values[-1][0]:.2f} s" for name, values in seconds.items()), flush=True)
    clocks = {kind: {name: [pair[clock] for pair in pairs] for name, pairs in seconds.items()}
              for clock, kind in enumerate(("by the clock", "of processor time"))}
    summary = {kind: report(asked, job, of_kind, kind) for kind, of_kind in clocks.items()}
    if asked.out:
        record = {"workload": "W1 watched",
                  "settings": {name: getattr(asked, name) for name in ("rounds", "steps", "threads", "recipe")},
                  "machine": machine, "load_average_after": alternate.machine()["load_average"], "summary": summary,
                  "seconds": seconds}
        pathlib.Path(asked.out).write_text(json.dumps(record, indent=1) + "\n")


def report(asked, job, seconds, kind):
    """Prints the cost of each kind of watching and returns it: {name: seconds each, interval, part}."""
    found = {}
    plain = [(before + after) / 2 for before, after in zip(seconds["train"], seconds["train_after"])]
    step = statistics.median(plain) / asked.steps
    for name, every in (("score", job.score_every), ("measure", job.instrument_every), ("warn", job.warn_every)):
        extra = statistics.median([with_it - alone for with_it, alone in zip(seconds[name], plain)])
        found[name] = {"seconds": extra, "every": every, "step": step, "part": extra / (every * step)}
        print(f"{kind}: {name} {extra:.2f} s every {every} steps of {1000 * step:.1f} ms, {extra / (every * step):.2%} "
              f"of the training's time, ratio {1 + extra / (every * step):.4f}")
    return found


def prepared(asked, folder):
    """({name: a function that does a round, returning its seconds by the clock and of processor time}, JobConfig)."""
    from tfgan_improved import assemble, data, flagset
    from tfgan_improved.commands import train, watching
    from tfgan_improved.run_folder import RunFolder
    from tfgan_improved.training import strategies, warnings
    from tfgan_improved.training.loop import Loop
    from tfgan_improved.training.vitals import Vitals

    request = flagset.parse([*asked.recipe.split(), f"--data_dir={asked.data_dir}", f"--threads={asked.threads}",
                             f"--run_dir={folder}/run", f"--instruments={INSTRUMENTS}", "--steps=1000000"], ["train"])
    config, job, place = request.run, request.job, RunFolder(f"{folder}/run")
    place.create()
    strategy = strategies.make(config, wait=0)
    source = data.load(config.dataset, job.data_dir or None, config.image_size or None)
    with strategy.scope():
        gan = assemble.gan(config, assemble.about_data(source))
    run = watching.Run(config, job, place, gan, source, 1)
    sampler = assemble.sampler(config, assemble.about_data(source), gan.sampler_network)
    vitals, rates = Vitals(run.probe(), gan.optimizers), {"d": config.d_lr, "g": config.g_lr}
    watched = {"train": [], "score": run.selection(sampler), "measure": [run.instruments(run.probe(), run.events())],
               "warn": [warnings.Warnings(vitals, 1, rates)]}
    for callback in itertools.chain(*watched.values()):
        callback.every = asked.steps  # once a round
    loop = Loop(gan, strategy, steps_per_call=job.steps_per_call)
    batches = train.dataset(config, source, strategy, 0)

    steps = itertools.count(0, asked.steps)

    def of(callbacks):
        def seconds():
            start = time.perf_counter(), time.process_time()
            first = next(steps)
            loop.run(batches, first, first + asked.steps, callbacks)
            return time.perf_counter() - start[0], time.process_time() - start[1]

        return seconds

    return {name: of(callbacks) for name, callbacks in watched.items()}, job


if __name__ == "__main__":
    main()
