"""What holds the tree together: imports run downward, shelves are lazy, names are found, everything is documented."""

import ast
import importlib
import inspect
import pathlib
import pkgutil
import re
import subprocess
import sys

import pytest

import tfgan_improved
from tfgan_improved import flagset
from tfgan_improved.config import RunConfig
from tfgan_improved.main import VERBS
from tfgan_improved.spec import Table

ROOT = pathlib.Path(__file__).parent.parent
PACKAGE = ROOT / "tfgan_improved"
ORDER = (("errors", "files", "signals", "checks"), ("spec", "asked"), ("ops",),
         ("losses", "layers", "constraints", "regularizers", "data"), ("networks", "terms", "instruments"),
         ("training", "evaluation", "export"), ("pictures",), ("config",), ("flagset", "run_folder"),
         ("assemble", "report"),
         ("commands",), ("main",))
RANK = {shelf: rank for rank, shelves in enumerate(ORDER) for shelf in shelves}
FORBIDDEN = {("training", "networks"), ("training", "layers"), ("evaluation", "networks"), ("evaluation", "terms"),
             ("export", "networks"), ("report", "training"), ("report", "networks"), ("report", "terms"),
             ("report", "data")}  # they meet through files, and what assemble.py hands over
LIGHT = ["spec", "asked", "checks", "errors", "files", "signals", "config", "flagset", "run_folder", "main"]
SHELVES = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))
SOURCES = sorted(PACKAGE.rglob("*.py"))


