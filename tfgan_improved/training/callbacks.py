"""What a run shows and keeps while it trains: a progress line, log.jsonl, TensorBoard events, sample grids."""

import sys
import time

import tensorflow as tf

from tfgan_improved import files, signals
from tfgan_improved.training import pictures


class Progress:
    """One line on stderr, updated in place: step, losses, images a second, time left."""

    def __init__(self, first, last, batch_size, every=10, seconds=15.0):
        self.every, self.first, self.last, self.batch_size = every, first, last, batch_size
        self.seconds = 0.2 if sys.stderr.isatty() else seconds  # a file gets a line now and then, not an updating one
        self.start = self.shown = None

    def __call__(self, step, means):
        now = time.monotonic()
        if self.start is None:  # the first call includes tracing, which says nothing about what follows
            self.start, self.first = now, step
        if step < self.last and self.shown is not None and now - self.shown < self.seconds:
            return
        self.shown = now
        speed = (step - self.first) / max(now - self.start, 1e-9)
        left = _clock((self.last - step) / speed) if speed else "-"
        losses = " ".join(f"{name} {value:.3f}" for name, value in means.items())
        text = f"step {step}/{self.last}  {losses}  {speed * self.batch_size:.0f} images/s  {left} left"
        terminal = sys.stderr.isatty()
        signals.say((f"\r{text:<100}" if terminal else text) + ("" if terminal and step < self.last else "\n"))


def _clock(seconds):
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


class JsonLog:
    """A line of log.jsonl: step, seconds since the start of this process's training, mean of every term."""

    def __init__(self, path, first, every):
        self.path, self.every, self.start = path, every, time.monotonic()
        files.keep_json_lines(path, lambda record: record["step"] <= first)  # steps that will be done again

    def __call__(self, step, means):
        seconds = round(time.monotonic() - self.start, 2)
        files.append_json_line(self.path, {"step": step, "seconds": seconds, **means})


class Scalars:
    """TensorBoard scalars of every term."""

    def __init__(self, writer, every):
        self.writer, self.every = writer, every

    def __call__(self, step, means):
        with self.writer.as_default(step):
            for name, value in means.items():
                tf.summary.scalar(name, value)
        self.writer.flush()


class SampleGrid:
    """samples/step-<n>.png of the same z each time, also in TensorBoard. `draw()` gives uint8 images or points."""

    def __init__(self, folder, draw, writer, every):
        self.folder, self.draw, self.writer, self.every = folder, draw, writer, every

    def __call__(self, step, means):
        image = pictures.picture(self.draw())
        pictures.write_png(self.folder / f"step-{step:08d}.png", image)
        with self.writer.as_default(step):
            tf.summary.image("samples", image[None])


class CountErrors:
    """A line of errors.jsonl: step and, by name, how many images of a split each of `counters` takes for others."""

    def __init__(self, path, first, every, about, counters):
        self.path, self.every, self.about, self.counters = path, every, about, counters
        files.keep_json_lines(path, lambda record: record["step"] <= first)  # steps that will be done again

    def __call__(self, step, means):
        counted = {name: count() for name, count in self.counters.items()}
        files.append_json_line(self.path, {"step": step, **self.about, **counted})


class Measure:
    """A line of a JSON file, and TensorBoard scalars: step and what `measure()` gives, {name: number}."""

    def __init__(self, path, first, every, measure, writer):
        self.path, self.every, self.measure, self.writer = path, every, measure, writer
        files.keep_json_lines(path, lambda record: 0 < first >= record["step"])  # as above; step 0 belongs to a start

    def __call__(self, step, means):
        measured = self.measure()
        files.append_json_line(self.path, {"step": step, **measured})
        with self.writer.as_default(step):
            for name, value in measured.items():
                tf.summary.scalar(f"instruments/{name}", value)
        self.writer.flush()


class Save:
    """Saves a checkpoint: `save(step)`, once a step."""

    def __init__(self, save, every):
        self.save, self.every, self.last = save, every, None

    def __call__(self, step, means=None):
        if step != self.last:
            self.save(step)
        self.last = step

    def stop_if_asked(self, step):
        """Saves and raises Stopped where a signal has come."""
        if signals.asked():
            self(step)
            raise signals.Stopped(step)


class Pause:
    """Nothing: it stops the loop where another worker's callback does, so that both make the same calls."""

    def __init__(self, every):
        self.every = every

    def __call__(self, step, means):
        """Does nothing."""
