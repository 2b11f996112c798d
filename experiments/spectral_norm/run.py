"""Largest singular values of SN-DCGAN's discriminator over training, under our spectral norm and under Keras's.

From the repository root, with TFDS_DATA_DIR set (finished trainings are kept in --runs):

    PYTHONPATH=. python experiments/spectral_norm/run.py
"""

import argparse
import functools
import json
import os
import pathlib
import platform
import subprocess
import sys
import time

import keras
import matplotlib
import numpy as np
import tensorflow as tf

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from tfgan_improved import GAN, assemble, data, files, two_players
from tfgan_improved.instruments import effective_kernels
from tfgan_improved.layers import WRAPS
from tfgan_improved.networks import NETWORKS
from tfgan_improved.ops import kernels
from tfgan_improved.ops.pixels import to_float
from tfgan_improved.training import OPTIMIZERS
from tfgan_improved.training.loop import Loop

HERE = pathlib.Path(__file__).parent
NEAR = 0.05  # how far from 1 a singular value may be


def keras_wrap(layer):
    """Keras's built-in, under the layer's own name."""
    return keras.layers.SpectralNormalization(layer, name=layer.name)


ARMS = {"ours": functools.partial(WRAPS.make, "spectral"), "keras": keras_wrap}
CURVES = {  # arm, quantity, title
    "ours": ("ours", "sigma", "ours, end of a step"), "keras": ("keras", "sigma", "Keras's, end of a step"),
    "ours_behind": ("ours", "behind", "ours, behind an update of D"),
    "keras_behind": ("keras", "behind", "Keras's, behind an update of D")}


def arguments():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--width", type=int, default=32, help="of SN-DCGAN; 64 is the full one")
    parser.add_argument("--steps", type=int, default=350)
    parser.add_argument("--warm_up", type=int, default=100, help="steps after which sigma is judged")
    parser.add_argument("--every", type=int, default=10, help="steps between measurements")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--batch_size", type=int, default=64)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--runs", default="runs/spectral_norm", help="where finished trainings are kept")
    return parser.parse_args()


def gan_of(arm, asked, shape, seed):
    """SN-DCGAN of one arm: the recipe of flags/cifar10_sndcgan.flags; a seed's kernels start the same in both."""
    keras.utils.set_random_seed(seed)
    family = NETWORKS.make(f"sndcgan:width={asked.width}")
    norm = functools.partial(assemble.NORMS.make, "batch")
    generator, ours = family.generator(shape, 128, norm=norm), family.discriminator(shape, wrap=ARMS["ours"])
    discriminator = ours if arm == "ours" else family.discriminator(shape, wrap=ARMS[arm])
    for layer in discriminator.layers:
        if hasattr(layer, "layer") and discriminator is not ours:
            layer.layer.set_weights(ours.get_layer(layer.name).layer.get_weights())
    gan = GAN(two_players(generator, discriminator, "non_saturating"), "normal:128", seed=seed)
    gan.compile(**{f"{name}_optimizer": OPTIMIZERS.make("adam", 2e-4, 0.5, 0.999) for name in "dg"})
    return gan


def sigmas(discriminator):
    """{quantity: {layer: largest singular value}}, by decomposition: of the kernels that D computes with, the raw ones.

    Keras's wrapper computes with the raw one, which it overwrites in every training pass.
    """
    matrices = {"sigma": effective_kernels(discriminator),
                "raw": {kernel.name: np.asarray(kernel.matrix()) for kernel in kernels.of(discriminator)}}
    return {quantity: {layer: float(np.linalg.svd(matrix, compute_uv=False)[0]) for layer, matrix in found.items()}
            for quantity, found in matrices.items()}


def behind_an_update(gan, images):
    """{layer: sigma} of the kernels that D computes with behind an update, before another pass in training.

    A step ends with G's turn, which passes D once more; here D moves once by itself and is put back as it was.
    """
    network, optimizer = gan.networks["d"], gan.optimizers["d"]
    kept = [(variable, variable.numpy()) for variable in (*network.variables, *optimizer.variables)]
    fake = gan.networks["g"](tf.random.stateless_normal((len(images), 128), (0, 0)), training=False)
    with tf.GradientTape() as tape:
        real, fake = (network(x, training=True)["logits"] for x in (to_float(images), fake))
        loss = tf.reduce_mean(tf.nn.softplus(-real)) + tf.reduce_mean(tf.nn.softplus(fake))
    variables = network.trainable_variables
    optimizer.apply(tape.gradient(loss, [variable.value for variable in variables]), variables)
    found = sigmas(network)["sigma"]
    for variable, value in kept:
        variable.assign(value)
    return found


class Measure:
    """A look at D every so many steps, in `looks`."""

    def __init__(self, gan, images, every):
        self.gan, self.images, self.every, self.looks = gan, images, every, []

    def __call__(self, step, means):
        self.looks.append({"step": step, **means, **sigmas(self.gan.networks["d"]),
                           "behind": behind_an_update(self.gan, self.images)})


