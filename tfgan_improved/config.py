"""Every setting of the package, once: its name, default, limits and meaning. Flags and JSON are derived from here.

`RunConfig` is the recipe: what decides the weights. It is stored as `config.json` in the run folder and a run is only
continued with the same one. `JobConfig` is what a verb does with a run on this machine: where, how often, how many.
"""

import dataclasses
import math

from tfgan_improved import asked
from tfgan_improved.constraints import CONSTRAINTS
from tfgan_improved.errors import UserError
from tfgan_improved.evaluation import EXTRACTORS, SCORES
from tfgan_improved.instruments import INSTRUMENTS
from tfgan_improved.layers import HEADS, NORMS, WRAPS
from tfgan_improved.losses import LOSSES
from tfgan_improved.networks import NETWORKS, STATISTICS, VERDICTS
from tfgan_improved.ops import LATENTS
from tfgan_improved.pictures import PICTURES
from tfgan_improved.spec import SpecError
from tfgan_improved.terms import TERMS
from tfgan_improved.training import DEALS, OPTIMIZERS


class ConfigError(UserError):
    """A setting that cannot be; the message is one sentence for a person."""


def knob(default, meaning, **rules):
    """A field with its meaning and rules: low, high, choices, table, several (specs apart by spaces), may_change."""
    return dataclasses.field(default=default, metadata={"meaning": meaning, **rules})


@dataclasses.dataclass(frozen=True)
class Checked:
    """Checks every field against its rules. ConfigError naming the flag, what was received and what is allowed."""

    def __post_init__(self):
        for field in dataclasses.fields(self):
            _check(field, getattr(self, field.name))


def _check(field, value):
    rules, flag = field.metadata, f"--{field.name}={value}"
    if isinstance(field.default, float) and not math.isfinite(value):
        raise ConfigError(f"{flag} is not a finite number; give one")
    low, high = rules.get("low"), rules.get("high")
    if (low is not None and value < low) or (high is not None and value > high):
        limits = f"at least {low}" if high is None else f"from {low} to {high}"
        raise ConfigError(f"{flag} is out of range; it must be {limits}")
    if "choices" in rules and value not in rules["choices"]:
        raise ConfigError(f"{flag} is not known; choose one of {', '.join(rules['choices'])}")
    if "table" in rules:
        try:
            for text in specs(value) if rules.get("several") else [value]:
                if not (text == "none" and rules.get("optional")):
                    rules["table"].parse(text)
        except SpecError as error:
            raise ConfigError(f"--{field.name}: {error}") from None


def specs(text):
    """The parts of a setting that holds several techniques, apart by spaces; "none" and nothing are no part."""
    return [part for part in text.split() if part != "none"]


