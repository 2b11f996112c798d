"""Score any images against any others; a line is appended to --output, for a run folder by default its scores.jsonl."""

import json
import pathlib

from tfgan_improved import data, files
from tfgan_improved.commands.restored import (
    asked_step,
    checkpoint_of,
    draw,
    open_run,
    restored_sampler,
    selected,
    tell,
)
from tfgan_improved.config import ConfigError, specs
from tfgan_improved.run_folder import RunFolder, appendable


def run(request):
    """Scores --samples images of --images, by default of --run_dir's newest checkpoint, against --against."""
    job = request.job
    if job.output and not job.output.endswith(".jsonl"):
        raise ConfigError(f"--output={job.output} does not end in .jsonl; `evaluate` appends a line of JSON to it")
    if job.output and not appendable(pathlib.Path(job.output)):
        raise ConfigError(f"--output={job.output} cannot be written; name a file in a folder that exists and is "
                          "writable")
    if job.images and not (pathlib.Path(job.images).expanduser() / "config.json").exists():
        _anything(request)
        return
    folder = RunFolder(pathlib.Path(job.images).expanduser()) if job.images else open_run(request)[0]
    config = folder.recipe(request)
    source = data.load(config.dataset, job.data_dir or None, config.image_size or None, config.holdout)
    score(request, config, folder, source)


def check(request, source):
    """UserError for what scoring would refuse behind the training, as far as that is known before: hours earlier.

    --against and files of weights are not opened for that; they must only exist.
    """
    from tfgan_improved.commands import image_sets
    from tfgan_improved.evaluation import EXTRACTORS, SCORES, classifier, evaluate
    from tfgan_improved.evaluation.image_set import ImageSet

    job = request.job
    if not job.score or len(source.shape) != 3:
        return
    extractor = EXTRACTORS.parse(job.extractor)
    arguments = {**EXTRACTORS.arguments(extractor.name), **dict(extractor.arguments)}
    for text in (job.against, *arguments.values()):
        image_sets.check_path(text)
    if job.against:
        return
    source.check(job.reference)
    sets = [ImageSet(source.name, source.shape, source.counts[split], None, {"split": split},
                     labeled=source.classes > 0) for split in (job.reference, "train")]
    samples = ImageSet("the generator", source.shape, None, None, labeled=request.run.conditional)
    if arguments.get("data") == "" and any(SCORES.make(text).seen for text in specs(job.scores)):
        classifier.check(source)  # it is trained on the run's own data
    evaluate.ready(samples, sets[0], None, job.scores, count=job.samples, training=sets[1])


def score(request, config, folder, source, again=True):
    """Appends one record to a run folder's scores.jsonl; without `again` only where the step has none yet."""
    images = len(source.shape) == 3
    if not (images or hasattr(source, "centers")):
        print(f"no scores: {source.name} has neither images nor modes to count", flush=True)
        return
    at_step = asked_step(request.job)
    done = [] if again else [record["step"] for record in files.read_json_lines(folder.scores)]
    if done and checkpoint_of(folder, at_step)[1] in done:
        return
    record = (_images if images else _points)(request, config, folder, source)
    chosen = selected(folder, at_step, record["step"])
    tell(chosen, record["step"])
    if chosen:  # said in the passport, where the origin of the samples stands
        record["passport"]["origin"] = {**record["passport"].get("origin", {}), "selected": chosen}
        if record["passport"].get("reference") == chosen["split"]:
            print(f"the best checkpoint was selected on {chosen['split']}, which it is scored against", flush=True)
    _tell(record, request.verb == "evaluate" and request.job.output or folder.scores)


def _images(request, config, folder, source):
    """Images are seen by an extractor and held against the run's data, or --against."""
    from tfgan_improved.commands import image_sets

    generator = image_sets.of_run(folder, config, request.job)
    samples = generator.images(request.job.truncation)
    if request.job.against:
        real = image_sets.named(request.job.against, request, samples.shape)
    else:
        real = image_sets.of_source(source, request.job.reference)
    return scored(request, samples, real, {"run": config.seed}, generator.about["step"])


def _points(request, config, folder, source):
    """Points of a known mixture are counted around its centers."""
    from tfgan_improved.evaluation import modes

    ignored = sorted({"scores", "extractor", "against"} & request.given) if request.verb == "evaluate" else []
    if ignored:
        raise ConfigError(f"{source.name} has points, of which modes are counted and nothing else; leave out "
                          f"{', '.join(f'--{name}' for name in ignored)}")
    job, how = request.job, {name: getattr(request.job, name) for name in ("standing", "truncation")}
    sampler, step = restored_sampler(config, folder, asked_step(job), **how)
    samples, _ = draw(sampler, job.samples, job.sample_seed, job.truncation)
    record = modes.evaluate(samples, source, job.reference, step=step,
                            seeds={"run": config.seed, "sample": job.sample_seed})
    record["passport"] |= {name: value for name, value in how.items() if value}
    return record


def _anything(request):
    """Images that come from no run folder; the record goes to --output, if named."""
    from tfgan_improved.commands import image_sets

    job = request.job
    if (job.best or job.at_step) and not (pathlib.Path(job.against).expanduser() / "config.json").exists():
        raise ConfigError(f"--best and --at_step choose a checkpoint of a run folder, and --images={job.images} is "
                          "none; leave them out")
    samples = image_sets.named(job.images, request)
    real = image_sets.named(job.against, request, samples.shape) if job.against else None
    _tell(scored(request, samples, real, {}, None), job.output or None)


def scored(request, samples, real, seeds, step):
    """The record of a set of images, as the flags ask for it."""
    from tfgan_improved.commands import image_sets
    from tfgan_improved.evaluation import EXTRACTORS, evaluate
    from tfgan_improved.evaluation.progress import Bar

    job, extractor, other = request.job, None, image_sets.other_of(real)
    asked = {"count": job.samples, "training": image_sets.training_of(real)}
    chosen, _ = evaluate.ready(samples, real, other, job.scores, **asked)  # before a classifier is trained for nothing
    if any(score.seen for score in chosen):
        extractor = EXTRACTORS.make(job.extractor, getattr(real, "source", None),
                                    lambda name: image_sets.loaded(name, request))
    return evaluate.evaluate_images(samples, real, other, extractor, chosen, seed=job.sample_seed, seeds=seeds,
                                    step=step, progress=Bar("scoring"), **asked)


def _tell(record, path):
    """The sentence first: what was computed is seen even where it cannot be written."""
    from tfgan_improved.evaluation import evaluate

    print(evaluate.sentence(record), flush=True)
    if record["passport"].get("caution"):
        print(f"warning: {record['passport']['caution']}", flush=True)
    if path:
        files.append_json_line(path, json.loads(json.dumps(record, allow_nan=False)))
