"""Score the newest checkpoint of a run folder and append to its scores.jsonl."""

from tfgan_improved import data, files
from tfgan_improved.commands.restored import draw, open_run, restored_sampler


def run(request):
    """Scores --samples images of the newest checkpoint against --reference."""
    folder, config = open_run(request)
    source = data.load(config.dataset, request.job.data_dir or None, config.image_size or None, config.holdout)
    score(config, request.job, folder, source)


def score(config, job, folder, source, again=True):
    """Appends one record to scores.jsonl; without `again` only where the step has none yet."""
    if len(source.shape) != 3:
        print(f"no scores: {source.name} has points, not images", flush=True)
        return
    from tfgan_improved.evaluation import evaluate, extractors

    sampler, step = restored_sampler(config, folder, job.at_step)
    done = [record for record in files.read_json_lines(folder.scores) if record["step"] == step]
    if done and not again:
        return
    extractor = extractors.make(job.extractor, source, job.inception)
    images, _ = draw(sampler, job.samples, job.sample_seed)
    record = evaluate.evaluate(images, source, extractor, split=job.reference, splits=job.splits,
                               seeds={"run": config.seed, "sample": job.sample_seed}, step=step)
    files.append_json_line(folder.scores, record)
    print(evaluate.sentence(record), flush=True)
