"""Trains every recipe on one device, or on two logical ones, and writes the weights; run by test_replicas.py.

Arguments: 1 or 2 devices, the file to write. The data come through the real pipeline, the steps through the real loop.
"""

import dataclasses
import sys

import keras
import numpy as np

from tfgan_improved import assemble, data
from tfgan_improved.commands.train import dataset
from tfgan_improved.config import RunConfig
from tfgan_improved.training import strategies
from tfgan_improved.training.checkpoints import parts_of
from tfgan_improved.training.loop import Loop

STEPS, TRIALS = 4, 3
SMALL = RunConfig(dataset="digits", network="dcgan:width=4", latent="normal:16", batch_size=8, threads=2)
CASES = {
    "spectral": {"d_wrap": "spectral", "g_wrap": "spectral", "d_norm": "none", "loss": "hinge",
                 "d_head": "minibatch_discrimination:kernels=4,dims=2,across_replicas=True"},
    "penalty": {"network": "mlp:width=16,depth=2", "d_norm": "layer", "loss": "wasserstein",
                "d_terms": "gradient_penalty:weight=1.0", "d_steps": 2},
    "feature_matching": {"d_terms": "r1:gamma=1.0", "g_terms": "feature_matching", "loss": "least_squares"},
    "semi_supervised": {"network": "mlp:width=16,depth=2", "labels": 20, "d_verdict": "class_logits", "deal": "apart",
                        "d_terms": "classification", "d_loss_weight": 0.5, "d_joint": "labeled real fake",
                        "g_loss_weight": 0.0, "g_terms": "feature_matching:distance=absolute,layer=leaky_1",
                        "d_norm": "none", "d_wrap": "weight:scale=false,start=1.0,deviation=1.0", "d_ema": 0.9},
    "classes": {"d_verdict": "explicit_classes", "d_terms": "classification:part=real", "g_steps": 2, "d_norm": "layer",
                "loss": "non_saturating:generator_target=0.375", "label_smoothing": 0.25},
    "conditional": {"conditional": True, "d_wrap": "weight", "d_norm": "none", "flip": True},
    # No layer of these networks has a bias before a batch norm.
    "adam": {"d_terms": "lecam", "ema": 0.9, "label_smoothing": 0.1},
    "root_adam": {"optimizer": "root_adam:epsilon=1e-6", "lr_decay_from": 2, "lr_decay_to": 8, "accumulate": 2},
}


class Keep:
    """Keeps the losses of every step."""

    every = 1

    def __init__(self):
        self.seen = []

    def __call__(self, step, means):
        self.seen.append(list(means.values()))


def train(config, strategy, source, optimizer):
    """{key: values} of each trial: weights before and after a few steps, terms' memory, the average, the losses."""
    with strategy.scope():
        gan = assemble.gan(config, assemble.about_data(source))
        if optimizer:
            gan.compile(d_optimizer=optimizer(), g_optimizer=optimizer())
        if gan.starts_from_data:
            gan.initialize(next(iter(data.batches(source, 100))))
    keep, found, start = Keep(), {}, states(gan)
    loop = Loop(gan, strategy, steps_per_call=3)
    for trial in range(TRIALS):
        begin(gan, start, trial)
        before = weights(gan)
        loop.run(dataset(dataclasses.replace(config, seed=trial), source, strategy, 0), 0, STEPS, [keep])
        found |= {f"{trial}/before/{key}": value for key, value in before.items()}
        found |= {f"{trial}/after/{key}": value for key, value in weights(gan).items()}
    return found | {"losses": np.array(keep.seen)}


def variables(gan):
    """{key: variable} of everything in a checkpoint."""
    found = {}
    for key, part in parts_of(gan).items():
        several = getattr(part, "weights", None) or getattr(part, "variables", None) or [part]
        found |= {f"{key}/{index}": variable for index, variable in enumerate(several)}
    return found


def states(gan):
    return {key: variable.numpy() for key, variable in variables(gan).items()}


def begin(gan, start, trial):
    """Puts everything back to the start, with networks a little different in every trial."""
    random = np.random.default_rng(trial)
    for key, variable in variables(gan).items():
        wobble = 1.0 + 0.1 * random.normal(size=start[key].shape) if key.startswith("network") else 1
        variable.assign((start[key] * wobble).astype(start[key].dtype))


def weights(gan):
    return {key: value for key, value in states(gan).items() if key.startswith(("network", "average", "memory"))}


def main(devices, path):
    spread = {"strategy": "mirrored", "num_logical_devices": devices} if devices > 1 else {}
    small = dataclasses.replace(SMALL, **spread)
    strategy, source, found = strategies.make(small, 0), data.load("digits"), {}
    assert strategy.num_replicas_in_sync == devices
    for name, settings in CASES.items():
        optimizer = None if "adam" in name else lambda: keras.optimizers.SGD(0.005)
        results = train(dataclasses.replace(small, **settings), strategy, source, optimizer)
        found |= {f"{name}/{key}": value for key, value in results.items()}
    np.savez(path, **found)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
