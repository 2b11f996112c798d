"""Specs and tables: what a text means, and what is said where it means nothing."""

import subprocess
import sys
import textwrap

import pytest

from tfgan_improved.layers import NORMS
from tfgan_improved.spec import Spec, SpecError, Table, parse, shelf

TECHNIQUES = '''
import dataclasses
import missing_package_that_nobody_has  # reading names and defaults must not import the module

STEP = 0.1


@dataclasses.dataclass(frozen=True)
class Base:
    """A base."""
    weight: float = 0.5


@dataclasses.dataclass(frozen=True)
class Child(Base):
    """A child: a field of its own, one of the base, one without a default, one that only Python can set."""
    wanted: object
    every: int = 1
    mode: str = "mean"
    parts: list = dataclasses.field(default_factory=list)


class Layer:
    def __init__(self, layer, units=3, *, scale=True, rate=STEP, _hidden=1, **kwargs):
        pass


class Inherits(Layer):
    pass


def source(size=None, name="x"):
    pass
'''

WORKING = '''
import dataclasses


@dataclasses.dataclass(frozen=True)
class R1:
    gamma: float = 10.0
    every: int = 1
    name: str = "r1"

    def __post_init__(self):
        if self.gamma < 0:
            raise ValueError(f"gamma must be at least 0; received {self.gamma}")


class Wrap:
    def __init__(self, layer, iterations=1, scale=True):
        self.layer, self.iterations, self.scale = layer, iterations, scale
'''


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    folder = tmp_path_factory.mktemp("packages") / "spec_test_shelf"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "techniques.py").write_text(textwrap.dedent(TECHNIQUES))
    (folder / "working.py").write_text(textwrap.dedent(WORKING))
    sys.path.insert(0, str(folder.parent))
    yield folder.name
    sys.path.remove(str(folder.parent))


@pytest.fixture(scope="module")
def table(package):
    names = {"child": "techniques:Child", "layer": "techniques:Layer", "inherits": "techniques:Inherits",
             "source": "techniques:source", "r1": "working:R1", "wrap": "working:Wrap"}
    return Table(package, "technique", names, wired={"name"})


@pytest.mark.parametrize("text, spec", [
    ("hinge", Spec("hinge")),
    (" hinge ", Spec("hinge")),
    ("normal:128", Spec("normal", (128,))),
    ("r1:gamma=10", Spec("r1", (), (("gamma", 10),))),
    ("r1:gamma=1e-3,every=16", Spec("r1", (), (("gamma", 1e-3), ("every", 16)))),
    ("x:3,mode=max", Spec("x", (3,), (("mode", "max"),))),
    ("x:flag=True,none=None,low=-0.5", Spec("x", (), (("flag", True), ("none", None), ("low", -0.5)))),
])
def test_parse(text, spec):
    assert parse(text) == spec


@pytest.mark.parametrize("text", ["r1", "r1:gamma=0.001,every=16", "normal:128", "x:0.5,mode=max", "r1:gamma=1e-07"])
def test_a_spec_prints_as_what_it_was_read_from(text):
    assert str(parse(text)) == text
    assert hash(parse(text)) == hash(parse(text))


@pytest.mark.parametrize("text, told", [
    ("", "'' is not a technique"),
    (":gamma=1", "':gamma=1' is not a technique"),
    ("r1:", "'r1:' is not a technique"),
    ("r1:gamma=", "'gamma=' in 'r1:gamma=' is not an argument"),
    ("r1:=3", "'=3' in 'r1:=3' is not an argument"),
    ("r1:a,,b", "'' in 'r1:a,,b' is not an argument"),
    ("r1:2gamma=3", "'2gamma=3' in"),
    ("r1:gamma=1,gamma=2", "gives the argument 'gamma' twice"),
    ("r1:gamma=1,2", "stands behind a named argument; write argument=2"),
])
def test_texts_that_are_no_specs(text, told):
    with pytest.raises(SpecError) as error:
        parse(text)
    assert told in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("name, arguments", [
    ("child", {"weight": 0.5, "every": 1, "mode": "mean"}),
    ("layer", {"units": 3, "scale": True}),
    ("inherits", {"units": 3, "scale": True}),
    ("source", {"size": None}),
])
def test_arguments_are_read_without_importing_the_module(table, name, arguments):
    assert table.arguments(name) == arguments
    assert list(table.arguments(name)) == list(arguments)
    assert f"{table.package}.techniques" not in sys.modules


def test_what_arguments_returns_may_be_changed(table):
    table.arguments("layer").clear()
    table.arguments("child")["weight"] = 7
    assert table.arguments("layer") and table.arguments("child")["weight"] == 0.5


