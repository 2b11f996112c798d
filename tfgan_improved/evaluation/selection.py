"""Quick scores of a generator while it trains, on images that the reported score is not held against."""

from tfgan_improved.evaluation import (
    EXTRACTORS,
    NotFinite,
    classifier,
    extractors,
    image_set,
    models,
    modes,
    statistics,
)
from tfgan_improved.evaluation.evidence import look
from tfgan_improved.evaluation.scores.confidence import ClassifierScore
from tfgan_improved.evaluation.scores.frechet import Frechet

SEED = 2016  # of the z: the same ones each time, so that scores of one run differ by its weights alone
REAL = 10_000  # real images at most


def split_of(source):
    """The split that selects: what is held out of training where something is, else what is trained on; never test."""
    return "validation" if source.counts.get("validation") else "train"


def refusal(source):
    """Why no generator of this data set is scored while it trains, in one sentence; "" where it is."""
    if hasattr(source, "centers") or (len(source.shape) == 3 and source.classes > 1):
        return ""
    return (f"no scores while training: {source.name} has no labels to train a classifier with, so the newest "
            "checkpoint is the best one known")


def ready(source):
    """Whether `judge` is made at once; else it trains the data set's classifier first."""
    return hasattr(source, "centers") or classifier.is_kept(source)


def judge(source, samples):
    """The `PointJudge` or `ImageJudge` of a data set without a `refusal`; its classifier is trained if none is kept."""
    if hasattr(source, "centers"):
        return PointJudge(source, samples)
    return ImageJudge(source, samples, EXTRACTORS.make("classifier", source, load=None))


class ImageJudge:
    """Called with a sampler -> {name: number}: the Frechet distance, which selects, and the classifier score.

    None for both where the generator makes NaN or infinity: the run goes on and says so itself.
    `about` says what is held against what. No intervals: that is what makes it quick. `samples` images are drawn.
    """

    def __init__(self, source, samples, extractor):
        self.samples, self.extractor, split = samples, extractor, split_of(source)
        images = image_set.of_source(source, split)
        real = images.limit(REAL)
        self.real = statistics.kept(images, real, extractor, {"moments"},
                                    lambda: look(images, real, extractor, {"moments"}))
        self.scores = (Frechet(), "fd"), (ClassifierScore(splits=1), "classifier_score")
        self.about = {"by": extractors.name_of(extractor, "fd"), "better": "lower", "split": split, "samples": samples,
                      "real": real, "extractor": extractor.hash}

    def __call__(self, sampler):
        drawn = models.of_sampler("samples", sampler).images()
        try:
            seen = look(drawn, self.samples, self.extractor, {"logits", "moments"}, seed=SEED)
        except NotFinite:
            return {extractors.name_of(self.extractor, short): None for _, short in self.scores}
        return {extractors.name_of(self.extractor, short): score(seen, self.real)[short].value
                for score, short in self.scores}


class PointJudge:
    """Called with a sampler of points -> {name: number}: modes found, the share of good points, and their sum.

    The sum selects: more modes are better, and of equally many the larger share.
    """

    def __init__(self, source, samples):
        self.source, self.samples = source, samples
        self.about = {"by": "modes_and_good_share", "better": "higher", "split": "centers", "samples": samples,
                      "real": len(source.centers)}

    def __call__(self, sampler):
        import tensorflow as tf

        points = sampler.sample(tf.constant(self.samples), tf.constant(SEED, tf.int64), tf.constant(0.0))["images"]
        found = modes.mode_scores(points.numpy(), self.source.centers, self.source.std)
        return {**found, "modes_and_good_share": found["modes"] + found["good_share"]}
