"""Print the networks and what the recipe resolves to, without training."""

import dataclasses

from tfgan_improved import assemble, data
from tfgan_improved.config import RunConfig


def run(request):
    """Builds the networks for the data set and prints layers, shapes and parameter counts."""
    config, job = request.run, request.job
    source = data.load(config.dataset, job.data_dir or None, config.image_size or None, config.holdout)
    about = assemble.about_data(source)
    print(f"run folder  {job.run_dir}")
    print(f"data        {about['name']}: shape {about['shape']}, {about['classes']} classes, {about['counts']}\n")
    print("recipe (* where it differs from the default)")
    for field in dataclasses.fields(RunConfig):
        value = getattr(config, field.name)
        print(f"{' *'[value != field.default]} --{field.name}={value}")
    networks = dict(zip(("generator", "discriminator"), assemble.networks(config, about)))
    networks |= {f"player {name}": player.network for name, player in assemble.others(config, about).items()}
    for name, network in networks.items():
        print()
        print_network(name, network)


def print_network(name, network):
    """A line a layer: name, kind, output shape, parameters; then the totals."""
    trainable = sum(weight.value.shape.num_elements() for weight in network.trainable_weights)
    rest = network.count_params() - trainable
    print(f"{name}: {trainable:,} trainable parameters, {rest:,} others")
    for layer in network.layers:
        kind, shape = type(layer).__name__, str(layer.output.shape)
        print(f"  {layer.name:<24} {kind:<20} {shape:<22} {layer.count_params():>12,}")
