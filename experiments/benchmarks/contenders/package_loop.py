"""The package: a recipe driven by the loop that the command line drives."""

import pace
import tensorflow as tf

from tfgan_improved import assemble, data, flagset
from tfgan_improved.commands import train
from tfgan_improved.training import strategies
from tfgan_improved.training.loop import Loop


class Rounds:
    """A callback of the loop that ends a round."""

    def __init__(self, every, ended):
        self.every, self.ended = every, ended

    def __call__(self, step, means):
        self.ended()


def main():
    asked = pace.settings()
    more = [f"--data_dir={asked.data_dir}", f"--threads={asked.threads}"]
    more += ["--precision=mixed_bfloat16"] if asked.half else []
    request = flagset.parse([*asked.recipe.split(), *more], ["train"])
    strategy = strategies.make(request.run, wait=0)
    source = data.load(request.run.dataset, request.job.data_dir or None)
    with strategy.scope():
        gan = assemble.gan(request.run, assemble.about_data(source))
    batches = train.dataset(request.run, source, strategy, 0)
    loop = Loop(gan, strategy, steps_per_call=request.job.steps_per_call, jit=request.run.jit)
    parameters = {name: sum(variable.shape.num_elements() for variable in network.trainable_variables)
                  for name, network in gan.networks.items()}
    ended = pace.Pace(parameters, assemble.made_with() | {"tensorflow": tf.__version__})
    loop.run(batches, first=0, last=10**9, callbacks=[Rounds(asked.steps, ended)])


if __name__ == "__main__":
    main()
