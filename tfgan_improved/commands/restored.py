"""What the verbs after training start from: a run folder's recipe and its newest checkpoint's sampler."""

from tfgan_improved import assemble
from tfgan_improved.config import ConfigError
from tfgan_improved.run_folder import RunFolder
from tfgan_improved.training.checkpoints import Checkpoints


def open_run(request):
    """(RunFolder, RunConfig) of --run_dir. ConfigError where it is none, or flags contradict it."""
    folder = RunFolder(request.job.run_dir)
    return folder, folder.recipe(request)


def restored_sampler(config, folder, at_step=0, standing=0, truncation=0.0):
    """(Sampler with the weights of a checkpoint, its step); the averaged weights where there are any.

    `at_step` 0 is the newest. With `standing` above 0 batch norms take their moments anew from as many passes of z with
    that truncation. ConfigError where the folder has no such checkpoint.
    """
    checkpoints, step = checkpoint_of(folder, at_step)
    sampler = assemble.sampler(config, folder.read()["data"])
    checkpoints.restore(step, **{"average_g" if config.ema else "network_g": sampler.generator})
    if standing:
        sampler.take_standing_statistics(standing, config.seed, truncation)
    return sampler, step


def checkpoint_of(folder, at_step=0):
    """(Checkpoints of a run folder, the step to use); `at_step` 0 is the newest. ConfigError where there is none."""
    checkpoints = Checkpoints(folder.checkpoints)
    step = at_step or checkpoints.newest()
    if step not in checkpoints.steps():
        known = ", ".join(map(str, checkpoints.steps())) if at_step else "only damaged ones"
        known = known if checkpoints.steps() else "none yet; train first"
        raise ConfigError(f"{folder.path} has no checkpoint{f' of step {at_step}' if at_step else ''}; it has {known}")
    return checkpoints, step


def draw(sampler, count, seed, truncation=0.0, at_once=1000):
    """(images, labels or None) as NumPy, a thousand at a time: call i draws with seed + i."""
    import numpy as np
    import tensorflow as tf

    images, labels = [], []
    for index, start in enumerate(range(0, count, at_once)):
        made = sampler.sample(tf.constant(min(at_once, count - start)), tf.constant(seed + index, tf.int64),
                              tf.constant(truncation))
        images.append(made["images"].numpy())
        labels.append(made["labels"].numpy() if "labels" in made else None)
    return np.concatenate(images), np.concatenate(labels) if labels[0] is not None else None
