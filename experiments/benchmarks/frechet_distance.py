"""Time and memory of the Frechet distance of 50,000 x 2048 features, against TF-GAN's function. See README.md.

    python experiments/benchmarks/frechet_distance.py --threads=2 --rounds=5 --out=frechet_threads2.json

Each measurement is a process of its own: it makes the same features, imports what it needs, and only then is the clock
started and the peak of its memory reset (Linux). `whole` is `frechet_distance` of two arrays, `streamed` sums parts of
1,000 rows as scoring does, `tfgan` is TF-GAN's frechet_classifier_distance_from_activations of two tensors.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE)]  # works without installing the package

import alternate  # noqa: E402

CONTENDERS = ("tfgan", "whole", "streamed")
BASE = "tfgan"
PART = 1000  # rows that a generator's images come in
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=50_000, help="rows on each side")
    parser.add_argument("--width", type=int, default=2048, help="features of a row")
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each contender, in turn")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--cores", default="", help="the only cores to use, such as 2,3 (Linux)")
    parser.add_argument("--out", default="", help="a JSON file for everything measured")
    parser.add_argument("--contender", default="", choices=["", *CONTENDERS], help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if min(asked.rounds, asked.threads, asked.width) < 1 or asked.samples < 2:
        parser.error("--rounds, --threads and --width must be at least 1, --samples at least 2")
    return asked


def features(asked, seed):
    """Above 0, of different scales, with common causes, as activations are; float32."""
    import numpy as np

    random = np.random.default_rng(seed)
    scale, common = np.linspace(0.2, 1.5, asked.width, dtype=np.float32), np.random.default_rng(9).standard_normal(
        (16, asked.width), np.float32)
    made = np.empty((asked.samples, asked.width), np.float32)
    for start in range(0, asked.samples, PART):
        rows = made[start:start + PART]
        random.standard_normal(rows.shape, np.float32, out=rows)
        rows += random.standard_normal((len(rows), 16), np.float32) @ common * 0.2
        np.maximum(rows + 0.05 * seed, 0.0, out=rows)
        rows *= scale
    return made


def contend(asked):
    """One measurement, as a line of JSON."""
    compute = {"tfgan": _tfgan, "whole": _whole, "streamed": _streamed}[asked.contender](asked)
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")  # from here on the peak counts
    before, start, cpu = _memory("VmRSS"), time.perf_counter(), time.process_time()
    value = compute()
    seconds = time.perf_counter() - start
    print(json.dumps({"distance": float(value), "seconds": seconds, "cpu_seconds": time.process_time() - cpu,
                      "extra_mb": (_memory("VmHWM") - before) / 1024}))


def _memory(name):
    """Kilobytes of this process."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(name))


def _tfgan(asked):
    import tensorflow as tf

    from tfgan_improved.evaluation import bridge

    tf.config.threading.set_intra_op_parallelism_threads(asked.threads)
    tf.config.threading.set_inter_op_parallelism_threads(asked.threads)
    compute = bridge.tfgan_eval().frechet_classifier_distance_from_activations
    a, b = (tf.constant(features(asked, seed)) for seed in (1, 2))
    tf.linalg.svd(a[:8, :8] @ tf.transpose(b[:8, :8]))  # so that what is loaded at first use is loaded
    return lambda: compute(a, b)


def _whole(asked):
    from tfgan_improved.evaluation.scores import frechet

    a, b = (features(asked, seed) for seed in (1, 2))
    return lambda: frechet.frechet_distance(a, b)


def _streamed(asked):
    from tfgan_improved.evaluation import moments
    from tfgan_improved.evaluation.scores import frechet

    sides = [features(asked, seed) for seed in (1, 2)]

    def compute():
        seen = []
        for side in sides:
            gathering = moments.Gathering(asked.samples)
            for start in range(0, asked.samples, PART):
                gathering.add(side[start:start + PART])
            seen.append(gathering.moments().of())
        return frechet.distance(*seen[0][1:], seen[1][1], frechet.factor_of(seen[1][2]))

    return compute


def main():
    asked = arguments()
    if asked.contender:
        contend(asked)
        return
    if asked.cores:
        alternate.use_cores(asked.cores)
    if alternate.busy(asked.threads):
        print("the machine is busy: ratios of times are rough", flush=True)
    environment = os.environ | dict.fromkeys(THREADS, str(asked.threads)) | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    found = {name: [] for name in CONTENDERS}
    for number in range(asked.rounds):
        for name in CONTENDERS:
            command = [sys.executable, __file__, f"--contender={name}", f"--samples={asked.samples}",
                       f"--width={asked.width}", f"--threads={asked.threads}"]
            done = subprocess.run(command, env=environment, capture_output=True, text=True)
            if done.returncode:
                sys.exit(f"contender '{name}' ended with: {(done.stderr.strip().splitlines() or ['nothing'])[-1]}")
            found[name].append(json.loads(done.stdout.splitlines()[-1]))
            print(f"round {number + 1}/{asked.rounds}  {name:<9}" + "  ".join(
                f"{key} {value:.6g}" for key, value in found[name][-1].items()), flush=True)
    tell(asked, found)


def tell(asked, found):
    """Medians and ratios to TF-GAN, printed and kept."""
    summary = {}
    for name, rounds in found.items():
        base = found[BASE]
        summary[name] = {
            **{key: statistics.median(one[key] for one in rounds) for key in ("seconds", "cpu_seconds", "extra_mb")},
            "times_tfgan": statistics.median(b["seconds"] / one["seconds"] for b, one in zip(base, rounds)),
            "times_tfgan_by_cpu": statistics.median(b["cpu_seconds"] / one["cpu_seconds"]
                                                    for b, one in zip(base, rounds)),
            "part_of_its_memory": statistics.median(one["extra_mb"] / b["extra_mb"] for b, one in zip(base, rounds)),
            "difference": max(abs(one["distance"] / b["distance"] - 1.0) for b, one in zip(base, rounds))}
        print(f"{name:<9}" + "  ".join(f"{key} {value:.4g}" for key, value in summary[name].items()))
    if asked.out:
        content = {"settings": vars(asked), "machine": alternate.machine(), "summary": summary, "rounds": found}
        pathlib.Path(asked.out).write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
