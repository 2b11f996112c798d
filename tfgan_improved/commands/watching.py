"""What a run shows, scores and measures while it trains: its callbacks, made from all shelves."""

import functools
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tfgan_improved import assemble
from tfgan_improved.config import RunConfig, specs
from tfgan_improved.evaluation import classification, selection
from tfgan_improved.instruments import INSTRUMENTS, measured
from tfgan_improved.run_folder import RunFolder
from tfgan_improved.training import callbacks, warnings
from tfgan_improved.training.probe import Probe
from tfgan_improved.training.selection import Selection
from tfgan_improved.training.vitals import Vitals

PROBED = 2000  # real examples that instruments hold generated ones against


def selects(config, job, source):
    """Steps between the scores of a run while it trains: --score_every, rounded up to where there are checkpoints.

    0 where it makes none: without a score, with fewer steps than that, or for data that cannot be scored so.
    """
    every = -(-job.score_every // job.checkpoint_every) * job.checkpoint_every
    return every if job.score and every <= config.steps and not selection.refusal(source) else 0


class Run(NamedTuple):
    """A run about to train from step `first` on."""

    config: RunConfig
    job: object
    folder: RunFolder
    gan: object
    source: object
    first: int

    def stops(self):
        """{flag: steps between stops}: where the loop stops, on every worker alike."""
        job = self.job
        stops = {"steps_per_call": job.steps_per_call, "log_every": job.log_every, "sample_every": job.sample_every}
        if "classes" in self.gan.networks["d"].output:
            stops["classify_every"] = job.classify_every
        if selects(self.config, job, self.source):
            stops["score_every"] = selects(self.config, job, self.source)
        if specs(job.instruments):
            stops["instrument_every"] = job.instrument_every
        if 0 < job.warn_every * warnings.LOOKS <= self.config.steps:
            stops["warn_every"] = job.warn_every
        return stops

    def callbacks(self):
        """The callbacks of the worker that people see."""
        config, job, folder, stops = self.config, self.job, self.folder, self.stops()
        sampler = assemble.sampler(config, assemble.about_data(self.source), self.gan.sampler_network)
        writer = self.events()
        found = [callbacks.Progress(self.first, config.steps, config.batch_size, job.steps_per_call),
                 callbacks.JsonLog(folder.log, self.first, job.log_every), callbacks.Scalars(writer, job.log_every),
                 self._pictures(sampler, writer)]
        if "classify_every" in stops:
            found.append(self._error_counter())
        probe = self.probe() if {"instrument_every", "warn_every"} & set(stops) else None
        if "instrument_every" in stops:
            found.append(self.instruments(probe, writer))
        if "warn_every" in stops:
            rates = {"d": config.d_lr, "g": config.g_lr}
            found.append(warnings.Warnings(Vitals(probe, self.gan.optimizers), job.warn_every, rates))
        if "score_every" in stops:
            found += self.selection(sampler)
        elif job.score and 0 < job.score_every <= config.steps and selection.refusal(self.source):
            print(selection.refusal(self.source), flush=True)
        return found

    def events(self):
        """The writer of TensorBoard's events."""
        return tf.summary.create_file_writer(str(self.folder.events))

    def _pictures(self, sampler, writer):
        """A picture of the untrained generator is drawn at the start of a run."""
        fixed = tf.constant(self.job.count), tf.constant(self.config.seed, tf.int64), tf.constant(0.0)
        grid = callbacks.SampleGrid(self.folder.samples, lambda: sampler.sample(*fixed)["images"].numpy(), writer,
                                    self.job.sample_every)
        if not self.first:
            grid(0, {})
        return grid

    def _error_counter(self):
        """Counts the errors of a D that classifies, with its averaged and its last weights."""
        gan, job, network = self.gan, self.job, self.gan.networks["d"]
        networks = {"errors": gan.averages.get("d", network), "errors_of_last_weights": network}
        images, labels = self.source.arrays(job.reference)
        rows = assemble.rows_seen(self.config, network, self.folder.replicas())
        counters = {name: functools.partial(_errors, classification.Classifier(
            network, self.source.classes, rows), images, labels) for name, network in networks.items()}
        about = {"split": job.reference, "images": len(labels)}
        return callbacks.CountErrors(self.folder.errors, self.first, job.classify_every, about, counters)

    def instruments(self, probe, writer):
        """Measures the networks as they are now, before a run's first step too."""
        chosen = [INSTRUMENTS.make(text) for text in specs(self.job.instruments)]
        measure = callbacks.Measure(
            self.folder.instruments, self.first, self.job.instrument_every,
            lambda: measured(chosen, probe), writer)
        if not self.first:
            measure(0, {})
        return measure

    def probe(self):
        """What instruments look at, with training examples in a fixed, mixed order."""
        count = min(PROBED, self.source.counts["train"])
        images, labels = self.source.arrays("train", None if self.source.in_memory else count)
        rows = np.random.RandomState(0).permutation(len(images))[:count]
        return Probe(self.gan, images[rows], labels[rows], self.config.batch_size)

    def selection(self, sampler):
        """Scores the generator that is sampled from. Workers wait for each other, but not for a classifier."""
        every = selects(self.config, self.job, self.source)
        if not selection.ready(self.source):
            if self.config.strategy == "multi_worker":
                print(f"no scores while training: the classifier of {self.source.name} is not trained yet, and the "
                      "other workers would wait for it; `evaluate` trains it", flush=True)
                return [callbacks.Pause(every)]
            print(f"training the classifier of {self.source.name} first, for the scores while training; --noscore "
                  "leaves both out", flush=True)
        judge = selection.judge(self.source, self.job.score_samples)
        return [Selection(self.folder.selection, every, judge.about, lambda: judge(sampler))]


def _errors(classifier, images, labels):
    return classification.errors(classifier(images), labels)
