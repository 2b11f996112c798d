"""absl flags made from the fields of the configs; command line -> (verb, RunConfig, JobConfig, names given).

Nothing here imports TensorFlow, so that a mistake is told at once.
"""

import dataclasses
import difflib
import pathlib

from absl import flags

from tfgan_improved.config import ConfigError, JobConfig, RunConfig
from tfgan_improved.spec import KINDS

DEFINE = {bool: flags.DEFINE_bool, int: flags.DEFINE_integer, float: flags.DEFINE_float, str: flags.DEFINE_string}

MEANT = {  # by what others call it
    "--d_lr and --g_lr": "lr learning_rate", "--d_lr": "lr_d", "--g_lr": "lr_g", "--steps": "num_steps max_steps",
    "--steps, which counts updates and not epochs": "epochs n_epochs num_epochs", "--batch_size": "bs",
    "--d_steps": "n_critic d_iters", "--ema": "ema_decay", "--network": "model arch",
    "--latent=normal:<size>": "z_dim nz latent_dim", "--strategy=mirrored": "gpu gpus num_gpus",
    "--precision=bfloat16": "amp fp16", "--run_dir": "logdir output_dir out_dir workdir", "--output": "out",
    "--flagfile": "config"}
USUAL = {name: meant for meant, names in MEANT.items() for name in names.split()}


@dataclasses.dataclass(frozen=True)
class Request:
    """A parsed command line; `given` holds the names of the flags that it or its flagfiles set."""

    verb: str
    run: RunConfig
    job: JobConfig
    given: frozenset


def define():
    """A FlagValues with one flag for each field of both configs."""
    values = flags.FlagValues()
    for config in (RunConfig, JobConfig):
        for field in dataclasses.fields(config):
            DEFINE[type(field.default)](field.name, field.default, field.metadata["meaning"], flag_values=values)
    return values


def parse(arguments, verbs):
    """Reads `arguments` (without the program's name). ConfigError in one sentence for whatever is wrong."""
    values = define()
    try:
        rest = values(["main", *arguments])[1:]
    except flags.UnrecognizedFlagError as error:
        close = [f"--{name}" for name in difflib.get_close_matches(error.flagname, list(values), n=1)]
        meant = USUAL.get(error.flagname.replace("-", "_")) or "".join(close)
        hint = f"did you mean {meant}?" if meant else "`--help` lists them all"
        raise ConfigError(f"unknown flag --{error.flagname}; {hint}") from None
    except flags.CantOpenFlagFileError as error:
        raise ConfigError(f"--flagfile cannot be read ({str(error).split(':: ')[-1]}); paths in flagfiles are "
                          "relative to the folder you start from, so start from the repository's root") from None
    except flags.IllegalFlagValueError as error:
        asked = str(error).removeprefix("flag ").removesuffix(f": {error.__context__}")
        if "=" not in asked:  # --flagfile as the last word
            raise ConfigError("--flagfile has no file; write --flagfile=flags/<recipe>.flags") from None
        kind = KINDS[type(values[asked.removeprefix("--").partition("=")[0]].default)]
        raise ConfigError(f"{asked} is not {kind}; give one") from None
    except (flags.Error, ValueError) as error:
        name = str(error).removeprefix("Missing value for flag ").lstrip("-")
        if name in values:
            raise ConfigError(f"--{name} has no value; write --{name}=<{KINDS[type(values[name].default)]}>") from None
        raise ConfigError(f"{error}; `--help` lists all flags") from None
    verb = rest[0] if rest else verbs[0]
    if verb not in verbs or len(rest) > 1:
        close = difflib.get_close_matches(verb, verbs, 1)
        hint = f"; did you mean {close[0]}?" if close and len(rest) == 1 else ""
        raise ConfigError(f"'{' '.join(rest)}' is not a verb; use one of {', '.join(verbs)}{hint}")
    given = frozenset(name for name in values if values[name].present)
    run, job = (config(**{f.name: values[f.name].value for f in dataclasses.fields(config)})
                for config in (RunConfig, JobConfig))
    if not job.run_dir:
        job = dataclasses.replace(job, run_dir=f"runs/{_recipe(arguments, run)}")
    return Request(verb, run, job, given)


def _recipe(arguments, run):
    """The leaf flagfile's name, else one made of the data set and the network."""
    for index, text in enumerate(arguments):
        name, equals, value = text.lstrip("-").partition("=")
        if text.startswith("-") and name == "flagfile" and (value or not equals):
            return pathlib.Path(value if equals else arguments[index + 1]).stem
    names = (run.dataset.partition(":")[0].replace("/", "_"), run.network.partition(":")[0])
    return "_".join(names)


def usage(verbs):
    """The text of --help: verbs, then every flag with its default, limits and meaning."""
    lines = ["python -m tfgan_improved.main [verb] --flagfile=flags/<recipe>.flags [--flag=value ...]", "", "verbs:"]
    lines += [f"  {name:<10} {meaning}" for name, meaning in verbs.items()]
    for config in (RunConfig, JobConfig):
        lines += ["", f"{config.__doc__.splitlines()[0]}"]
        for field in dataclasses.fields(config):
            known = field.metadata.get("table", field.metadata.get("choices", ()))
            choices = f" [{', '.join(known)}]" if known else ""
            lines.append(f"  --{field.name:<20} {field.metadata['meaning']}{choices} "
                         f"(default: {field.default!r}{_limits(field.metadata)})")
    lines += ["", "--no<flag> sets a flag that is True to False, as in --noscore. Names in brackets may take",
              "arguments, as in --network=dcgan:width=64; a wrong one is told with all that there are."]
    return "\n".join(lines)


def _limits(rules):
    """The range of a flag's values, for --help."""
    low, high = rules.get("low"), rules.get("high")
    return "" if low is None else f"; at least {low}" if high is None else f"; from {low} to {high}"
