"""The flagfiles of BigGAN, SAGAN, SN-GAN's residual networks and the report's runs: their size, and that they step."""

import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved import assemble, data, flagset
from tfgan_improved.layers import SelfAttention
from tfgan_improved.main import VERBS

EXAMPLES = 24
SPLITS = {"imagenet2012": ("train", "validation"), "lsun/church_outdoor": ("train", "validation"),
          "lsun/bridge": ("train", "validation"), "celeb_a_hq/64": ("train",), "celeb_a_hq/128": ("train",),
          "cifar10": ("train", "test")}
# Classes of the data, the size of their images, and trained parameters of G and D by the specification's tables.
SIZES = {"imagenet128_biggan": (1000, 128, 70_433_988, 87_982_370),
         "imagenet128_sagan": (1000, 128, 42_078_852, 39_463_618),
         "cifar10_sngan_resnet": (0, 32, 4_276_739, None), "cifar10_biggan": (10, 32, 4_304_387, 4_207_361),
         "imagenet100_biggan": (100, 128, 31_863_588, 38_526_738),
         "lsun_church_biggan": (0, 128, 30_589_220, 38_424_338),
         "lsun_bridge_biggan": (0, 128, 30_589_220, 38_424_338), "celeba_hq_dcgan": (0, 64, 3_576_707, 2_765_633),
         "celeba_hq_sndcgan": (0, 64, 3_576_707, 2_765_633),
         # the report's counts, and the biases of ours at both ends: of 3, of D's first width and of 1
         "celeba_hq128_sndcgan": (0, 128, 12_786_563, 44_611_072 + 129),
         "cifar10_report_dcgan": (0, 32, 370_627, 167_808 + 33),
         "cifar10_report_sndcgan": (0, 32, 370_627, 167_808 + 33)}
# The same recipe with narrow networks, small images and batches, so that a step takes a moment.
ORTHOGONAL = "off_diagonal:beta=1e-4,layers=dense|up_*|attention_*|to_image"
TOY = {"imagenet128_biggan": ["--network=biggan:width=1,g_attention=16,d_attention=8", "--latent=normal:8",
                              "--image_size=32", "--batch_size=4", "--accumulate=2"],
       "imagenet128_sagan": ["--network=sagan:width=1,attention=32", "--image_size=64", "--batch_size=2"],
       "cifar10_sngan_resnet": ["--network=sngan_resnet:width=1", "--batch_size=2"],
       "cifar10_biggan": ["--network=biggan:width=1,shared=0,hierarchical=false,start=normal", "--batch_size=2"],
       "imagenet100_biggan": ["--network=biggan:width=1,form=reported,g_attention=8", "--latent=normal:8",
                              "--image_size=32", "--batch_size=2", "--dataset=classes:0-99,207:imagenet2012"],
       "lsun_church_biggan": ["--network=biggan:width=1,form=reported,g_attention=8", "--latent=normal:8",
                              "--image_size=32", "--batch_size=2"],
       "lsun_bridge_biggan": ["--network=biggan:width=1,form=reported,g_attention=8", "--latent=normal:8",
                              "--image_size=32", "--batch_size=2"],
       "celeba_hq_dcgan": ["--network=dcgan:width=2,dropout=0.5", "--batch_size=2"],
       "celeba_hq_sndcgan": ["--network=dcgan:width=2,dropout=0.5", "--batch_size=2"],
       "cifar10_report_dcgan": ["--network=dcgan:width=2,dropout=0.5", "--batch_size=2"],
       "cifar10_report_sndcgan": ["--network=dcgan:width=2,dropout=0.5", "--batch_size=2"],
       "celeba_hq128_sndcgan": ["--network=dcgan:width=2,d_width=4", "--image_size=64", "--batch_size=2"],
       "cifar10_sndcgan_conditional": ["--network=sndcgan:width=2", "--batch_size=2"],
       "cifar10_biggan_small_attention": ["--network=biggan:width=1,g_attention=16,d_attention=16",
                                          "--latent=normal:8", "--batch_size=2"]}

# Those that TOY shrinks in more than width keep their size, attention and z here: name -> what to give besides, the
# images' size, those of the maps that G and D attend to. BigGAN at 256 has no recipe but that of 128 at this size.
WHOLE = {"imagenet128_biggan": (["--batch_size=4", "--accumulate=2"], 128, [64, 64]),
         "imagenet128_sagan": ([], 128, [32, 32]), "imagenet100_biggan": ([], 128, [64, 64]),
         "lsun_church_biggan": ([], 128, [64, 64]), "lsun_bridge_biggan": ([], 128, [64, 64]),
         "celeba_hq128_sndcgan": ([], 128, []),
         "imagenet128_biggan at 256": (["--image_size=256", "--latent=normal:140", "--accumulate=1"], 256, [128, 64])}


def parsed(name, *more):
    return flagset.parse([f"--flagfile=flags/{name}.flags", *more], tuple(VERBS)).run


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch, request):
    monkeypatch.chdir(request.config.rootpath)


