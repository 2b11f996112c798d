"""What the verbs after training start from: a run folder's recipe and its newest checkpoint's sampler."""

from tfgan_improved import assemble, files
from tfgan_improved.config import ConfigError
from tfgan_improved.run_folder import RunFolder
from tfgan_improved.training import selection
from tfgan_improved.training.checkpoints import Checkpoints

BEST = -1  # as `at_step`: the checkpoint with the best score of selection.jsonl


def asked_step(job):
    """What --best and --at_step ask for, as `at_step` below has it."""
    return BEST if job.best else job.at_step


def open_run(request):
    """(RunFolder, RunConfig) of --run_dir. ConfigError where it is none, or flags contradict it."""
    folder = RunFolder(request.job.run_dir)
    return folder, folder.recipe(request)


def restored_sampler(config, folder, at_step=0, standing=0, truncation=0.0):
    """(Sampler with the weights of a checkpoint, its step); the averaged weights where there are any.

    `at_step` 0 is the newest, BEST the best. With `standing` above 0 batch norms take their moments anew from as many
    passes of z with that truncation. ConfigError where the folder has no such checkpoint.
    """
    checkpoints, step = checkpoint_of(folder, at_step)
    sampler = assemble.sampler(config, folder.read()["data"])
    checkpoints.restore(step, **{"average_g" if config.ema else "network_g": sampler.generator})
    if standing:
        sampler.take_standing_statistics(standing, config.seed, truncation)
    return sampler, step


def checkpoint_of(folder, at_step=0):
    """(Checkpoints of a run folder, the step to use); `at_step` as above. ConfigError where there is none."""
    checkpoints = Checkpoints(folder.checkpoints)
    step = _best(folder, checkpoints) if at_step == BEST else at_step or checkpoints.newest()
    if step not in checkpoints.steps():
        known = ", ".join(map(str, checkpoints.steps())) if at_step else "only damaged ones"
        known = known if checkpoints.steps() else "none yet; train first"
        raise ConfigError(f"{folder.path} has no checkpoint{f' of step {at_step}' if at_step else ''}; it has {known}")
    return checkpoints, step


def _best(folder, checkpoints):
    ranked = [record["step"] for record in selection.ranked(folder.selection, checkpoints.steps())]
    step = checkpoints.first_whole(ranked)
    if step is None:
        raise ConfigError(f"{folder.path} has no checkpoint that was scored while it trained; leave --best out, or "
                          "train on with --score_every")
    return step


def selected(folder, at_step, step):
    """How the best checkpoint was found, {"by", "value", "split", "samples", "scored"}; {} where another was asked for.
    """
    if at_step != BEST:
        return {}
    ranked = selection.ranked(folder.selection, {step})
    record, scored = ranked[0], len(files.read_json_lines(folder.selection))
    return {"by": record["by"], "value": record["scores"][record["by"]], "split": record["split"],
            "samples": record["samples"], "scored": scored}


def tell(chosen, step):
    """Says how the best checkpoint was found, where it was."""
    if chosen:
        print(f"best checkpoint: step {step}, selected by {chosen['by']} {chosen['value']:.4g} on {chosen['split']} "
              f"({chosen['samples']} samples, {chosen['scored']} steps scored)", flush=True)


def draw(sampler, count, seed, truncation=0.0, at_once=1000):
    """(images, labels or None) as NumPy, a thousand at a time: call i draws with seed + i."""
    import numpy as np
    import tensorflow as tf

    images, labels = [], []
    for index, start in enumerate(range(0, count, at_once)):
        made = sampler.sample(tf.constant(min(at_once, count - start)), tf.constant(seed + index, tf.int64),
                              tf.constant(truncation, tf.float32))
        images.append(made["images"].numpy())
        labels.append(made["labels"].numpy() if "labels" in made else None)
    return np.concatenate(images), np.concatenate(labels) if labels[0] is not None else None
