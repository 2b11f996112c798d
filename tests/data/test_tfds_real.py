"""Real MNIST and CIFAR-10, in memory and streamed."""

import shutil
import time

import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved import data


@pytest.fixture(scope="module")
def mnist(tfds_dir):
    return data.load("mnist", tfds_dir)


@pytest.fixture(scope="module")
def stream(tfds_dir):
    return data.load("mnist", tfds_dir, holdout=500, memory_limit=0)


def fingerprints(images):
    return [hash(image.tobytes()) for image in np.asarray(images)]


def test_mnist_is_itself(mnist):
    assert (mnist.name, mnist.shape, mnist.dtype, mnist.classes) == ("mnist", (28, 28, 1), "uint8", 10)
    assert mnist.counts == {"train": 60_000, "validation": 0, "test": 10_000} and mnist.in_memory
    images, labels = mnist.arrays("test")
    assert images.shape == (10_000, 28, 28, 1) and labels.dtype == np.int32
    assert np.bincount(labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert mnist.arrays("train")[0].mean() / 255 == pytest.approx(0.1307, abs=5e-5)  # the mean everybody knows


def test_cifar10_is_itself_and_cut_to_size(tfds_dir):
    source = data.load("cifar10", tfds_dir, memory_limit=0)
    assert (source.shape, source.classes, source.counts["train"]) == ((32, 32, 3), 10, 50_000)
    small = data.load("cifar10", tfds_dir, image_size=16)
    assert source.class_names == small.class_names and source.class_names[7] == "horse"
    full, labels = source.arrays("test", limit=100)
    half, same = small.arrays("test", limit=100)
    np.testing.assert_array_equal(labels, same)
    assert set(labels) == set(range(10)) and half.shape == (100, 16, 16, 3)
    averaged = full.reshape(100, 16, 2, 16, 2, 3).mean((2, 4))
    assert np.corrcoef(half.ravel(), averaged.ravel())[0, 1] > 0.98


def test_a_stream_holds_out_its_last_examples(stream, mnist):
    assert not stream.in_memory and stream.counts == {"train": 59_500, "validation": 500, "test": 10_000}
    whole = mnist.arrays("train")
    for split, rows in (("train", slice(0, 50)), ("validation", slice(59_500, 59_550))):
        images, labels = stream.arrays(split, limit=50)
        np.testing.assert_array_equal(images, whole[0][rows])
        np.testing.assert_array_equal(labels, whole[1][rows])


def taken(source, rows, elements, **settings):
    batches = data.batches(source, rows, **settings).take(elements)
    return np.concatenate([images for images, _ in batches]), np.concatenate([labels for _, labels in batches])


def test_an_epoch_of_a_stream_sees_each_example_once(stream):
    images, labels = taken(stream, 500, 3, split="validation")
    want = sorted(fingerprints(stream.arrays("validation")[0]))
    for epoch in range(3):
        assert sorted(fingerprints(images[epoch * 500:][:500])) == want
    assert (labels[:500] != labels[500:1000]).mean() > 0.8
    assert (labels[:500] != stream.arrays("validation")[1]).mean() > 0.8


def test_a_stream_resumes_exactly_also_in_a_later_epoch(stream):
    settings = dict(split="validation", seed=7, flip=True, parts=2)
    images, labels = taken(stream, 30, 30, **settings)
    for first in (3, 21):  # an epoch is 8.3 elements
        resumed = taken(stream, 30, 4, first_step=first, **settings)
        np.testing.assert_array_equal(resumed[0], images[60 * first:][:240])
        np.testing.assert_array_equal(resumed[1], labels[60 * first:][:240])


def test_a_stream_resumes_exactly_deep_in_a_big_epoch(stream):
    images, _ = taken(stream, 100, 60)  # 6,000 examples, more than its buffer of 4,096
    np.testing.assert_array_equal(taken(stream, 100, 3, first_step=57)[0], images[5700:])


def test_the_replicas_of_a_stream_share_its_steps(stream):
    images, _ = taken(stream, 6, 4)
    apart = [taken(stream, 2, 4, replicas=3, replica_ids=(replica,))[0] for replica in range(3)]
    together = np.concatenate([part.reshape(4, 2, 28, 28, 1) for part in apart], 1)
    np.testing.assert_array_equal(together.reshape(images.shape), images)


def test_only_the_seed_given_decides_the_order_of_a_stream(stream):
    try:
        tf.random.set_seed(1)
        one = taken(stream, 64, 1)[0]
        tf.random.set_seed(2)
        np.testing.assert_array_equal(taken(stream, 64, 1)[0], one)
    finally:
        tf.random.set_seed(None)
    assert (taken(stream, 64, 1, seed=1)[0] != one).any()


def test_a_batch_from_memory_is_cheap(mnist):
    batches = iter(data.batches(mnist, 64))
    for _ in range(50):
        next(batches)
    spent = []
    for _ in range(5):  # the best of a few, for other work may run beside the tests
        start = time.process_time()
        for _ in range(200):
            next(batches)
        spent.append((time.process_time() - start) / 200)
    assert min(spent) < 2e-3  # 0.3 ms, on all cores together, on the machine this was written on


@pytest.mark.parametrize("size", [None, 5000])
def test_a_damaged_file_is_told_in_one_sentence(tfds_dir, tmp_path, size):
    """One file gone, or one cut off."""
    shutil.copytree(f"{tfds_dir}/mnist", tmp_path / "mnist")
    source = data.load("mnist", str(tmp_path))
    [path] = (tmp_path / "mnist").glob("*/mnist-test.tfrecord*")
    path.write_bytes(path.read_bytes()[:size]) if size else path.unlink()
    for read in (lambda: source.arrays("test"), lambda: data.load("mnist", str(tmp_path)).arrays("test")):
        with pytest.raises(data.DataError) as told:
            read()
        assert "\n" not in str(told.value) and ("damaged" in str(told.value) or str(path) in str(told.value))


@pytest.mark.parametrize("name, told", [
    ("fashion_mnist", "not prepared in .*tfds build fashion_mnist --data_dir="),
    ("celeb_a_hq/128", "not prepared in .*tfds build celeb_a_hq/128 --data_dir="),
    ("mnits", "did you mean mnist"),
    ("digit", "did you mean digits"),
    ("no_such_thing_at_all", "tensorflow.org/datasets"),
    ("celeb_a_hq/77", "its configurations are 1024, 512"),
    ("mnist:1.0.0", "only: 3.0.1"),
    ("mnist/color=red", "TFDS does not accept the name 'mnist/color=red'"),
    ("no_such/a=b/c", "TFDS does not accept|there is no data set"),
])
def test_what_is_not_there_is_told_in_one_sentence(tfds_dir, name, told):
    with pytest.raises(data.DataError, match=told) as refusal:
        data.load(name, tfds_dir)
    assert "\n" not in str(refusal.value)


def test_the_environment_says_where_the_data_lie(tfds_dir, monkeypatch, tmp_path):
    assert data.load("mnist").counts["train"] == 60_000
    with pytest.raises(data.DataError, match="'mnist' is not prepared"):
        data.load("mnist", str(tmp_path))
    with pytest.raises(data.DataError, match="data_dir '/no/such' does not exist"):
        data.load("mnist", "/no/such")
    monkeypatch.setenv("TFDS_DATA_DIR", "/no/such")
    assert data.load("mnist", tfds_dir).counts["train"] == 60_000


@pytest.mark.parametrize("settings, told", [
    (dict(image_size=0), "image_size must be at least 1; received 0"),
    (dict(holdout=60_000), "holdout must be from 0 to 59999"),
])
def test_numbers_out_of_range_are_refused(tfds_dir, settings, told):
    for limit in (0, 2**30):
        with pytest.raises(data.DataError, match=told):
            data.load("mnist", tfds_dir, memory_limit=limit, **settings)


def test_a_set_that_another_version_of_tfds_prepared_is_read(tfds_dir, tmp_path):
    shutil.copytree(f"{tfds_dir}/mnist/3.0.1", tmp_path / "mnist" / "2.0.0")
    info = tmp_path / "mnist" / "2.0.0" / "dataset_info.json"
    info.write_text(info.read_text().replace("3.0.1", "2.0.0"))
    with pytest.raises(data.DataError, match="'mnist:3.0.1' is not prepared"):
        data.load("mnist:3.0.1", str(tmp_path))
    want = data.load("mnist", tfds_dir, memory_limit=0).arrays("test", limit=3)[0]
    got = data.load("mnist", str(tmp_path), memory_limit=0).arrays("test", limit=3)[0]
    np.testing.assert_array_equal(got, want)
