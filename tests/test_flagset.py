"""Flags: made from the configs, read from command lines and flagfiles."""

import dataclasses

import pytest

from tfgan_improved import flagset
from tfgan_improved.config import ConfigError, JobConfig, RunConfig

VERBS = ("train", "sample", "describe")


def parse(*arguments):
    return flagset.parse(list(arguments), VERBS)


def test_there_is_one_flag_for_each_field_with_its_default():
    request = parse()
    assert request.run == RunConfig()
    assert dataclasses.replace(request.job, run_dir="") == JobConfig()
    assert request.verb == "train" and request.given == frozenset()


@pytest.mark.parametrize("arguments", [
    ("sample", "--steps=7", "--noscore"), ("--steps=7", "sample", "--score=false"),
    ("--steps", "7", "--noscore", "sample")])
def test_the_verb_may_stand_anywhere(arguments):
    request = parse(*arguments)
    assert (request.verb, request.run.steps, request.job.score) == ("sample", 7, False)
    assert request.given == {"steps", "score"}


def test_types_are_those_of_the_fields():
    run = parse("--d_lr=1", "--flip", "--ema=.5", "--steps=3", "--d_terms=r1:gamma=10.0 lecam").run
    assert (run.d_lr, run.flip, run.ema, run.steps, run.d_terms) == (1.0, True, 0.5, 3, "r1:gamma=10.0 lecam")
    assert type(run.d_lr) is float and type(run.steps) is int


def test_the_last_value_wins_also_over_flagfiles(tmp_path):
    (tmp_path / "base.flags").write_text("# base\n--steps=1\n--d_terms=r1\n--loss=hinge\n")
    (tmp_path / "leaf.flags").write_text(f"# leaf\n--flagfile={tmp_path}/base.flags\n--steps=2\n--d_terms=\n")
    request = parse(f"--flagfile={tmp_path}/leaf.flags", "--loss=wasserstein")
    assert (request.run.steps, request.run.d_terms, request.run.loss) == (2, "", "wasserstein")
    assert request.given == {"steps", "d_terms", "loss"}


@pytest.mark.parametrize("arguments, run_dir", [
    ((), "runs/digits_dcgan"),
    (("--dataset=celeb_a_hq/128", "--network=mlp:width=8"), "runs/celeb_a_hq_128_mlp"),
    (("--dataset=folder:/a/b",), "runs/folder_dcgan"),
    (("--flagfile={}",), "runs/my_recipe"),
    (("sample", "--flagfile", "{}"), "runs/my_recipe"),
    (("-flagfile={}", "--seed=3"), "runs/my_recipe"),
    (("--flagfile={}", "--run_dir=/tmp/elsewhere"), "/tmp/elsewhere"),
    (("--flagfile=",), "runs/digits_dcgan"),
])
def test_the_run_folder_has_a_default_fixed_by_the_recipes_name(tmp_path, arguments, run_dir):
    path = tmp_path / "my_recipe.flags"
    path.write_text("# A recipe.\n--steps=3\n")
    assert parse(*(text.format(path) for text in arguments)).job.run_dir == run_dir


@pytest.mark.parametrize("arguments, told", [
    (["--stepz=3"], "unknown flag --stepz; did you mean --steps?"),
    (["--frobnicate"], "unknown flag --frobnicate; `--help` lists them all"),
    (["--steps=many"], "--steps=many is not a whole number; give one"),
    (["--steps=12:30"], "--steps=12:30 is not a whole number; give one"),
    (["--steps=1.5"], "--steps=1.5 is not a whole number; give one"),
    (["--d_lr=fast"], "--d_lr=fast is not a number; give one"),
    (["--flip=maybe"], "--flip=maybe is not true or false; give one"),
    (["--noflip=1"], "--noflip=1 does not take an argument"),
    (["--steps"], "--steps has no value; write --steps=<a whole number>"),
    (["--flagfile"], "--flagfile has no file; write --flagfile=flags/<recipe>.flags"),
    (["--lr=1e-4"], "unknown flag --lr; did you mean --d_lr and --g_lr?"),
    (["--epochs=3"], "unknown flag --epochs; did you mean --steps, which counts updates and not epochs?"),
    (["--output-dir=x"], "unknown flag --output-dir; did you mean --run_dir?"),
    (["-steps"], "--steps has no value; write --steps=<a whole number>"),
    (["--steps=0"], "--steps=0 is out of range; it must be at least 1"),
    (["--loss=hing"], "did you mean 'hinge'?"),
    (["--flagfile=/no/such.flags"], "--flagfile cannot be read (Unable to open flagfile: [Errno 2]"),
    (["trian"], "'trian' is not a verb; use one of train, sample, describe; did you mean train?"),
    (["train", "sample"], "'train sample' is not a verb"),
])
def test_what_cannot_be_read_is_told_in_one_sentence(arguments, told):
    with pytest.raises(ConfigError) as error:
        parse(*arguments)
    assert told in str(error.value) and "\n" not in str(error.value)


def test_a_mistake_in_a_flagfile_is_told_too(tmp_path):
    (tmp_path / "bad.flags").write_text("# a comment\n--nope=3\n")
    with pytest.raises(ConfigError, match="unknown flag --nope"):
        parse(f"--flagfile={tmp_path}/bad.flags")


def test_parsing_twice_does_not_remember():
    assert parse("--steps=5").run.steps == 5
    assert parse().run.steps == RunConfig().steps


def test_usage_names_every_flag_and_verb():
    text = flagset.usage({"train": "trains", "sample": "draws"})
    for config in (RunConfig, JobConfig):
        for field in dataclasses.fields(config):
            assert f"--{field.name} " in text and field.metadata["meaning"] in text
    assert "trains" in text and "draws" in text and "[non_saturating, saturating, hinge" in text
    assert "(default: 64; at least 1)" in text and "(default: 0.0; from 0.0 to 0.5)" in text and "--noscore" in text