@dataclasses.dataclass(frozen=True)
class RunConfig(Checked):
    """The recipe: everything that decides the weights of a run."""

    dataset: str = knob("digits", "digits, ring8, grid25, spiral, stacked_mnist, folder:<path> or any TFDS image data "
                        "set by name; classes:0-99:<name> is some classes of one")
    image_size: int = knob(0, "pixels on a side after center crop and resize; 0 keeps the data set's own", low=0)
    flip: bool = knob(False, "mirror half of the training images left to right")
    holdout: int = knob(0, "training images kept out of training as the validation split", low=0)
    batch_size: int = knob(64, "examples of one update, over all replicas", low=1)
    steps: int = knob(2000, "training steps; may be raised to go on with a finished run", low=1, may_change=True)
    seed: int = knob(0, "of the initial weights, the order of the data and all noise", low=0, high=2**32 - 1)
    network: str = knob("dcgan", "the pair of networks and its arguments, such as dcgan:width=64", table=NETWORKS)
    conditional: bool = knob(False, "give the labels to both networks")
    labels: int = knob(0, "training images whose labels D sees, equally many of each class; 0 is none", low=0)
    label_seed: int = knob(0, "chooses which ones", low=0, high=2**32 - 1)
    latent: str = knob("normal:100", "the distribution and size of z, such as normal:128 or uniform:100", table=LATENTS)
    loss: str = knob("non_saturating", "the adversarial loss of both players", table=LOSSES)
    label_smoothing: float = knob(0.0, "one-sided: real targets are 1 minus this", low=0.0, high=0.5)
    d_loss_weight: float = knob(1.0, "of the adversarial loss in what D minimizes; 0 leaves it out", low=0.0)
    g_loss_weight: float = knob(1.0, "of the adversarial loss in what G minimizes; 0 leaves it out", low=0.0)
    d_terms: str = knob("", "what D minimizes besides the loss, parts separated by spaces", table=TERMS, several=True)
    g_terms: str = knob("", "what G minimizes besides the loss, parts separated by spaces", table=TERMS, several=True)
    d_norm: str = knob("batch", "normalization of D's activations, or none", table=NORMS, optional=True)
    g_norm: str = knob("batch", "normalization of G's activations, or none", table=NORMS, optional=True)
    d_wrap: str = knob("none", "what D's kernels are wrapped in, or none", table=WRAPS, optional=True)
    g_wrap: str = knob("none", "what G's kernels are wrapped in, or none", table=WRAPS, optional=True)
    d_constraint: str = knob("none", "what D's kernels are held to behind each update, or none", table=CONSTRAINTS,
                             optional=True)
    g_constraint: str = knob("none", "what G's kernels are held to behind each update, or none", table=CONSTRAINTS,
                             optional=True)
    d_head: str = knob("none", "what D's features pass through before the logits, or none", table=HEADS, optional=True)
    d_verdict: str = knob("binary", "what D says: one logit, or one for each class", table=VERDICTS)
    optimizer: str = knob("adam", "of both players, and its arguments", table=OPTIMIZERS)
    d_lr: float = knob(2e-4, "D's learning rate", low=0.0)
    g_lr: float = knob(2e-4, "G's learning rate", low=0.0)
    t_network: str = knob("statistics", "the network of player t, which --g_terms=information brings, and its "
                          "arguments, such as statistics:width=64", table=STATISTICS)
    t_lr: float = knob(2e-4, "its learning rate", low=0.0)
    t_steps: int = knob(1, "its updates in a step, between D's and G's", low=1)
    lr_decay_from: int = knob(0, "step from which all rates fall on a line to 0 at --lr_decay_to; 0 is never", low=0)
    lr_decay_to: int = knob(0, "step at which the rates are 0", low=0)
    beta1: float = knob(0.5, "Adam's decay of the mean of the gradients", low=0.0, high=0.9999)
    beta2: float = knob(0.999, "Adam's decay of their mean square", low=0.0, high=0.999999)
    d_steps: int = knob(1, "D updates in a step, each on fresh images", low=1)
    g_steps: int = knob(1, "G updates in a step, after D's", low=1)
    deal: str = knob("shared", "whether G's turn shares the images of D's last one or has its own", table=DEALS)
    d_joint: str = knob("", "parts of the batch that share one pass through D in its turn: real fake labeled")
    g_joint: str = knob("", "parts that share one pass through D in G's turn: real fake")
    accumulate: int = knob(1, "passes in which the batch of an update goes through the networks, to save memory", low=1)
    ema: float = knob(0.0, "decay of the average of G's weights, which is scored and exported; 0 is off",
                      low=0.0, high=0.99999)
    ema_start: int = knob(0, "step before which the averages are copies of the weights", low=0)
    d_ema: float = knob(0.0, "decay of the average of D's weights, which classifies; 0 is off", low=0.0, high=0.999999)
    strategy: str = knob("default", "how to spread a step", choices=("default", "mirrored", "multi_worker", "tpu"))
    num_logical_devices: int = knob(0, "split the CPU in this many devices to try replicas; 0 does not", low=0, high=64)
    precision: str = knob("float32", "of activations; bfloat16 is short for mixed_bfloat16, weights stay float32",
                          choices=("float32", "bfloat16", "mixed_bfloat16"))
    jit: bool = knob(False, "compile the step with XLA (one replica)")
    threads: int = knob(0, "threads of each operation; 0 lets TensorFlow choose; exact resuming needs the same", low=0)

    def __post_init__(self):
        if self.precision == "mixed_float16":  # before it is told to be none of those allowed
            raise ConfigError("--precision=mixed_float16 needs loss scaling, which GAN players do not share; "
                              "use bfloat16")
        super().__post_init__()
        if self.label_smoothing and "label_smoothing" not in LOSSES.arguments(LOSSES.parse(self.loss).name):
            raise ConfigError(f"--label_smoothing={self.label_smoothing} has no meaning for --loss={self.loss}, which "
                              "has no targets; leave it out or choose non_saturating, saturating or least_squares")
        if self.label_smoothing and "label_smoothing" in dict(LOSSES.parse(self.loss).arguments):
            raise ConfigError(f"--label_smoothing={self.label_smoothing} and --loss={self.loss} give the smoothing "
                              "twice; leave one out")
        self._check_players()
        if self.precision == "bfloat16":  # one name in the recipe for one thing
            object.__setattr__(self, "precision", "mixed_bfloat16")
        if self.num_logical_devices > 1 and self.strategy != "mirrored":
            raise ConfigError(f"--num_logical_devices={self.num_logical_devices} needs --strategy=mirrored; "
                              f"received --strategy={self.strategy}")
        if self.num_logical_devices > 1 and self.batch_size % self.num_logical_devices:
            raise ConfigError(f"--batch_size={self.batch_size} cannot be shared equally by "
                              f"{self.num_logical_devices} replicas; use a multiple of {self.num_logical_devices}")
        if self.batch_size % (self.accumulate * max(self.num_logical_devices, 1)):
            raise ConfigError(f"--batch_size={self.batch_size} cannot be accumulated in --accumulate={self.accumulate} "
                              f"equal passes on each replica; use a multiple of {self.accumulate} for each")
        if self.ema_start and not (self.ema or self.d_ema):
            raise ConfigError(f"--ema_start={self.ema_start} has no average to start; give --ema")
        if self.jit and self.strategy != "default" and self.strategy != "tpu":
            raise ConfigError(f"--jit works with one replica; received --strategy={self.strategy}; leave one out")

    def _check_players(self):
        """What each player minimizes, sees and how fast it learns."""
        if (self.lr_decay_from or self.lr_decay_to) and not 0 < self.lr_decay_from < self.lr_decay_to:
            raise ConfigError(f"--lr_decay_from={self.lr_decay_from} --lr_decay_to={self.lr_decay_to} is no line; "
                              "the first must be above 0 and the second above the first, or both 0")
        for player in "dg":
            if not getattr(self, f"{player}_loss_weight") and not specs(getattr(self, f"{player}_terms")):
                raise ConfigError(f"--{player}_loss_weight=0 leaves {player.upper()} nothing to minimize; give "
                                  f"--{player}_terms or another weight")
        for flag, known in (("d_joint", ("real", "fake", "labeled")), ("g_joint", ("real", "fake"))):
            parts = getattr(self, flag).split()
            if set(parts) - set(known) or len(set(parts)) < len(parts):
                raise ConfigError(f"--{flag} takes the parts {', '.join(known)}, each once; "
                                  f"received '{' '.join(parts)}'")
        if "labeled" in self.d_joint.split() and not self.labels:
            raise ConfigError(f"--d_joint={self.d_joint} has a part without images; give --labels or leave labeled out")
        if self.labels and self.conditional:
            raise ConfigError(f"--labels={self.labels} and --conditional contradict each other: a conditional network "
                              "needs every label; leave one out")


