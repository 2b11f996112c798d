"""From sets of images to a record of scores, with the scores of real images beside them and the passport."""

from tfgan_improved.evaluation import SCORES, EvaluationError, extractors, moments, passport, statistics
from tfgan_improved.evaluation.evidence import look

DEFAULT = "classifier_score frechet kernel precision_recall density_coverage"
REAL_LIMIT = 50_000
TRAINING = 4  # times as many training images may be looked for copies


def evaluate_images(samples, real=None, other_real=None, extractor=None, scores=DEFAULT, *, count=10_000,
                    real_limit=REAL_LIMIT, seed=0, seeds=None, step=None, progress=None, training=None):
    """A record for JSON of `count` images of an `ImageSet`, held against the real ones, seen by `extractor`.

    {"step", "scores", "intervals", "bias", "better", "real", "passport"}, each but the first and last {name: number},
    and "better" {name: "higher" or "lower"}, of those of which it is known which is better. "real" has
    the same scores for real images: those of `other_real`, as many as there are samples, held against `real`: what a
    perfect generator would get. Scores that compare with nothing are those of `real` itself. Those that ask what was
    memorized look at `training` too, and beside them stands one half of `real` against the other. `scores` are names of
    `SCORES`, apart by spaces, or score objects; those that compare are left out of the default without `real`.
    `seed` is of the generator's draws; it and `seeds` are written into the passport. `progress(what, done, count)`.
    EvaluationError for images of different shapes, and for what a score cannot work with.
    """
    chosen, images = _chosen(scores, real), {"samples": samples, "real": real, "other real": other_real}
    images = {name: given for name, given in images.items() if given is not None}
    if any(_trained(score) for score in chosen):
        images["training"] = _told_apart(training, real)
    _check(images, chosen, count)
    count = samples.limit(count)
    limits = {"real": real_limit, "training": TRAINING * real_limit}
    seen = {name: _look(name, given, limits.get(name, count), extractor, chosen, seed, progress)
            for name, given in images.items()}
    record = _record(chosen, extractor, seen["samples"], seen.get("real"), seen.get("training"))
    card = passport.make(images, seen, extractor, chosen, {"sample": seed, **(seeds or {})})
    beside = {}
    for score in chosen if real else ():
        by, against = seen.get("other real" if score.compares else "real"), seen["real"]
        if _trained(score):
            by, against = against.half(0), against.half(1)
        if by is not None:
            score = score.for_real(count, by.count) if hasattr(score, "for_real") else score
            beside |= _record([score], extractor, by, against, seen.get("training"))["scores"]
    return {"step": step, **record, "real": beside, "passport": card}


def sentence(record):
    """The record in one line for a person: each score, and that of real images in brackets."""
    parts = []
    for name, value in record["scores"].items():
        if not name.endswith("_std") and value is not None:
            deviation, real = record["scores"].get(f"{name}_std"), record["real"].get(name)
            spread = "" if deviation is None else f" +/- {deviation:.2g}"
            parts.append(f"{name} {value:.4g}{spread}" + ("" if real is None else f" (real {real:.4g})"))
    step = "" if record["step"] is None else f"step {record['step']}: "
    accuracy = record["passport"].get("extractor", {}).get("accuracy")
    by = "" if accuracy is None else f", {accuracy:.2%} accurate"
    return f"{step}{', '.join(parts)}; {passport.counted(record['passport'])}{by}"


def _chosen(scores, real):
    if not isinstance(scores, str):
        return list(scores)
    made = [SCORES.make(text) for text in scores.split()]
    if real is not None:
        return made
    alone = [score for score in made if not score.compares]
    if not alone or (len(alone) < len(made) and scores != DEFAULT):
        raise EvaluationError(f"--scores='{scores}' compare with real images, and none were given; name them with "
                              "--against")
    return alone


def _trained(score):
    return getattr(score, "trained", False)


def _told_apart(training, real):
    """The training images. EvaluationError where there are none, or where the real ones are the same."""
    if training is None or real.about.get("split") in (None, "all", training.about.get("split")):
        raise EvaluationError("what is memorized is told by training images and by others; hold samples against "
                              "another split than the training one, of a data set that has one, as --reference=test")
    return training


def _check(images, chosen, count):
    samples = images["samples"]
    for given in images.values():
        if tuple(given.shape) != tuple(samples.shape):
            raise EvaluationError(f"images of shape {tuple(samples.shape)} cannot be held against '{given.name}', "
                                  f"whose shape is {tuple(given.shape)}; give images of one shape, or --image_size")
    if not chosen:
        raise EvaluationError("no scores are asked for; name some with --scores")
    if samples.limit(count) < 2:
        raise EvaluationError(f"{samples.limit(count)} images cannot be scored; give at least 2")


def _look(name, images, count, extractor, chosen, seed, progress):
    """What was seen of a set by those scores that look at it."""
    looks = {"other real": lambda score: score.compares and not _trained(score), "training": _trained}
    wanted = {part for score in chosen if looks.get(name, bool)(score) for part in score.reads}
    hear = None if progress is None else lambda done, total: progress(name, done, total)
    cut = name == "samples" or (name == "other real" and any(getattr(score, "grouped", False) for score in chosen))
    groups = moments.GROUPS if cut else 1

    def fresh():
        return look(images, count, extractor, wanted, seed=seed, groups=groups, progress=hear)

    if cut and images.known is None:  # no file keeps more than one group
        return fresh()
    return statistics.kept(images, count, extractor, wanted, fresh)


def _record(chosen, extractor, samples, real, training=None):
    """{"scores", "intervals", "bias", "better"} under the full names."""
    record = {"scores": {}, "intervals": {}, "bias": {}, "better": {}}
    for score in chosen:
        for short, value in score(samples, real, *([training] if _trained(score) else [])).items():
            name = extractors.name_of(extractor, short) if score.seen else short
            record["scores"][name] = value.value
            if value.low is not None:
                record["intervals"][name] = [value.low, value.high]
            if value.bias is not None:
                record["bias"][name] = value.bias
            if getattr(score, "better", {}).get(short):
                record["better"][name] = score.better[short]
    return record
