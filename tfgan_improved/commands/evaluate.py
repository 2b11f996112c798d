"""Score any images against any others; a run folder's scores are appended to its scores.jsonl."""

import json
import pathlib

from tfgan_improved import data, files
from tfgan_improved.commands.restored import asked_step, draw, open_run, restored_sampler, selected, tell
from tfgan_improved.run_folder import RunFolder


def run(request):
    """Scores --samples images of --images, by default of --run_dir's newest checkpoint, against --against."""
    job = request.job
    if job.images and not (pathlib.Path(job.images).expanduser() / "config.json").exists():
        _anything(request)
        return
    folder = RunFolder(pathlib.Path(job.images).expanduser()) if job.images else open_run(request)[0]
    config = folder.recipe(request)
    source = data.load(config.dataset, job.data_dir or None, config.image_size or None, config.holdout)
    score(request, config, folder, source)


def score(request, config, folder, source, again=True):
    """Appends one record to a run folder's scores.jsonl; without `again` only where the step has none yet."""
    images = len(source.shape) == 3
    if not (images or hasattr(source, "centers")):
        print(f"no scores: {source.name} has neither images nor modes to count", flush=True)
        return
    sampler, step = restored_sampler(config, folder, asked_step(request.job))
    done = [record for record in files.read_json_lines(folder.scores) if record["step"] == step]
    if done and not again:
        return
    chosen = selected(folder, asked_step(request.job), step)
    tell(chosen, step)
    scored = _images if images else _points
    record = scored(request, config, folder, source, sampler, step)
    if chosen:  # said in the passport, where the origin of the samples stands
        record["passport"]["origin"] = {**record["passport"].get("origin", {}), "selected": chosen}
        if record["passport"].get("reference") == chosen["split"]:
            print(f"the best checkpoint was selected on {chosen['split']}, which it is scored against", flush=True)
    _tell(record, folder.scores)


def _images(request, config, folder, source, sampler, step):
    """Images are seen by an extractor and held against the run's data, or --against."""
    from tfgan_improved.commands import image_sets

    samples = image_sets.of_run(folder, sampler, step, config.seed, request.job.truncation)
    if request.job.against:
        real = image_sets.named(request.job.against, request, samples.shape)
    else:
        real = image_sets.of_source(source, request.job.reference)
    return _scored(request, samples, real, {"run": config.seed}, step)


def _points(request, config, folder, source, sampler, step):
    """Points of a known mixture are counted around its centers."""
    from tfgan_improved.evaluation import modes

    samples, _ = draw(sampler, request.job.samples, request.job.sample_seed)
    return modes.evaluate(samples, source, request.job.reference, step=step,
                          seeds={"run": config.seed, "sample": request.job.sample_seed})


def _anything(request):
    """Images that come from no run folder; the record goes to --output, if named."""
    from tfgan_improved.commands import image_sets

    samples = image_sets.named(request.job.images, request)
    real = image_sets.named(request.job.against, request, samples.shape) if request.job.against else None
    _tell(_scored(request, samples, real, {}, None), request.job.output or None)


def _scored(request, samples, real, seeds, step):
    """The record of a set of images."""
    from tfgan_improved.commands import image_sets
    from tfgan_improved.evaluation import EXTRACTORS, SCORES, evaluate
    from tfgan_improved.evaluation.progress import Bar

    job, extractor = request.job, None
    if any(SCORES.find(SCORES.parse(text).name).seen for text in job.scores.split()):
        extractor = EXTRACTORS.make(job.extractor, getattr(real, "source", None),
                                    lambda name: image_sets.loaded(name, request))
    return evaluate.evaluate_images(
        samples, real, image_sets.other_of(real), extractor, job.scores, count=job.samples, seed=job.sample_seed,
        seeds=seeds, step=step, progress=Bar("scoring"), training=image_sets.training_of(real))


def _tell(record, path):
    from tfgan_improved.evaluation import evaluate

    if path:
        files.append_json_line(path, json.loads(json.dumps(record, allow_nan=False)))
    print(evaluate.sentence(record), flush=True)
