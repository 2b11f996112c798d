"""TF-GAN's eval is imported, and nothing else of it, in a fresh process."""

import subprocess
import sys
import textwrap


def fresh(code, **environment):
    """What a new Python process prints."""
    import os

    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=120,
                          env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"} | environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_only_the_eval_subpackage_of_tfgan_is_imported():
    out = fresh("""
        import sys
        from tfgan_improved.evaluation import bridge
        assert "tensorflow" not in sys.modules, "the bridge alone must stay cheap"
        module = bridge.tfgan_eval()
        assert module is bridge.tfgan_eval()
        print(module.__name__)
        print(sorted(name for name in sys.modules if name.startswith("tensorflow_gan")))
        """)
    name, modules = out.splitlines()
    assert name == "tensorflow_gan.python.eval"
    parts = set(eval(modules))
    assert "tensorflow_gan.python.eval.classifier_metrics" in parts
    allowed = {"tensorflow_gan.python.contrib_utils", "tensorflow_gan.python.namedtuples"}  # which eval itself imports
    assert {part for part in parts if not part.startswith("tensorflow_gan.python.eval")} <= allowed


def test_importing_tfgan_itself_is_left_as_it_was():
    """Today it fails with its own reason; our empty stand-ins must not make it look as if it worked."""
    out = fresh("""
        from tfgan_improved.evaluation import bridge
        bridge.tfgan_eval()
        try:
            import tensorflow_gan
            print("has train:", hasattr(tensorflow_gan, "GANModel"))
        except Exception as error:
            print("fails:", error)
        """)
    assert out.startswith("fails:") or "True" in out


def test_a_missing_tfgan_is_one_sentence_that_says_what_to_install():
    out = fresh("""
        import sys
        class Hide:
            def find_spec(self, name, path=None, target=None):
                if name.split(".")[0] == HIDDEN:
                    raise ModuleNotFoundError(f"No module named '{name}'", name=name)
        sys.path = [p for p in sys.path]
        import importlib.util
        real = importlib.util.find_spec
        importlib.util.find_spec = lambda name, *a: None if name == "tensorflow_gan" else real(name, *a)
        import numpy as np
        from tfgan_improved.evaluation import EvaluationError, MissingPackage, scores
        for error in (ImportError, ValueError, EvaluationError, MissingPackage):
            try:
                scores.frechet_distance(np.zeros((3, 2)), np.zeros((3, 2)))
            except error as caught:
                print(caught)
        """)
    lines = out.splitlines()
    assert len(lines) == 4 and len(set(lines)) == 1
    assert "TF-GAN" in lines[0] and "pip install tensorflow-gan" in lines[0]


def test_what_tfgan_needs_and_is_missing_is_named():
    out = fresh("""
        import sys
        sys.modules["tensorflow_probability"] = None
        from tfgan_improved.evaluation import MissingPackage, bridge
        try:
            bridge.tfgan_eval()
        except MissingPackage as error:
            print(error)
        print([name for name in sys.modules if name in ("tensorflow_gan", "tensorflow_gan.python")])
        """)
    sentence, left = out.splitlines()
    assert "tensorflow_probability" in sentence and "pip install" in sentence
    assert left == "[]"
