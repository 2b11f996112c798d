"""TF-GAN's `eval` subpackage, the reference scorer, without the rest of TF-GAN.

The root of TF-GAN imports `tf.estimator` and `distutils`, which TensorFlow 2.16 and Python 3.12 no longer have; its
`eval` needs neither. While `eval` is imported, empty modules stand where the two packages above it would be.
"""

import functools
import importlib
import importlib.util
import os
import sys
import types

from tfgan_improved.evaluation import MissingPackage

_PARENTS = ("tensorflow_gan", "tensorflow_gan.python")


@functools.cache
def tfgan_eval():
    """The module `tensorflow_gan.python.eval`. MissingPackage where it or what it needs cannot be imported."""
    root = importlib.util.find_spec(_PARENTS[0]) if _PARENTS[0] not in sys.modules else None
    if root is None and _PARENTS[0] not in sys.modules:
        raise MissingPackage("this needs TF-GAN, which is not installed; pip install tensorflow-gan==2.1.0")
    added = {} if root is None else _stand_ins(root.submodule_search_locations[0])
    sys.modules.update(added)
    try:
        return importlib.import_module("tensorflow_gan.python.eval")
    except ImportError as error:
        raise MissingPackage(f"TF-GAN's scorer cannot be imported ({error}); pip install tensorflow-gan==2.1.0 "
                             "tensorflow-probability tf-keras tensorflow-hub 'setuptools<82'") from error
    finally:
        for name in added:  # so that `import tensorflow_gan` elsewhere does what it would do without us
            del sys.modules[name]


def _stand_ins(folder):
    modules = {}
    for name, path in zip(_PARENTS, (folder, os.path.join(folder, "python"))):
        modules[name] = types.ModuleType(name, "Stands in for a package that cannot be imported.")
        modules[name].__path__ = [path]
    return modules
