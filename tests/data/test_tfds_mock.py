"""Data sets that cannot be had here: TFDS's own features with made-up pixels, and sets made for the purpose."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from tfgan_improved import data

EXAMPLES = 12


@pytest.fixture
def mocked(tmp_path, mocking):
    """Loads a data set that TFDS mocks; its stated splits exist."""
    def load(name, splits, **how):
        with mocking(tmp_path, {name: splits}, EXAMPLES):
            source = data.load(name, str(tmp_path), **how)
            kept = source.arrays("train"), source.arrays("test")
            batch = next(iter(data.batches(source, 5, parts=2, replicas=2, replica_ids=(1,), flip=True)))
        return source, kept, batch

    return load


SETS = {  # name: (splits, image size asked for, shape, classes)
    "mnist": (("train", "test"), 32, (32, 32, 1), 10),
    "fashion_mnist": (("train", "test"), None, (28, 28, 1), 10),
    "cifar10": (("train", "test"), None, (32, 32, 3), 10),
    "cifar100": (("train", "test"), None, (32, 32, 3), 100),
    "svhn_cropped": (("train", "test", "extra"), None, (32, 32, 3), 10),
    "stl10": (("train", "test", "unlabelled"), 48, (48, 48, 3), 10),
    "celeb_a": (("train", "validation", "test"), 64, (64, 64, 3), 0),
    "celeb_a_hq/128": (("train",), None, (128, 128, 3), 0),
    "lsun/bedroom": (("train", "validation"), 64, (64, 64, 3), 0),
    "imagenet_resized/64x64": (("train", "validation"), None, (64, 64, 3), 1000),
    "imagenet2012": (("train", "validation", "test"), 128, (128, 128, 3), 1000),
}


@pytest.mark.parametrize("limit", [2**30, 0], ids=["memory", "stream"])
@pytest.mark.parametrize("name", SETS)
def test_every_data_set_can_be_trained_on(mocked, name, limit):
    splits, size, shape, classes = SETS[name]
    source, kept, (images, labels) = mocked(name, splits, image_size=size, memory_limit=limit)
    assert (source.shape, source.classes, source.in_memory) == (shape, classes, limit > 0)
    assert images.shape == (10, *shape) and images.dtype == tf.uint8 and labels.dtype == tf.int32
    assert len(source.class_names) == classes
    if len(splits) == 1:  # a tenth of 12 is held out as test
        assert source.counts == {"train": 11, "validation": 0, "test": 1}
    else:
        assert source.counts == {"train": 12, "validation": 0, "test": 12}
    for split, (pixels, numbers) in zip(("train", "test"), kept):
        assert pixels.shape == (source.counts[split], *shape) and 60 < pixels.mean() < 195 and pixels.std() > 5
        assert 0 <= numbers.min() and numbers.max() < max(1, classes)
    if len(splits) > 1:  # TFDS's mock does not cut splits
        pool = {picture.tobytes() for picture in kept[0][0]}
        straight = [picture.tobytes() in pool for picture in images.numpy()]
        mirrored = [picture[:, ::-1].tobytes() in pool for picture in images.numpy()]
        assert np.logical_xor(straight, mirrored).all() and any(straight) and any(mirrored)


@pytest.mark.parametrize("name", ["lsun/bedroom", "imagenet2012"])
def test_images_of_many_sizes_need_an_image_size(mocked, name):
    with pytest.raises(data.DataError, match=f"images of '{name}' have different sizes; set image_size"):
        mocked(name, ("train", "validation"))


def test_the_own_size_of_images_that_are_not_square_is_their_shorter_side(mocked):
    assert mocked("celeb_a", ("train", "test"))[0].shape == (178, 178, 3)


def test_a_set_without_images_is_refused(mocked):
    with pytest.raises(data.DataError, match="'imdb_reviews' is no data set of 8-bit images; .* label, text"):
        mocked("imdb_reviews", ("train", "test"))


def test_a_set_without_a_train_split_is_refused(mocked):
    with pytest.raises(data.DataError, match="'mnist' has no split train to learn from, only test"):
        mocked("mnist", ("test",))


LABELED = {"image": tfds.features.Image(shape=(None, None, 3)), "label": tfds.features.ClassLabel(num_classes=300)}


def one_color(number, label):
    """An image whose size changes from number to number and whose every pixel is the number."""
    return {"image": np.full((6 + number % 5, 9 - number % 3, 3), number, np.uint8), "label": label(number)}


@pytest.fixture
def prepare(tmp_path):
    """Really prepares a data set of numbers, in 4 files a split, and gives its loader."""
    def made(splits, features=LABELED, label=lambda number: number, example=one_color, ordered=False):
        tfds.dataset_builders.store_as_tfds_dataset(
            "own", version="1.0.0", data_dir=tmp_path, features=tfds.features.FeaturesDict(features),
            split_datasets={split: [(n, example(n, label)) for n in numbers] for split, numbers in splits.items()},
            disable_shuffling=ordered, download_config=tfds.download.DownloadConfig(num_shards=4),
        )
        return lambda **how: data.load("own", str(tmp_path), **{"image_size": 4, **how})

    return made


@pytest.mark.parametrize("limit", [2**30, 0], ids=["memory", "stream"])
def test_ones_own_prepared_set_is_cut_into_disjoint_splits(prepare, limit):
    source = prepare({"train": range(200)})(memory_limit=limit, holdout=30)
    assert source.counts == {"train": 150, "validation": 30, "test": 20} and source.classes == 300
    seen = [source.arrays(split) for split in source.counts]
    for images, labels in seen:
        assert (images == labels[:, None, None, None]).all()  # each keeps its label, every pixel its color
    assert sorted(np.concatenate([labels for _, labels in seen])) == list(range(200))
    epochs = np.stack([labels for _, labels in data.batches(source, 150).take(3)])
    assert all(sorted(epoch) == sorted(seen[0][1]) for epoch in epochs)
    assert np.abs(np.corrcoef(epochs)[np.triu_indices(3, 1)]).max() < 0.4  # chance: 0.08


@pytest.mark.parametrize("ordered", [False, True], ids=["mixed by TFDS", "in the makers' order"])
def test_a_stream_of_several_files_resumes_and_is_shared_exactly(prepare, ordered):
    source = prepare({"train": range(100)}, ordered=ordered)(memory_limit=0)  # 90, and 10 for test

    def rows(*args, **settings):
        return np.stack([labels for _, labels in data.batches(source, *args, **settings).take(25)])

    whole = rows(12)
    np.testing.assert_array_equal(rows(12, first_step=9)[:16], whole[9:])
    halves = [rows(6, replicas=2, replica_ids=(replica,)) for replica in (0, 1)]
    np.testing.assert_array_equal(np.concatenate(halves, 1), whole)
    assert sorted(whole.ravel()[90:180]) == sorted(source.arrays("train")[1])


def test_the_split_called_test_is_preferred_unless_its_labels_are_withheld(prepare):
    splits = {"train": range(10), "validation": range(10, 20), "test": range(20, 30)}
    assert sorted(prepare(splits)().arrays("test")[1]) == list(range(20, 30))


@pytest.mark.parametrize("splits, test", [
    ({"train": range(10), "validation": range(10, 20), "test": range(20, 30)}, 10),
    ({"train": range(20), "test": range(20, 30)}, 2),
])
def test_a_split_whose_labels_are_withheld_is_passed_over(prepare, splits, test):
    source = prepare(splits, label=lambda number: number if number < 20 else -1)()
    assert source.counts["test"] == test and source.arrays("test")[1].min() >= 0


def test_images_of_16_bits_are_refused(prepare):
    features = {"image": tfds.features.Image(shape=(4, 4, 1), dtype=np.uint16)}
    load = prepare({"train": range(4)}, features, example=lambda n, _: {"image": np.full((4, 4, 1), n, np.uint16)})
    with pytest.raises(data.DataError, match="'own' is no data set of 8-bit images; its examples have: image"):
        load()
