"""Draw pictures of a trained generator, or its images into an array."""

import dataclasses
import io
import json
import pathlib

import numpy as np

from tfgan_improved import asked, files
from tfgan_improved.commands import evaluate, image_sets
from tfgan_improved.commands.restored import asked_step, selected, tell
from tfgan_improved.config import ConfigError
from tfgan_improved.evaluation import EXTRACTORS, image_set
from tfgan_improved.evaluation.models import Generator
from tfgan_improved.pictures import PICTURES, Sitting, captions, truncation
from tfgan_improved.run_folder import RunFolder, writable
from tfgan_improved.training import pictures


def run(request):
    """Draws --picture of --images, by default of --run_dir's newest checkpoint, into --output.

    .png is the picture, with what its rows and columns are, .npz its images and labels. What else was found stands
    beside it: .json, and the table and the figure of scores.
    """
    job = request.job
    _check(request)
    picture, chosen, bounds = PICTURES.make(job.picture), asked.classes(job.classes), asked.truncations(job.sweep)
    place = pathlib.Path(job.images or job.run_dir).expanduser()
    path = _output(job, place)
    subject = _Subject(request, place, image_sets.generator(place, request))
    step = subject.generator.about.get("step")
    if step is not None:
        tell(selected(RunFolder(place), asked_step(job), step), step)
    drawn = picture(Sitting(subject.generator, job.count, job.sample_seed, job.truncation,
                            subject.generator.numbers_of(chosen), tuple(bounds), subject.training,
                            subject.extractor, subject.score))
    others = _write(path, drawn)
    print(f"samples{'' if step is None else f' of step {step}'}: {path}", flush=True)
    if others:
        print(f"beside them: {', '.join(map(str, others))}", flush=True)
    if told := captions.line(drawn.rows, drawn.heads):
        print(told, flush=True)


def _check(request):
    """ConfigError where flags contradict each other, one of which would be passed over."""
    job, name = request.job, PICTURES.parse(request.job.picture).name
    if job.images and "run_dir" in request.given:
        raise ConfigError(f"--run_dir={job.run_dir} and --images={job.images} name two generators; leave one out")
    if job.sweep and name != "truncation":
        raise ConfigError(f"--sweep=\"{job.sweep}\" is of --picture=truncation; received --picture={name}; leave one "
                          "out, or give --truncation")
    if job.truncation and name == "truncation":
        raise ConfigError(f"--truncation={job.truncation:g} is not used by --picture=truncation, which compares those "
                          "of --sweep; leave it out")


@dataclasses.dataclass(frozen=True)
class _Subject:
    """The generator that is drawn, and what is known of where it comes from."""

    request: object
    place: pathlib.Path
    generator: Generator

    def source(self):
        """The data set that it was trained on. ConfigError where that is not known."""
        return image_sets.trained_on(self.place, self.request)

    def training(self):
        """The ImageSet of what it was trained on: --against, or its data set's training images."""
        if self.request.job.against:
            return image_sets.named(self.request.job.against, self.request, self.generator.shape)
        return image_set.of_source(self.source(), "train")

    def extractor(self):
        """What sees images, as --extractor says."""
        return EXTRACTORS.make(self.request.job.extractor, self.training().source,
                               lambda name: image_sets.loaded(name, self.request))

    def score(self, bound):
        """The record of a truncation, of a run folder also appended to its scores.jsonl."""
        against, about = self.request.job.against, self.generator.about
        real = image_sets.named(against, self.request, self.generator.shape) if against else (
            image_sets.of_source(self.source(), self.request.job.reference))
        seeds = {"run": about["run_seed"]} if "run_seed" in about else {}
        record = evaluate.scored(self.request, self.generator.images(bound), real, seeds, about.get("step"))
        if "run" in about:
            files.append_json_line(RunFolder(self.place).scores, json.loads(json.dumps(record, allow_nan=False)))
        return record


def _output(job, place):
    name = PICTURES.parse(job.picture).name
    default = RunFolder(place).samples / f"{'' if name == 'grid' else f'{name}-'}seed-{job.sample_seed}.png"
    if not job.output and not (place / "config.json").exists():
        raise ConfigError(f"'{place}' is no run folder with a place for pictures; name a file with --output")
    path = pathlib.Path(job.output or default)
    if path.suffix not in (".png", ".npz"):
        raise ConfigError(f"--output={path} is neither .png nor .npz; name it one of these")
    if not path.parent.is_dir() or not writable(path.parent):
        raise ConfigError(f"--output={path} cannot be written; choose a folder that exists and is writable")
    return path


def _write(path, drawn):
    """Writes the picture or the array; the paths of whatever else was written."""
    others = []
    if path.suffix == ".png":
        sheet, widths = pictures.grouped(drawn.images, [count for _, count in drawn.heads]) if drawn.heads else (
            pictures.picture(drawn.images, columns=drawn.columns), ())
        heads = [(text, width) for (text, _), width in zip(drawn.heads, widths)]
        pictures.write_png(path, captions.captioned(sheet, drawn.rows, heads))
    else:
        arrays, content = {"images": drawn.images}, io.BytesIO()
        arrays |= {} if drawn.labels is None else {"labels": drawn.labels}
        np.savez_compressed(content, **arrays)
        files.write_bytes(path, content.getvalue())
    if drawn.record:
        others.append(path.with_suffix(".json"))
        files.write_json(others[-1], drawn.record)
    if drawn.record.get("scored"):
        print(truncation.table(drawn.record["scored"]), flush=True)
        others.append(path.with_name(f"{path.stem}-scores.png"))
        files.write_bytes(others[-1], truncation.figure(drawn.record["scored"]))
    return others