def train(asked, arm, seed):
    """Trains one arm and keeps what was measured; a training with the same settings that is kept is read."""
    kept = pathlib.Path(asked.runs) / f"{arm}-width{asked.width}-steps{asked.steps}-seed{seed}.json"
    settings = {name: getattr(asked, name) for name in ("width", "steps", "every", "batch_size", "threads")}
    if kept.exists() and (found := json.loads(kept.read_text()))["settings"] == settings:
        return found
    source = data.load("cifar10")
    gan, start = gan_of(arm, asked, source.shape, seed), time.process_time()
    measure = Measure(gan, tf.constant(source.arrays("train")[0][:asked.batch_size]), asked.every)
    measure(0, {})
    batches = data.batches(source, asked.batch_size, seed=seed)
    Loop(gan, tf.distribute.get_strategy()).run(batches, 0, asked.steps, [measure])
    found = {"arm": arm, "seed": seed, "settings": settings, "measured": measure.looks,
             "minutes_of_one_core": round((time.process_time() - start) / 60, 1)}
    kept.parent.mkdir(parents=True, exist_ok=True)
    files.write_json(kept, found)
    print(f"{arm}, seed {seed}: done in {found['minutes_of_one_core']} minutes of one core", flush=True)
    return found


def judged(runs, warm_up):
    """{curve: {layer: smallest, median and largest sigma after the warm-up, all seeds, and the share near 1}}."""
    found = {}
    for key, (arm, quantity, _) in CURVES.items():
        looks = [look[quantity] for run in runs if run["arm"] == arm for look in run["measured"]
                 if look["step"] > warm_up]
        found[key] = {layer: _spread(np.array([look[layer] for look in looks])) for layer in looks[0]}
    return found


def _spread(values):
    return {"smallest": float(values.min()), "median": float(np.median(values)), "largest": float(values.max()),
            "share_within": float(np.mean(np.abs(values - 1) <= NEAR))}


def table(found):
    """A line for each layer as markdown: median (smallest to largest), share of looks near 1."""
    lines = ["| layer | " + " | ".join(CURVES[key][-1] for key in found) + " |", "| --- " * (len(found) + 1) + "|"]
    for layer in found["ours"]:
        cells = [f"{one['median']:.3f} ({one['smallest']:.3f} to {one['largest']:.3f}), {one['share_within']:.0%}"
                 for one in (found[key][layer] for key in found)]
        lines.append(f"| {layer} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def figure(runs, warm_up):
    """Sigma of every layer over steps, the first seed thick and the others thin."""
    plot, axes = plt.subplots(2, 2, figsize=(12, 7), sharey=True)
    for axis, (arm, quantity, title) in zip(axes.flat, CURVES.values()):
        axis.axhspan(1 - NEAR, 1 + NEAR, color="0.9")
        axis.axvline(warm_up, color="0.6", ls=":", lw=0.8)
        for run in [run for run in runs if run["arm"] == arm]:
            steps, first = [look["step"] for look in run["measured"]], run["seed"] == runs[0]["seed"]
            for index, layer in enumerate(run["measured"][0][quantity]):
                axis.plot(steps, [look[quantity][layer] for look in run["measured"]], color=f"C{index}",
                          lw=1.2 if first else 0.5, label=layer if first else None)
        axis.set(xlabel="steps", ylabel="largest singular value", title=title, ylim=(0.8, 1.4))
    axes.flat[0].legend(fontsize=7, ncols=2)
    plot.tight_layout()
    plot.savefig(HERE / "sigma.png", dpi=110)


def main():
    """Trains both arms with every seed, judges them, and writes record.json, table.md and the figure."""
    asked = arguments()
    tf.config.threading.set_intra_op_parallelism_threads(asked.threads)
    tf.config.threading.set_inter_op_parallelism_threads(asked.threads)
    runs = [train(asked, arm, seed) for seed in range(asked.seeds) for arm in ARMS]
    found = judged(runs, asked.warm_up)
    held = {key: all(one["share_within"] == 1 for one in found[key].values()) for key in found}
    print(table(found), held, sep="\n")
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    record = {"claim": f"After the warm-up sigma of every layer of SN-DCGAN's discriminator stays within {NEAR} of 1",
              "source": {"paper": "arXiv:1802.05957", "section": "2.1 and appendix A", "reported": "no numbers"},
              "command": " ".join([os.path.relpath(sys.argv[0]), *sys.argv[1:]]), "commit": commit,
              "hardware": f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores, {asked.threads} thread, "
                          "no accelerator",
              "versions": {"tensorflow": tf.__version__, "keras": keras.__version__}, "settings": vars(asked),
              "held": held, "after_the_warm_up": found, "runs": runs}
    (HERE / "record.json").write_text(json.dumps(record, indent=1) + "\n")
    (HERE / "table.md").write_text(table(found) + "\n")
    figure(runs, asked.warm_up)


if __name__ == "__main__":
    main()
