"""TF-GAN's eval is imported, and nothing else of it, in a fresh process."""

import ast
import importlib.util
import os
import subprocess
import sys
import textwrap

import pytest

from tfgan_improved.evaluation import EvaluationError, MissingPackage, bridge


def fresh(code):
    """What a new Python process prints."""
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=200,
                          env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"})
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_only_the_eval_subpackage_is_imported_and_the_root_is_left_as_it_was():
    name, modules, root = fresh("""
        import sys
        from tfgan_improved.evaluation import bridge
        assert "tensorflow" not in sys.modules, "the bridge alone must stay cheap"
        module = bridge.tfgan_eval()
        assert module is bridge.tfgan_eval()
        print(module.__name__)
        print(sorted(name for name in sys.modules if name.startswith("tensorflow_gan")))
        try:
            import tensorflow_gan
            print("complete" if hasattr(tensorflow_gan, "GANModel") else "our stand-in")
        except Exception as error:
            print("fails by itself")
        """)
    assert name == "tensorflow_gan.python.eval"
    parts = set(ast.literal_eval(modules))
    assert "tensorflow_gan.python.eval.classifier_metrics" in parts
    others = {part for part in parts if not part.startswith("tensorflow_gan.python.eval")}
    assert others <= {"tensorflow_gan.python.contrib_utils", "tensorflow_gan.python.namedtuples"}  # which eval imports
    assert root in ("complete", "fails by itself")


@pytest.fixture
def forgotten(monkeypatch):
    """The bridge as in a process that has not crossed it yet."""
    for name in [name for name in sys.modules if name.startswith("tensorflow_gan")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(bridge, "tfgan_eval", bridge.tfgan_eval.__wrapped__)


@pytest.mark.parametrize("kind", [ImportError, ValueError, EvaluationError, MissingPackage])
def test_a_missing_tfgan_is_one_sentence_that_says_what_to_install(forgotten, monkeypatch, kind):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(kind, match="TF-GAN, which is not installed; pip install tensorflow-gan"):
        bridge.tfgan_eval()


def test_what_tfgan_needs_and_is_missing_is_named(forgotten, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_probability", None)
    with pytest.raises(MissingPackage, match="tensorflow_probability.*pip install"):
        bridge.tfgan_eval()
    assert "tensorflow_gan" not in sys.modules  # the stand-ins are gone after a failure too
