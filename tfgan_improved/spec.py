"""Names to objects, without importing what the names stand for.

A shelf keeps its techniques in a `Table`: name -> "module:attribute". A recipe asks for one with a `Spec`, such as
`r1:gamma=10.0,every=16`. Names, argument names and defaults are read from the source with `ast`, so a mistake in a flag
is found in milliseconds, before TensorFlow is imported.
"""

import ast
import dataclasses
import difflib
import functools
import importlib
import importlib.util
import math
import pathlib

from tfgan_improved.errors import UserError

KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}  # types, for people


class SpecError(UserError):
    """A spec that cannot be understood; the message is one sentence for a person."""


@dataclasses.dataclass(frozen=True)
class Spec:
    """A technique's name, its positional values and its named arguments."""

    name: str
    values: tuple = ()
    arguments: tuple = ()  # pairs, so that a Spec is hashable

    def __str__(self):
        parts = [repr(v) if isinstance(v, float) else str(v) for v in self.values]
        parts += [f"{key}={value}" for key, value in self.arguments]
        return self.name + (":" + ",".join(parts) if parts else "")


def parse(text):
    """Reads "name", "name:value" or "name:key=value,key=value". SpecError where the text has another form."""
    name, colon, rest = text.strip().partition(":")
    if not name or (colon and not rest):
        raise SpecError(f"'{text}' is not a technique; write name or name:argument=value,argument=value")
    values, arguments = [], {}
    for part in rest.split(",") if rest else []:
        key, equals, value = part.partition("=")
        if not part or (equals and not (key.isidentifier() and value)):
            raise SpecError(f"'{part}' in '{text}' is not an argument; write argument=value")
        if key in arguments:
            raise SpecError(f"'{text}' gives the argument '{key}' twice; give it once")
        if equals:
            arguments[key] = _literal(value)
        elif arguments:
            raise SpecError(f"'{part}' in '{text}' stands behind a named argument; write argument={part}")
        else:
            values.append(_literal(part))
    return Spec(name, tuple(values), tuple(arguments.items()))


def _literal(text):
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


class Table:
    """A shelf's techniques: `names` maps each name to "module:attribute" inside `package`.

    What a recipe may set are a class's dataclass fields or keyword arguments of `__init__`, or a function's
    arguments, less those without a default (the caller passes them) and `wired` ones. `kind` is used in messages.
    `elsewhere` maps names that others have for a technique to a sentence about it, which answers who asks for one.
    """

    def __init__(self, package, kind, names, wired=(), elsewhere=None):
        self.package, self.kind, self.names, self.wired = package, kind, dict(names), frozenset(wired)
        self.elsewhere = elsewhere or {}

    def __iter__(self):
        return iter(self.names)

    def __contains__(self, name):
        return name in self.names

    def parse(self, text):
        """A checked Spec with positional values named. SpecError for an unknown name or argument, or a wrong type."""
        spec = parse(text)
        if spec.name not in self.names:
            hint = self.elsewhere.get(spec.name) or _known(spec.name, self.names)
            raise SpecError(f"unknown {self.kind} '{spec.name}'; {hint}")
        allowed = self.arguments(spec.name)
        if len(spec.values) > len(allowed):
            takes = ", ".join(allowed) or "no arguments"
            raise SpecError(f"{self.kind} '{spec.name}' takes {takes}; received '{text}'")
        arguments = dict(zip(allowed, spec.values))
        for key, value in spec.arguments:
            if key not in allowed:
                raise SpecError(f"{self.kind} '{spec.name}' has no argument '{key}'; {_known(key, allowed)}")
            if key in arguments:
                raise SpecError(f"'{text}' gives the argument '{key}' twice; give it once")
            arguments[key] = value
        for key, value in arguments.items():
            arguments[key] = _like(allowed[key], value, f"{key} of {self.kind} '{spec.name}'")
        return Spec(spec.name, (), tuple(arguments.items()))

    def arguments(self, name):
        """The settable arguments of `name` and their defaults, in order, read from the source."""
        module, attribute = self.names[name].split(":")
        every = _read_arguments(f"{self.package}.{module}", attribute)
        return {key: value for key, value in every.items() if key not in self.wired and not key.startswith("_")}

    def find(self, name):
        """The class or function behind `name`; imports its module."""
        module, attribute = self.names[name].split(":")
        return getattr(importlib.import_module(f"{self.package}.{module}"), attribute)

    def make(self, spec, *wiring, **named):
        """Calls the technique with the caller's wiring and the spec's arguments. SpecError if it refuses a value."""
        spec = self.parse(spec) if isinstance(spec, str) else spec
        try:
            return self.find(spec.name)(*wiring, **named, **dict(spec.arguments))
        except (ValueError, TypeError) as error:
            raise SpecError(f"{self.kind} '{spec}' was refused: {error}") from error


