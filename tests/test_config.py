"""Settings: their limits, and which of them decide the weights."""

import dataclasses
import json

import pytest

from tfgan_improved.config import ConfigError, JobConfig, RunConfig, differences, knob, specs

CONFIGS = (RunConfig, JobConfig)


def test_defaults_are_allowed():
    RunConfig()
    JobConfig()


@pytest.mark.parametrize("config", CONFIGS)
def test_every_field_has_a_meaning_a_plain_type_and_known_rules(config):
    known = {"meaning", "low", "high", "choices", "table", "several", "optional", "may_change"}
    for field in dataclasses.fields(config):
        assert field.metadata["meaning"] and set(field.metadata) <= known, field.name
        assert type(field.default) in (bool, int, float, str) and type(field.default) is field.type, field.name


def test_no_field_is_in_both_configs():
    assert not {f.name for f in dataclasses.fields(RunConfig)} & {f.name for f in dataclasses.fields(JobConfig)}


def edges():
    for config in CONFIGS:
        for field in dataclasses.fields(config):
            for rule, sign in (("low", -1), ("high", 1)):
                if rule in field.metadata:
                    yield config, field.name, field.metadata[rule], sign * (1 if field.type is int else 1e-6)


@pytest.mark.parametrize("config, name, edge, outward", list(edges()), ids=lambda part: getattr(part, "__name__", part))
def test_limits_hold_at_their_edges(config, name, edge, outward):
    partner = {} if config is JobConfig else {
        "strategy": "mirrored", "batch_size": 64, "d_terms": "r1", "g_terms": "feature_matching"}
    config(**{**partner, name: edge})
    with pytest.raises(ConfigError, match=f"^--{name}=.* is out of range; it must be "):
        config(**{name: edge + outward})


@pytest.mark.parametrize("settings, told", [
    ({"d_lr": float("nan")}, "--d_lr=nan is not a finite number"),
    ({"label_smoothing": float("inf")}, "--label_smoothing=inf is not a finite number"),
    ({"strategy": "mirored"}, "--strategy=mirored is not known; choose one of default, mirrored, multi_worker, tpu"),
    ({"loss": "hing"}, "--loss: unknown loss 'hing'; did you mean 'hinge'? Known: non_saturating"),
    ({"network": "dcgan:wdth=3"}, "--network: network 'dcgan' has no argument 'wdth'; did you mean 'width'?"),
    ({"network": "dcgan mlp"}, "--network: unknown network 'dcgan mlp'"),
    ({"d_norm": "batch layer"}, "--d_norm: unknown norm 'batch layer'"),
    ({"d_norm": ""}, "--d_norm: '' is not a technique"),
    ({"loss": "none"}, "--loss: unknown loss 'none'"),
    ({"latent": "normal:1.5"}, "--latent: size of latent 'normal' must be a whole number; received 1.5"),
    ({"d_terms": "r1:gamma=1 lecan"}, "--d_terms: unknown term 'lecan'; did you mean 'lecam'?"),
    ({"d_terms": "r1:name=x"}, "--d_terms: term 'r1' has no argument 'name'"),
    ({"g_terms": "feature_matching:weight=a"}, "--g_terms: weight of term 'feature_matching' must be a number"),
    ({"label_smoothing": 0.1, "loss": "hinge"}, "--label_smoothing=0.1 has no meaning for --loss=hinge"),
    ({"label_smoothing": 0.2, "loss": "non_saturating:label_smoothing=0.1"}, "--label_smoothing=0.2 and "
     "--loss=non_saturating:label_smoothing=0.1 give the smoothing twice; leave one out"),
    ({"label_smoothing": 0.1, "loss": "wasserstein"}, "has no meaning for --loss=wasserstein"),
    ({"precision": "mixed_float16"}, "--precision=mixed_float16 needs loss scaling"),
    ({"num_logical_devices": 2}, "--num_logical_devices=2 needs --strategy=mirrored; received --strategy=default"),
    ({"num_logical_devices": 3, "strategy": "mirrored"}, "--batch_size=64 cannot be shared equally by 3 replicas"),
    ({"jit": True, "strategy": "mirrored"}, "--jit works with one replica; received --strategy=mirrored"),
    ({"seed": 2**32}, "--seed=4294967296 is out of range; it must be from 0 to 4294967295"),
    ({"d_verdict": "classes"}, "--d_verdict: unknown verdict 'classes'; did you mean 'class_logits'? Known: binary"),
    ({"d_verdict": "class_logits:classes=3"}, "--d_verdict: verdict 'class_logits' has no argument 'classes'"),
    ({"deal": "together"}, "--deal: unknown deal 'together'; known: shared, apart"),
    ({"optimizer": "sgd"}, "--optimizer: unknown optimizer 'sgd'"),
    ({"optimizer": "root_adam:beta_1=0.9"}, "--optimizer: optimizer 'root_adam' has no argument 'beta_1'"),
    ({"loss": "non_saturating:generator_target=a"}, "generator_target of loss 'non_saturating' must be a number"),
    ({"d_loss_weight": 0.0}, "--d_loss_weight=0 leaves D nothing to minimize; give --d_terms or another weight"),
    ({"g_loss_weight": 0.0, "g_terms": "none"}, "--g_loss_weight=0 leaves G nothing to minimize; give --g_terms or"),
    ({"lr_decay_from": 10, "lr_decay_to": 10}, "--lr_decay_from=10 --lr_decay_to=10 is no line; the first must be"),
    ({"lr_decay_from": 10}, "--lr_decay_from=10 --lr_decay_to=0 is no line"),
    ({"lr_decay_to": 10}, "--lr_decay_from=0 --lr_decay_to=10 is no line"),
    ({"d_joint": "real fakes"}, "--d_joint takes the parts real, fake, labeled, each once; received 'real fakes'"),
    ({"d_joint": "real real"}, "--d_joint takes the parts real, fake, labeled, each once; received 'real real'"),
    ({"g_joint": "labeled real", "labels": 10}, "--g_joint takes the parts real, fake, each once; received"),
    ({"d_joint": "labeled real"}, "--d_joint=labeled real has a part without images; give --labels or leave labeled"),
    ({"labels": 100, "conditional": True}, "--labels=100 and --conditional contradict each other"),
])
def test_recipes_that_cannot_be(settings, told):
    with pytest.raises(ConfigError) as error:
        RunConfig(**settings)
    assert told in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("settings, told", [
    ({"scores": "beauty"}, "--scores: unknown score 'beauty'"),
    ({"reference": "tests"}, "--reference=tests is not known; choose one of test, validation, train"),
    ({"truncation": -0.5}, "--truncation=-0.5 is out of range; it must be at least 0.0"),
    ({"keep": 1}, "--keep=1 is out of range; it must be at least 2"),
])
def test_jobs_that_cannot_be(settings, told):
    with pytest.raises(ConfigError) as error:
        JobConfig(**settings)
    assert told in str(error.value)