def test_parse_names_positional_values_and_makes_an_int_a_float(table):
    assert table.parse("r1:3,every=4") == Spec("r1", (), (("gamma", 3.0), ("every", 4)))
    assert isinstance(dict(table.parse("r1:gamma=3").arguments)["gamma"], float)
    assert table.parse("source:size=anything") == Spec("source", (), (("size", "anything"),))
    assert table.parse("layer:scale=false") == Spec("layer", (), (("scale", False),))


@pytest.mark.parametrize("text, told", [
    ("r11", "unknown technique 'r11'; did you mean 'r1'? Known: child, layer, inherits, source, r1, wrap"),
    ("zzz", "unknown technique 'zzz'; known: child"),
    ("r1:gama=1", "technique 'r1' has no argument 'gama'; did you mean 'gamma'? Known: gamma, every"),
    ("r1:name=x", "technique 'r1' has no argument 'name'"),
    ("layer:_hidden=2", "has no argument '_hidden'"),
    ("layer:rate=2.0", "has no argument 'rate'"),
    ("r1:1,2,3", "technique 'r1' takes gamma, every; received 'r1:1,2,3'"),
    ("r1:1,gamma=2", "gives the argument 'gamma' twice"),
    ("r1:gamma=ten", "gamma of technique 'r1' must be a number; received 'ten'"),
    ("r1:every=1.5", "every of technique 'r1' must be a whole number; received 1.5"),
    ("r1:gamma=True", "must be a number; received True"),
    ("r1:every=True", "must be a whole number; received True"),
    ("layer:scale=1", "must be true or false; received 1"),
    ("r1:gamma=1e999", "must be a finite number; received inf"),
])
def test_specs_that_a_table_refuses(table, text, told):
    with pytest.raises(SpecError) as error:
        table.parse(text)
    assert told in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["sync_batch", "synchronized_batch"])
def test_a_name_from_elsewhere_is_answered_by_the_one_here(name):
    with pytest.raises(SpecError) as error:
        NORMS.parse(name)
    assert str(error.value) == f"unknown norm '{name}'; it is called 'batch' here, which is synchronized over replicas"


def test_make_calls_with_wiring_and_arguments(table):
    made = table.make("r1:gamma=2,every=8")
    assert (made.gamma, made.every, made.name) == (2.0, 8, "r1")
    wrapped = table.make(table.parse("wrap:3"), "a layer", scale=False)
    assert (wrapped.layer, wrapped.iterations, wrapped.scale) == ("a layer", 3, False)
    assert table.find("r1") is type(made)


@pytest.mark.parametrize("text, wiring, told", [
    ("r1:gamma=-1", (), "technique 'r1:gamma=-1.0' was refused: gamma must be at least 0; received -1.0"),
    ("wrap", (), "technique 'wrap' was refused: "),  # the caller forgot the layer
])
def test_what_the_technique_refuses_is_told_in_one_sentence(table, text, wiring, told):
    with pytest.raises(SpecError) as error:
        table.make(text, *wiring)
    assert told in str(error.value)


def test_a_table_is_a_collection_of_names(table):
    assert list(table)[:2] == ["child", "layer"] and "r1" in table and "r2" not in table


def test_a_shelf_imports_its_modules_at_the_first_touch(tmp_path):
    (tmp_path / "lazy_shelf").mkdir()
    (tmp_path / "lazy_shelf" / "__init__.py").write_text(
        "from tfgan_improved.spec import shelf\n"
        "__getattr__, __dir__, __all__ = shelf(__name__, 'one:First', 'two:Second')\n")
    (tmp_path / "lazy_shelf" / "one.py").write_text("class First: pass\n")
    (tmp_path / "lazy_shelf" / "two.py").write_text("class Second: pass\n")
    code = """
        import sys
        import lazy_shelf
        assert "lazy_shelf.one" not in sys.modules
        assert dir(lazy_shelf) == lazy_shelf.__all__ == ["First", "Second"]
        from lazy_shelf import two  # a module may be imported by itself
        assert "lazy_shelf.one" not in sys.modules
        assert lazy_shelf.First.__name__ == "First" and "lazy_shelf.two" in sys.modules
        try:
            lazy_shelf.Third
        except AttributeError as error:
            assert "has no attribute 'Third'; it has First, Second" in str(error), error
        else:
            raise AssertionError("Third was found")
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True, timeout=60, cwd=tmp_path,
                   env={"PYTHONPATH": ":".join([str(tmp_path), *sys.path])})


def test_shelf_names_where_they_are():
    load, names, every = shelf("tfgan_improved.losses", "adversarial:Hinge")
    assert names() == every == ["Hinge"]
    with pytest.raises(AttributeError, match="has no attribute '_private'"):
        load("_private")
