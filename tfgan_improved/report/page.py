"""One self-contained page about a run: no address but data, no library, readable on a phone, light and dark."""

import pathlib

from tfgan_improved import files
from tfgan_improved.report import curves, pictures, records, sections

HERE = pathlib.Path(__file__).parent


def render(folder, neighbours=None, notes=()):
    """The page of a RunFolder as HTML text.

    `neighbours` is (samples uint8 (n, h, w, c), {space: Neighbours}, how many training images were searched), as
    `nearest_training.nearest` finds them; `notes` are sentences on what is left out. ConfigError where the folder is
    none.
    """
    import jinja2

    stored, log = folder.read(), files.read_json_lines(folder.log)
    recipe = stored["recipe"]
    grids, all_grids = pictures.over_time(folder.samples)
    found = records.read(folder.scores, folder.path.name, recipe) if folder.scores.exists() else []
    template = jinja2.Environment(loader=jinja2.FileSystemLoader(HERE), autoescape=True, trim_blocks=True,
                                  lstrip_blocks=True, undefined=jinja2.StrictUndefined).get_template("page.html")
    return template.render(
        name=folder.path.resolve().name, facts=_facts(stored, log), grids=grids, all_grids=all_grids, notes=notes,
        charts=sections.training(log, recipe["batch_size"]), style=(HERE / "page.css").read_text(),
        script=(HERE / "page.js").read_text(), points=len(stored["data"].get("shape", ())) == 1,
        errors=sections.errors(folder.errors, recipe.get("d_ema")), scores=sections.scores(found),
        quick=sections.quick_scores(folder.path / "selection.jsonl"),
        instruments=sections.measured(folder.path / "instruments.jsonl"),
        neighbours=_neighbours(neighbours), settings=sections.settings(recipe),
        versions=sections.flat(stored["made_with"]), data=sections.flat(stored["data"]))


def write(folder, path=None, neighbours=None, notes=()):
    """Writes the page to `path`, by default report.html of the run folder; returns the path."""
    path = pathlib.Path(path or folder.report)
    files.write_bytes(path, render(folder, neighbours, notes).encode())
    return path


def _facts(stored, log):
    """[(name, text)] of what a run is, for the top of the page."""
    recipe, data = stored["recipe"], stored["data"]
    step = log[-1]["step"] if log else 0
    seconds, processes = curves.seconds_used(log)
    shape = "\N{NO-BREAK SPACE}x\N{NO-BREAK SPACE}".join(map(str, data.get("shape", ())))
    what = "points" if len(data.get("shape", ())) == 1 else f"images of {shape}"
    devices = stored["made_with"].get("devices", [])
    counted = ", ".join(f"{devices.count(kind)} {kind}" for kind in dict.fromkeys(devices))
    return [("data", f"{data.get('name')}: {data.get('counts', {}).get('train', 0):,} {what}"),
            ("networks", recipe.get("network")), ("loss", recipe.get("loss")),
            ("steps", f"{step:,} of {recipe['steps']:,}, {recipe.get('batch_size')} examples each"),
            ("training time", clock(seconds) + (f" in {processes} processes" if processes > 1 else "")),
            ("seed", recipe.get("seed")),
            ("hardware", f"{counted or 'unknown'}; {stored['made_with'].get('cores', '?')} cores, "
                         f"{stored['made_with'].get('machine', '?')}"),
            ("TensorFlow, Keras", f"{stored['made_with'].get('tensorflow')}, {stored['made_with'].get('keras')}")]


def clock(seconds):
    """A duration for a person."""
    minutes, hours = int(seconds) // 60, int(seconds) // 3600
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min {int(seconds) % 60} s" if minutes else (
        f"{seconds:.0f} s")


def _neighbours(given):
    """{rows, spaces, count}: for each sample its picture and, by space, its nearest images and their distances."""
    if given is None:
        return None
    samples, spaces, count = given
    rows = [{"sample": pictures.tile(sample), "spaces": [
        {"name": name, "near": [(pictures.tile(image), f"{distance:.3g}")
                                for image, distance in zip(found.images[index], found.distances[index])]}
        for name, found in spaces.items()]} for index, sample in enumerate(samples)]
    typical = [{"name": name, "samples": f"{_median(found.distances[:, 0]):.3g}",
                "real": f"{_median(found.of_real):.3g}" if len(found.of_real) else ""}
               for name, found in spaces.items()]
    return {"rows": rows, "typical": typical, "count": count}


def _median(values):
    ordered = sorted(float(value) for value in values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
