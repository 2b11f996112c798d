"""Packaging of tfgan-improved; BUILD.md gives the reason for each dependency."""

import pathlib
import re

from setuptools import find_packages, setup

ROOT = pathlib.Path(__file__).parent

setup(
    name="tfgan-improved",
    version=re.search(r'__version__ = "(.+)"', (ROOT / "tfgan_improved/__init__.py").read_text()).group(1),
    description="GANs for Keras 3 on TensorFlow: train, score and ship them, every technique a part of its own",
    long_description=(ROOT / "README.md").read_text(),
    long_description_content_type="text/markdown",
    packages=find_packages(include=["tfgan_improved", "tfgan_improved.*"]),
    package_data={"tfgan_improved.report": ["page.*", "voting.*"]},
    python_requires=">=3.11,<3.14",
    install_requires=[
        "tensorflow>=2.20,<2.22",
        "keras>=3.13,<3.16",
        "tensorflow-datasets>=4.9.9,<4.10",
        "tensorflow-gan>=2.1,<2.2",
        "tensorflow-hub>=0.16,<0.17",
        "numpy>=2.0,<3",
        "absl-py>=2.1,<3",
        "scikit-learn>=1.6,<2",
        "threadpoolctl>=3.5,<4",
        "scipy>=1.14,<2",
        "pillow>=11,<14",
        "jinja2>=3.1,<4",
        "matplotlib>=3.9,<4",
        "tensorboard>=2.20,<2.22",
        "importlib_resources>=6,<8",
        "setuptools<82",
    ],
    extras_require={
        "test": ["pytest>=8,<10", "pytest-timeout>=2.3,<3", "pytest-xdist>=3.8,<4", "ruff>=0.14,<1"],
        "gpu": ["tensorflow[and-cuda]>=2.20,<2.22"],
    },
)