@dataclasses.dataclass(frozen=True)
class JobConfig(Checked):
    """What a verb does with a run on this machine; nothing here changes the weights."""

    run_dir: str = knob("", "the run folder; by default runs/<name of the flagfile>")
    data_dir: str = knob("", "where TFDS data sets are; by default TFDS_DATA_DIR, then TFDS's own default")
    checkpoint_every: int = knob(1000, "steps between checkpoints", low=1)
    run_dirs: str = knob("", "the run folders of `ensemble` and `compare`, separated by spaces; `compare` also takes "
                         ".jsonl files of `evaluate --output`")
    by: str = knob("", "the score by which `compare` ranks; a beginning that only one has will do")
    ignore: str = knob("", "fields of passports that may differ in `compare`, separated by spaces, such as "
                       "versions.tensorflow")
    keep: int = knob(3, "newest checkpoints kept; the best one stays besides", low=2)
    log_every: int = knob(100, "steps between lines of log.jsonl and TensorBoard scalars", low=1)
    classify_every: int = knob(1000, "steps between counts of D's errors, for a D that classifies", low=1)
    sample_every: int = knob(1000, "steps between sample grids", low=1)
    steps_per_call: int = knob(10, "steps between returns from TensorFlow", low=1, high=1000)
    worker_wait: int = knob(300, "seconds to wait for the other workers of --strategy=multi_worker", low=1)
    at_step: int = knob(0, "the checkpoint that the verbs use; 0 is the newest", low=0)
    best: bool = knob(False, "use the checkpoint that scored best while training, as --at_step, also for the score and "
                      "the export at its end; in `compare` the last score of such a one")
    score: bool = knob(True, "score while training and at its end")
    score_every: int = knob(1000, "steps between the quick scores that select the best checkpoint, rounded up to a "
                            "multiple of --checkpoint_every; 0 is off", low=0)
    score_samples: int = knob(1000, "generated images of a quick score", low=2)
    instruments: str = knob("", "what is measured of the networks while training, parts separated by spaces",
                            table=INSTRUMENTS, several=True)
    instrument_every: int = knob(1000, "steps between measurements", low=1)
    warn_every: int = knob(250, "steps between looks for collapse and divergence, which are warned of; 0 is off", low=0)
    export: bool = knob(True, "export at the end of training")
    report: bool = knob(True, "write report.html at the end of training")
    nearest: int = knob(8, "samples beside which `report` shows the nearest training images; 0 is none", low=0,
                        high=100)
    sweep: str = knob("", "truncations at which `report` first scores the generator and which `sample "
                      "--picture=truncation` compares, separated by spaces, such as \"0.5 1 0\", 0 for none")
    images: str = knob("", "what `evaluate` scores instead of --run_dir: a run folder, a SavedModel that maps z to "
                       "images, a folder of images, an .npz, or a data set such as cifar10@train; `sample` takes the "
                       "first two")
    against: str = knob("", "the real images, named in the same way, or an .npz of statistics; by default the "
                        "run's data")
    samples: int = knob(10000, "generated images that are scored", low=2)
    reference: str = knob("test", "the split that samples are held against and D's errors are counted on",
                          choices=("test", "validation", "train"))
    scores: str = knob("classifier_score frechet kernel precision_recall density_coverage",
                       "what is computed, parts separated by spaces", table=SCORES, several=True)
    extractor: str = knob("classifier", "what sees the images: classifier (trained on the data set that they are held "
                          "against), classifier:mnist (on another), inception, inception:<path of a SavedModel>, "
                          "inception_graph:<path of classify_image_graph_def.pb>, keras_inception:weights=<path>",
                          table=EXTRACTORS)
    image_range: str = knob("auto", "what the numbers of a foreign SavedModel's images mean",
                            choices=("auto", "minus_one_to_one", "zero_to_one", "bytes"))
    model_latent: str = knob("normal", "the distribution of a foreign SavedModel's z", choices=("normal", "uniform"))
    picture: str = knob("grid", "what `sample` draws, such as interpolation:between=classes", table=PICTURES)
    count: int = knob(64, "images of `sample`, or as many as fill its rows, of a run's grids and of `vote`", low=1)
    classes: str = knob("", "the classes that `sample` draws, such as 3,5 or 0-4 or horse,ship; by default any")
    sample_seed: int = knob(0, "of the z that `sample` and scoring draw", low=0, high=2**32 - 1)
    standing: int = knob(0, "passes over which G's batch norms take their statistics anew for `sample`, `evaluate` and "
                         "the export; 0 keeps the moving averages", low=0)
    truncation: float = knob(0.0, "bound on each |z| when sampling; 0 is none", low=0.0)
    feedback: int = knob(0, "votes after which the page of `vote` shows the mistakes among them; 0 is never", low=0)
    votes: str = knob("", "files of votes, separated by spaces, that `vote` counts instead of writing its page")
    output: str = knob("", "the file that `sample` (.png or .npz), `evaluate` (.jsonl), `compare` (.md or .json), "
                       "`report` or `vote` (.html) writes; by default in the run folder")

    def __post_init__(self):
        super().__post_init__()
        if self.best and self.at_step:
            raise ConfigError(f"--best and --at_step={self.at_step} name two checkpoints; leave one out")
        asked.classes(self.classes), asked.truncations(self.sweep)


def differences(asked, stored):
    """Names of the settings in which two configs differ (`stored` may be a dict from JSON), less those that may."""
    stored = dataclasses.asdict(stored) if dataclasses.is_dataclass(stored) else stored
    fields = [field for field in dataclasses.fields(asked) if not field.metadata.get("may_change")]
    return [field.name for field in fields if getattr(asked, field.name) != stored.get(field.name, field.default)]