@pytest.fixture(scope="module")
def mocked(tmp_path_factory, mocking):
    """A folder where TFDS believes that the sets are prepared, and gives made-up examples of them."""
    with mocking(tmp_path_factory.mktemp("tfds"), SPLITS, EXAMPLES) as folder:
        yield folder


@pytest.mark.parametrize("name", SIZES)
def test_the_networks_have_their_full_size(name):
    classes, size, *wanted = SIZES[name]
    run = parsed(name)
    about = {"name": run.dataset, "shape": [size, size, 3], "classes": classes, "dtype": "uint8", "counts": {}}
    with keras.StatelessScope(initialize_variables=False):  # described, not made
        networks = assemble.networks(run, about)
        counts = [sum(int(np.prod(v.shape)) for v in network.trainable_variables) for network in networks]
    keras.utils.clear_session()
    assert [count for count, want in zip(counts, wanted) if want] == [want for want in wanted if want]
    assert run.batch_size in (50, 64, 256, 2048) and min(counts) > 10**5


@pytest.mark.parametrize("name", TOY)
def test_it_takes_a_step(name, mocked, monkeypatch, tmp_path):
    monkeypatch.setenv("TFGAN_IMPROVED_CACHE", str(tmp_path))
    check_a_step(parsed(name, *TOY[name]), name, mocked)


@pytest.mark.slow
@pytest.mark.parametrize("case", WHOLE)
def test_it_takes_a_step_at_its_own_size(case, mocked, monkeypatch, tmp_path):
    monkeypatch.setenv("TFGAN_IMPROVED_CACHE", str(tmp_path))
    name, (more, size, attended) = case.split()[0], WHOLE[case]
    narrow = re.sub(r"width=(\d+)", lambda found: f"width={max(1, int(found[1]) // 64)}", parsed(name).network)
    gan = check_a_step(parsed(name, f"--network={narrow}", "--batch_size=2", *more), name, mocked)
    assert gan.networks["g"].output_shape[1:] == (size, size, 3) and gan.latent.size >= 100
    assert [layer.input.shape[1] for player in "gd" for layer in gan.networks[player].layers
            if isinstance(layer, SelfAttention)] == attended


def check_a_step(run, name, mocked):
    """A step of the recipe on made-up images moves all that it should, by finite numbers; its GAN."""
    source = data.load(run.dataset, str(mocked), run.image_size or None)
    gan, parts = assemble.gan(run, assemble.about_data(source)), assemble.parts(run)
    before = {player: network.get_weights() for player, network in gan.networks.items()}
    batch = next(iter(data.batches(source, run.batch_size, parts=parts, flip=run.flip)))
    logs = gan.train_step(batch)
    assert set(logs) == {"d/loss", "g/loss", *(["g/off_diagonal"] if "imagenet128_biggan" == name else [])}
    assert all(np.isfinite(value) for value in logs.values())
    for player, network in gan.networks.items():
        moved = {new.path: np.abs(old - new.numpy()).max() for old, new in zip(before[player], network.weights)
                 if new.trainable}
        assert all(np.isfinite(weight).all() for weight in network.get_weights())
        still = {path for path, change in moved.items() if change == 0} - {"logits/logits/bias"}  # hinge cancels it
        nothing = ("query", "key", "value", "mix")  # of attention, which starts as nothing: only gamma moves
        assert not {path for path in still if path.split("/")[-2] not in nothing}
    assert gan.accumulate == run.accumulate and tf.executing_eagerly()
    return gan


def test_what_the_recipes_set():
    biggan, sagan, small = (parsed(name) for name in ("imagenet128_biggan", "imagenet128_sagan", "cifar10_biggan"))
    assert (biggan.g_lr, biggan.d_lr, biggan.beta1, biggan.beta2, biggan.d_steps) == (5e-5, 2e-4, 0.0, 0.999, 2)
    assert (sagan.g_lr, sagan.d_lr, sagan.beta1, sagan.beta2, sagan.d_steps) == (1e-4, 4e-4, 0.0, 0.9, 1)
    assert (small.g_lr, small.d_lr, small.beta2, small.d_steps, small.ema_start) == (2e-4, 2e-4, 0.999, 4, 1000)
    report = parsed("imagenet100_biggan")
    assert (report.g_lr, report.d_lr, report.batch_size, report.steps) == (1e-4, 4e-4, 64, 200_000)
    assert (biggan.ema, small.ema) == (0.9999, 0.9999)
    assert not any(parsed(name).ema for name in ("imagenet100_biggan", "lsun_church_biggan", "lsun_bridge_biggan",
                                                 "imagenet128_sagan"))
    assert biggan.g_terms == ORTHOGONAL
    residual = parsed("cifar10_sngan_resnet")
    assert (residual.d_steps, residual.lr_decay_to, residual.beta1, residual.beta2) == (5, 50_000, 0.0, 0.9)
