"""Score the newest checkpoint of a run folder and append to its scores.jsonl."""

import functools

from tfgan_improved import data, files
from tfgan_improved.commands.restored import draw, open_run, restored_sampler


def run(request):
    """Scores --samples images or points of the newest checkpoint against --reference."""
    folder, config = open_run(request)
    source = data.load(config.dataset, request.job.data_dir or None, config.image_size or None, config.holdout)
    score(config, request.job, folder, source)


def score(config, job, folder, source, again=True):
    """Appends one record to scores.jsonl; without `again` only where the step has none yet."""
    images = len(source.shape) == 3
    if not (images or hasattr(source, "centers")):
        print(f"no scores: {source.name} has neither images nor modes to count", flush=True)
        return
    from tfgan_improved.evaluation import evaluate

    sampler, step = restored_sampler(config, folder, job.at_step)
    done = [record for record in files.read_json_lines(folder.scores) if record["step"] == step]
    if done and not again:
        return
    scored = (_images if images else _points)(job, source)
    samples, _ = draw(sampler, job.samples, job.sample_seed)
    record = scored(samples, seeds={"run": config.seed, "sample": job.sample_seed}, step=step)
    files.append_json_line(folder.scores, record)
    print(evaluate.sentence(record), flush=True)


def _images(job, source):
    """Images are seen by an extractor."""
    from tfgan_improved.evaluation import evaluate, extractors

    extractor = extractors.make(job.extractor, source, job.inception)
    return functools.partial(evaluate.evaluate, source=source, extractor=extractor, split=job.reference,
                             splits=job.splits)


def _points(job, source):
    """Points of a known mixture are counted around its centers."""
    from tfgan_improved.evaluation import modes

    return functools.partial(modes.evaluate, source=source, split=job.reference)
