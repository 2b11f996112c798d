"""Test errors of several runs that classify, and of their ensemble: the mean of their class probabilities."""

import os

from tfgan_improved import assemble, data
from tfgan_improved.commands.restored import asked_step, checkpoint_of
from tfgan_improved.config import ConfigError
from tfgan_improved.evaluation import classification
from tfgan_improved.run_folder import RunFolder


def run(request):
    """Prints a line for each of --run_dirs and one for their ensemble, on --reference. ConfigError in one sentence."""
    job, folders = request.job, [RunFolder(path) for path in request.job.run_dirs.split()]
    if not folders:
        raise ConfigError("--run_dirs is empty; name the run folders of the ensemble, separated by spaces")
    configs = [folder.recipe(request) for folder in folders]
    about = _same_data(folders, job.reference)
    source = data.load(configs[0].dataset, job.data_dir or None, configs[0].image_size or None, configs[0].holdout)
    images, labels = source.arrays(job.reference)
    votes = []
    for folder, config in zip(folders, configs):
        network, step = restored_discriminator(config, folder, asked_step(job))
        rows = assemble.rows_seen(config, network, folder.replicas())
        votes.append(classification.Classifier(network, about["classes"], rows)(images))
        _say(f"{os.path.relpath(folder.path)}, step {step}", votes[-1], labels, job.reference)
    _say(f"ensemble of {len(votes)}", classification.ensemble(votes), labels, job.reference)


def restored_discriminator(config, folder, at_step=0):
    """(D with the weights of a checkpoint, its step); the averaged weights where there are any."""
    checkpoints, step = checkpoint_of(folder, at_step)
    network = assemble.discriminator(config, folder.read()["data"])
    checkpoints.restore(step, **{"average_d" if config.d_ema else "network_d": network})
    return network, step


def _same_data(folders, split):
    """What config.json says of the data. ConfigError unless all runs have the same images in the split."""
    abouts = [folder.read()["data"] for folder in folders]
    seen = [f"{about['name']} {about['shape']}, {about['counts'].get(split, 0)} {split} images" for about in abouts]
    for folder, other in zip(folders, seen):
        if other != seen[0]:
            raise ConfigError(f"{folder.path} was trained on other data than {folders[0].path}: {other}, not "
                              f"{seen[0]}; give runs that see the same images")
    return abouts[0]


def _say(who, probabilities, labels, split):
    wrong = classification.errors(probabilities, labels)
    print(f"{who}: {wrong} of {len(labels)} {split} images wrong ({wrong / len(labels):.2%})", flush=True)
