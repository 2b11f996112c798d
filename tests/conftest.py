"""The order of the files, and data sets that nobody has here: TFDS's own features with made-up pixels."""

import contextlib
import signal

import pytest
import tensorflow_datasets as tfds

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as behind a shell script's `&`; the programs tested inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items):
    """The longest files first, so that no worker waits for another one at the end."""
    items.sort(key=lambda item: "system" not in item.path.parts)


def describe(name, folder, splits, examples):
    """Writes the description of a prepared data set, as TFDS would, without its records."""
    builder = tfds.builder(name, data_dir=folder)
    builder.info.set_splits(tfds.core.SplitDict([
        tfds.core.SplitInfo(name=split, shard_lengths=[examples], num_bytes=1,
                            filename_template=tfds.core.ShardedFileTemplate(
                                dataset_name=builder.name, data_dir=builder.data_path, split=split,
                                filetype_suffix="tfrecord")) for split in splits]))
    builder.data_path.mkdir(parents=True)
    builder.info.write_to_directory(builder.data_path)


@pytest.fixture(scope="session")
def mocking():
    """In `mocking(folder, {name: splits}, examples)` TFDS believes that the folder has these data sets."""
    @contextlib.contextmanager
    def mocked(folder, sets, examples):
        for name, splits in sets.items():
            describe(name, folder, splits, examples)
        with tfds.testing.mock_data(num_examples=examples, data_dir=str(folder)):
            yield folder

    return mocked
