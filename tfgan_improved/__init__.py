"""tfgan_improved: GANs for Keras 3 on TensorFlow. Train, score and ship them, with every technique a part of its own.

Importing this is cheap: TensorFlow is imported when a part is first touched.
"""

import importlib

__version__ = "0.1.0"

_SHELVES = ("layers", "losses", "terms", "regularizers", "constraints", "networks", "data", "training", "evaluation",
            "instruments", "export", "pictures", "ops")
_NAMES = {"GAN": "training", "Player": "training", "two_players": "training", "Sampler": "export",
          "estimate_mutual_information": "evaluation"}
__all__ = [*_SHELVES, *_NAMES]


def __getattr__(name):
    if name in _SHELVES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _NAMES:
        return getattr(importlib.import_module(f"{__name__}.{_NAMES[name]}"), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'; it has {', '.join(__all__)}")


def __dir__():
    return sorted(__all__)
