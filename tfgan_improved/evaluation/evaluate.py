"""From sets of images to a record of scores, with the scores of real images beside them and the passport."""

from tfgan_improved.evaluation import SCORES, EvaluationError, extractors, moments, passport, statistics
from tfgan_improved.evaluation.evidence import check_labels, look

DEFAULT = "classifier_score frechet kernel precision_recall density_coverage"
REAL_LIMIT = 50_000
TWICE = "two of the scores are called {}, and one would take the other's place; compute one at a time"
TRAINING = 4  # times as many training images may be looked for copies


def evaluate_images(samples, real=None, other_real=None, extractor=None, scores=DEFAULT, *, count=10_000,
                    real_limit=REAL_LIMIT, seed=0, seeds=None, step=None, progress=None, training=None):
    """A record for JSON of `count` images of an `ImageSet`, held against the real ones, seen by `extractor`.

    {"step", "scores", "intervals", "bias", "better", "real", "passport"}, each but the first and last {name: number},
    and "better" {name: "higher" or "lower"}, of those of which it is known which is better. "real" has
    the same scores for real images: those of `other_real`, as many as there are samples, held against `real`: what a
    perfect generator would get. Scores that compare with nothing are those of `real` itself. Those that ask what was
    memorized look at `training` too, and beside them stands one half of `real` against the other. `scores` are as
    `ready` takes them; `extractor` may be None where all they read is pixels.
    `seed` is of the generator's draws; it and `seeds` are written into the passport. `progress(what, done, count)`.
    EvaluationError for images of different shapes, and for what a score cannot work with.
    """
    chosen, images = ready(samples, real, other_real, scores, count=count, real_limit=real_limit, training=training)
    if extractor is None and any(score.seen for score in chosen):
        raise EvaluationError("scores of features and logits need an extractor; give one, or scores of pixels such as "
                              "sliced_wasserstein")
    count = samples.limit(count)
    limits = {"real": real_limit, "training": TRAINING * real_limit}

    def see(name):
        return _look(name, images[name], limits.get(name, count), extractor, chosen, seed, progress)

    seen = {name: see(name) for name in images if name != "other real"}
    record = _record(chosen, extractor, seen["samples"], seen.get("real"), seen.get("training"))
    counts = {name: part.count for name, part in seen.items()}
    del seen["samples"]  # before as many other real images take its place in memory
    if "other real" in images:
        seen["other real"] = see("other real")
        counts["other real"] = seen["other real"].count
    card = passport.make(images, counts, extractor, chosen, {"sample": seed, **(seeds or {})})
    return {"step": step, **record, "real": _beside(chosen, extractor, seen, count), "passport": card}


def ready(samples, real, other_real, scores, *, count, real_limit=REAL_LIMIT, training=None):
    """(score objects, {name: ImageSet}) of what `evaluate_images` is asked, checked before anything is looked at.

    `scores` are names of `SCORES`, apart by spaces or in a list, or score objects; those that compare are left out of
    the default without `real`. EvaluationError as far as can be told so early.
    """
    chosen, images = _chosen(scores, real), {"samples": samples, "real": real, "other real": other_real}
    images = {name: given for name, given in images.items() if given is not None}
    if any(_trained(score) for score in chosen):
        images["training"] = _told_apart(training, real)
    _check(images, chosen, samples.limit(count))
    for given in (samples, real):
        if given is not None and given.known is None:
            check_labels(given, {part for score in chosen for part in score.reads})
    real_count = None if real is None else real.limit(real_limit)
    for score in chosen:
        if hasattr(score, "check") and not (real and real.known):
            score.check(samples.limit(count), real_count)
    return chosen, images


def _beside(chosen, extractor, seen, count):
    """{name: number} of real images, as many as `count` samples, beside those of the samples."""
    beside = {}
    for score in chosen if "real" in seen else ():
        by, against = seen.get("other real" if score.compares else "real"), seen["real"]
        if _trained(score):
            by, against = against.half(0), against.half(1)
        if by is not None:
            score = score.for_real(count, by.count) if hasattr(score, "for_real") else score
            beside |= _record([score], extractor, by, against, seen.get("training"))["scores"]
    return beside


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
    asked = scores.split() if isinstance(scores, str) else scores
    made = [SCORES.make(each) if isinstance(each, str) else each for each in asked]
    alone = [score for score in made if not score.compares]
    if real is not None or len(alone) == len(made):
        return made
    if scores != DEFAULT:
        raise EvaluationError(f"--scores='{' '.join(map(str, asked))}' compare with real images, and none were given; "
                              "name them with --against")
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
    if samples.known is not None:
        raise EvaluationError(f"'{samples.name}' holds statistics, which samples are held against; give images to "
                              "score")
    for given in images.values():
        if tuple(given.shape) != tuple(samples.shape):
            raise EvaluationError(f"images of shape {tuple(samples.shape)} cannot be held against '{given.name}', "
                                  f"whose shape is {tuple(given.shape)}; {_way(samples, given)}")
    if not chosen:
        raise EvaluationError("no scores are asked for; name some with --scores")
    if count < 2:
        raise EvaluationError(f"{count} images cannot be scored; give at least 2")
    names = [(name, score.seen) for score in chosen for name in getattr(score, "better", {})]
    twice = [name for name, seen in names if names.count((name, seen)) > 1]
    if twice:
        raise EvaluationError(TWICE.format(twice[0]))


def _way(samples, given):
    """What can be done about images of two shapes: no size makes grey images of colored ones."""
    if samples.shape[2] != given.shape[2]:
        return "give both in grey or both in color"
    return "give images of one shape, or --image_size"


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
            if name in record["scores"]:
                raise EvaluationError(TWICE.format(name))
            record["scores"][name] = value.value
            if value.low is not None:
                record["intervals"][name] = [value.low, value.high]
            if value.bias is not None:
                record["bias"][name] = value.bias
            if getattr(score, "better", {}).get(short):
                record["better"][name] = score.better[short]
    return record