@pytest.mark.parametrize("settings", [
    {"d_norm": "none", "g_norm": "none", "d_wrap": "none", "d_head": "none"},
    {"d_norm": "layer", "d_wrap": "spectral:power_iterations=2", "d_head": "minibatch_discrimination:kernels=8"},
    {"d_terms": "r1:gamma=1 lecam", "g_terms": "none"},
    {"d_terms": ""},
    {"loss": "least_squares", "label_smoothing": 0.1},
    {"num_logical_devices": 2, "strategy": "mirrored"},
    {"jit": True},
    {"latent": "uniform:100"},
    {"d_verdict": "class_logits", "labels": 100, "d_terms": "classification", "d_joint": "labeled real fake"},
    {"g_loss_weight": 0.0, "g_terms": "feature_matching:distance=absolute,layer=leaky_8", "g_joint": "fake real"},
    {"loss": "non_saturating:generator_target=0.375", "label_smoothing": 0.25},
    {"optimizer": "root_adam:epsilon=1e-6", "deal": "apart", "g_steps": 3, "lr_decay_from": 5, "lr_decay_to": 6},
])
def test_recipes_that_can_be(settings):
    RunConfig(**settings)


def test_specs_are_apart_by_spaces_and_none_is_no_part():
    assert specs("r1:gamma=10.0  lecam") == ["r1:gamma=10.0", "lecam"]
    assert specs("") == specs("none") == specs(" none ") == []


def test_differences_names_what_decides_the_weights():
    assert differences(RunConfig(), RunConfig()) == []
    assert differences(RunConfig(seed=1, d_lr=0.1), RunConfig()) == ["seed", "d_lr"]
    assert differences(RunConfig(steps=9), RunConfig(steps=5)) == []  # may be raised


def test_differences_reads_json_and_takes_a_missing_setting_for_its_default():
    stored = json.loads(json.dumps(dataclasses.asdict(RunConfig(loss="hinge"))))
    assert differences(RunConfig(loss="hinge"), stored) == []
    del stored["ema"]  # a run of an older version
    assert differences(RunConfig(loss="hinge"), stored) == []
    assert differences(RunConfig(loss="hinge", ema=0.5), stored) == ["ema"]


def test_a_new_rule_is_checked_where_it_is_written():
    @dataclasses.dataclass(frozen=True)
    class Config(RunConfig):
        extra: int = knob(3, "a number from 1 to 5", low=1, high=5)

    assert Config(extra=5).extra == 5
    with pytest.raises(ConfigError, match="--extra=6 is out of range; it must be from 1 to 5"):
        Config(extra=6)


def test_bfloat16_is_short_for_the_mixed_policy():
    assert RunConfig(precision="bfloat16") == RunConfig(precision="mixed_bfloat16")
