"""Where the tests find the real, prepared data sets."""

import os

import pytest


@pytest.fixture(scope="session")
def tfds_dir():
    """The folder with real MNIST and CIFAR-10; without it a test is skipped, but fails in CI."""
    folder = os.environ.get("TFDS_DATA_DIR", "")
    missing = [name for name in ("mnist", "cifar10") if not os.path.isdir(os.path.join(folder, name))]
    if missing:
        reason = f"needs {' and '.join(missing)} prepared by TFDS in TFDS_DATA_DIR, which is '{folder}'"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    return folder