def module_name(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path):
    """Full names of the modules that a file imports, at its top or inside its functions."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path} imports relatively"
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                place = ROOT / full.replace(".", "/")
                yield full if place.is_dir() or place.with_suffix(".py").exists() else node.module


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_imports_run_downward(path):
    shelf = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    for name in imported(path):
        if name.split(".")[0] != "tfgan_improved":
            continue
        assert name != "tfgan_improved" or path.name == "passport.py", f"{path} imports the public face"
        if name == "tfgan_improved":  # the passport reads its version
            continue
        target = name.split(".")[1]
        assert target == shelf or RANK[target] < RANK[shelf], f"{shelf} may not import {name}"
        assert (shelf, target) not in FORBIDDEN, f"{shelf} may not import {name}"


def test_every_part_of_the_package_has_its_place_in_the_order():
    parts = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in SOURCES} - {"__init__"}
    assert parts <= set(RANK)


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_only_the_command_line_touches_flags_and_only_the_bridge_tfgan(path):
    for name in imported(path):
        assert not name.startswith("absl") or path.name == "flagset.py"
        assert not name.startswith("tensorflow_gan") or path.name == "bridge.py"


def test_what_is_read_before_tensorflow_imports_none_of_it():
    light = [f"tfgan_improved.{name}" for name in LIGHT + SHELVES]
    code = (f"import importlib, sys\nfor name in {light}: importlib.import_module(name)\n"
            "print([name for name in ('tensorflow', 'keras', 'tensorflow_datasets', 'sklearn', 'scipy', 'numpy') "
            "if name in sys.modules])")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_the_package_is_cheap_until_a_part_is_touched():
    code = ("import sys, tfgan_improved as tfi\nassert set(tfi.__all__) <= set(dir(tfi))\n"
            "shelves = [getattr(tfi, name) for name in dir(tfi) if name in tfi._SHELVES]\n"
            "assert tfi.spec and 'tensorflow' not in sys.modules and 'keras' not in sys.modules")
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, timeout=60)


@pytest.mark.parametrize("name", tfgan_improved.__all__)
def test_public_names_are_found(name):
    found = getattr(tfgan_improved, name)
    if inspect.ismodule(found):
        for attribute in dir(found):
            assert getattr(found, attribute) is not None
        assert set(found.__all__) <= set(dir(found))


def test_the_shelves_of_the_readme_are_public():
    told = re.search(r"one shelf a kind of part: (.*?)\. ", (ROOT / "README.md").read_text(), re.S)[1]
    assert set(re.findall(r"`(\w+)`", told)) == set(tfgan_improved._SHELVES)


@pytest.mark.parametrize("shelf", SHELVES)
def test_no_public_name_is_that_of_a_file_beside_it(shelf):
    """Importing such a file would put the module in the place of what the shelf promises."""
    files = {path.stem for path in (PACKAGE / shelf).glob("*")}
    assert not files & set(getattr(importlib.import_module(f"tfgan_improved.{shelf}"), "__all__", ()))


def test_an_unknown_name_is_told():
    with pytest.raises(AttributeError, match="module 'tfgan_improved' has no attribute 'GANN'; it has layers, "):
        tfgan_improved.GANN  # noqa: B018


def tables():
    for shelf in [*SHELVES, "data.names"]:
        module = importlib.import_module(f"tfgan_improved.{shelf}")
        for value in vars(module).values():
            if isinstance(value, Table) and value.package == f"tfgan_improved.{shelf.split('.')[0]}":
                yield from ((value, name) for name in value)


ENTRIES = list(dict.fromkeys(tables()))


def test_there_are_tables():
    assert len(ENTRIES) >= 20


@pytest.mark.parametrize("table, name", ENTRIES, ids=[f"{table.kind}-{name}" for table, name in ENTRIES])
def test_every_technique_is_found_and_names_its_source(table, name):
    technique = table.find(name)
    assert re.search(r"arXiv:\d{4}\.\d{4,5}|doi:10\.", technique.__doc__), f"{technique} does not name its source"
    parameters = inspect.signature(technique).parameters
    for argument, default in table.arguments(name).items():  # what ast read is what Python has
        assert parameters[argument].default == default


MODULES = sorted(info.name for info in pkgutil.walk_packages([str(PACKAGE)], "tfgan_improved."))
UNDOCUMENTED = {"build", "call", "get_config", "compute_output_shape", "from_config"}  # Keras says what they do


@pytest.mark.parametrize("name", MODULES)
def test_everything_public_is_documented(name):
    module = importlib.import_module(name)
    assert module.__doc__
    for key, value in vars(module).items():
        if key.startswith("_") or getattr(value, "__module__", None) != name or not callable(value):
            continue
        assert inspect.getdoc(value), f"{name}.{key} has no docstring"
        for inner, member in vars(value).items() if inspect.isclass(value) else ():
            if inner.startswith("_") or inner in UNDOCUMENTED or not inspect.isroutine(member):
                continue
            assert inspect.getdoc(getattr(value, inner)), f"{name}.{key}.{inner} has no docstring"


FLAGFILES = sorted((ROOT / "flags").rglob("*.flags"))


@pytest.mark.parametrize("path", FLAGFILES, ids=lambda path: path.stem)
def test_flagfiles_are_read_and_name_their_source(path, monkeypatch):
    monkeypatch.chdir(ROOT)
    relative, lines = path.relative_to(ROOT), path.read_text().splitlines()
    assert flagset.parse([f"--flagfile={relative}"], tuple(VERBS)).job.run_dir == f"runs/{path.stem}"
    assert lines[0].startswith("# ")
    if relative.parent.name == "base":  # shared parts may not set what a leaf cannot take back
        assert not [line for line in lines if line.startswith(("--d_terms", "--g_terms"))]
    else:
        assert re.search(r"arXiv:\d{4}\.\d{4,5}|doi:10\.", lines[0]), f"{relative} does not name its source"
        assert f"python -m tfgan_improved.main --flagfile={relative}" in lines[1]


def test_the_promised_recipes_are_there():
    assert {"quickstart", "mnist_dcgan", "cifar10_dcgan"} <= {path.stem for path in FLAGFILES}


@pytest.mark.parametrize("flag", ["d_head", "d_norm", "d_wrap", "loss"])
def test_the_readme_shows_every_technique_or_its_name(flag):
    table = RunConfig.__dataclass_fields__[flag].metadata["table"]
    readme = (ROOT / "README.md").read_text().lower()
    missing = [name for name in table if name not in readme and name.replace("_", " ") not in readme]
    assert not missing