def _known(name, known):
    """The nearest known name, where one is near, and all of them."""
    close = difflib.get_close_matches(name, known, n=1)
    return (f"did you mean '{close[0]}'? Known" if close else "known") + f": {', '.join(known) or 'none'}"


def _like(default, value, what):
    """`value`, as the type of `default`; an int is a float where a float is wanted."""
    if isinstance(default, bool) and value in ("true", "false"):  # as flags have it
        return value == "true"
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise SpecError(f"{what} must be a finite number; received {value}")
    if default is None or isinstance(value, type(default)) and isinstance(value, bool) == isinstance(default, bool):
        return value
    raise SpecError(f"{what} must be {KINDS[type(default)]}; received {value!r}")


@functools.cache
def _read_arguments(module, attribute):
    """Arguments with a literal default of a dataclass, a class's `__init__` or a function, without importing it."""
    package, _, name = module.rpartition(".")
    folder = importlib.util.find_spec(package).submodule_search_locations[0]
    tree = ast.parse((pathlib.Path(folder) / f"{name}.py").read_text())
    nodes = {node.name: node for node in tree.body if isinstance(node, (ast.ClassDef, ast.FunctionDef))}
    node = nodes[attribute]
    if isinstance(node, ast.FunctionDef):
        return _defaults(node)
    for part in node.body:
        if isinstance(part, ast.FunctionDef) and part.name == "__init__":
            return _defaults(part)
    fields = {}
    for base in node.bases:  # a dataclass inherits the fields of bases in the same file
        if isinstance(base, ast.Name) and base.id in nodes:
            fields |= _read_arguments(module, base.id)
    for part in node.body:
        if isinstance(part, ast.AnnAssign) and part.value is not None:
            fields |= _if_literal(part.target.id, part.value)
    return fields


def _defaults(function):
    positional = function.args.args[len(function.args.args) - len(function.args.defaults):]
    pairs = [*zip(positional, function.args.defaults), *zip(function.args.kwonlyargs, function.args.kw_defaults)]
    return {name: value for arg, node in pairs if node for name, value in _if_literal(arg.arg, node).items()}


def _if_literal(name, node):
    """{name: value} of a default that is written out; {} for an expression, which only Python code can set."""
    try:
        return {name: ast.literal_eval(node)}
    except ValueError:
        return {}


def shelf(package, *names):
    """Lazy public names of a package: returns its `__getattr__`, `__dir__` and `__all__`.

    `names` are "module:Attribute". The first touch of any of them imports every module of the shelf, so that all
    Keras classes are registered before a saved model is loaded.
    """
    where = dict(reversed(name.split(":")) for name in names)

    def load(name):
        if name not in where:
            raise AttributeError(f"module '{package}' has no attribute '{name}'; it has {', '.join(sorted(where))}")
        modules = {module: importlib.import_module(f"{package}.{module}") for module in dict.fromkeys(where.values())}
        return getattr(modules[where[name]], name)

    return load, lambda: sorted(where), sorted(where)
