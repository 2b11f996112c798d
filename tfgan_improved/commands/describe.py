"""Print the networks and what the recipe resolves to, without training."""

import dataclasses
import math

import keras

from tfgan_improved import assemble, data
from tfgan_improved.config import RunConfig


def run(request):
    """Prints the recipe, and layers, shapes and parameter counts of its networks, which are described and not made.

    Nothing is read of a data set of TFDS but what TFDS says of it, so that it need not be prepared.
    """
    config, job = request.run, request.job
    about = assemble.about_data(_source(config, job))
    print(f"run folder  {job.run_dir}")
    print(f"data        {about['name']}: shape {about['shape']}, {about['classes']} classes, "
          f"{about['counts'] or 'not prepared here'}\n")
    print("recipe (* where it differs from the default)")
    for field in dataclasses.fields(RunConfig):
        value = getattr(config, field.name)
        print(f"{' *'[value != field.default]} --{field.name}={value}")
    with keras.StatelessScope(initialize_variables=False):  # large orthogonal kernels take minutes to start
        networks = dict(zip(("generator", "discriminator"), assemble.networks(config, about)))
        networks |= {f"player {name}": player.network for name, player in assemble.others(config, about).items()}
        for name, network in networks.items():
            print()
            print_network(name, network)


def _source(config, job):
    place = config.dataset, job.data_dir or None, config.image_size or None
    try:
        return data.load(*place, config.holdout)
    except data.DataError:
        return data.outline(*place)


def print_network(name, network):
    """A line a layer: name, kind, output shape, parameters; then the totals."""
    trainable = sum(math.prod(weight.shape) for weight in network.trainable_weights)
    rest = network.count_params() - trainable
    print(f"{name}: {trainable:,} trainable parameters, {rest:,} others")
    for layer in network.layers:
        kind, shape = type(layer).__name__, str(layer.output.shape)
        print(f"  {layer.name:<24} {kind:<20} {shape:<22} {layer.count_params():>12,}")
