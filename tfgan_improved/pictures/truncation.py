"""What a bound on z does: better samples, and fewer kinds of them."""

import dataclasses
import io

import numpy as np

from tfgan_improved.pictures import PictureError
from tfgan_improved.pictures.sitting import Drawn

BOUNDS = (0.25, 0.5, 1.0, 1.5, 0.0)
UNBOUNDED = 1e3  # stands for no bound, so that z is drawn from the same numbers as the bounded ones


@dataclasses.dataclass(frozen=True)
class Truncation:
    """A row for each bound on |z|, 0 for none, `count` images in all; a column's z come from the same random numbers.

    scored=true also scores each bound, as `evaluate` does: `record` has the scores and real images' beside them.
    Batch norms take their standing statistics anew at each bound where they take any. PictureError for points and a
    bound that is negative or not finite; EvaluationError for classes that the generator has not.
    Source: Brock et al. 2019, arXiv:1809.11096, section 3.1 and figure 2.
    """

    scored: bool = False

    def __call__(self, sitting):
        generator, bounds = sitting.generator, sitting.bounds or BOUNDS
        sitting.check_images("truncation")
        if not all(np.isfinite(bound) and bound >= 0 for bound in bounds):
            raise PictureError(f"bounds on z must be 0, for none, or above; received {', '.join(map(str, bounds))}")
        columns = max(1, sitting.count // len(bounds))
        labels, rows = sitting.labels(columns), []
        for bound in bounds:
            generator.prepare(bound)
            rows.append(generator.make(generator.draw_z(columns, sitting.seed, bound or UNBOUNDED), labels))
        labels = None if labels is None else np.tile(labels, len(bounds))
        record = {"scored": [sitting.score(bound) for bound in bounds]} if self.scored else {}
        return Drawn(np.concatenate(rows), labels, columns, record,
                     tuple(f"z within {bound:g}" if bound else "z unbounded" for bound in bounds))


def table(records):
    """Records of several truncations as a markdown table, a score a column, real images' in the last row."""
    names = [name for name in records[0]["scores"] if not name.endswith("_std")]
    lines = ["| bound on z | " + " | ".join(names) + " |", "| --- |" + " --- |" * len(names)]
    for record in records:
        bound = record["passport"]["truncation"]
        lines.append(f"| {bound or 'none'} | " + " | ".join(f"{record['scores'][name]:.4g}" for name in names) + " |")
    real = [f"{records[0]['real'][name]:.4g}" if name in records[0]["real"] else "-" for name in names]
    return "\n".join([*lines, "| real images | " + " | ".join(real) + " |"])


def figure(records):
    """The bytes of a PNG: each score over the bounds, with its 95% interval, and real images' as a level line."""
    from matplotlib.figure import Figure  # half a second

    names = [name for name in records[0]["scores"] if not name.endswith("_std")]
    ordered = sorted(records, key=lambda record: record["passport"]["truncation"] or np.inf)
    bounds = [record["passport"]["truncation"] for record in ordered]
    chart = Figure(figsize=(3.2 * min(len(names), 3), 2.6 * -(-len(names) // 3)), layout="constrained")
    for index, name in enumerate(names, 1):
        axes, places = chart.add_subplot(-(-len(names) // 3), min(len(names), 3), index), range(len(bounds))
        axes.plot(places, [record["scores"][name] for record in ordered], "o-", color="tab:blue", label="samples")
        ranges = [record["intervals"].get(name) for record in ordered]
        if all(ranges):
            axes.fill_between(places, *zip(*ranges), color="tab:blue", alpha=0.2, linewidth=0, label="95% interval")
        if name in ordered[0]["real"]:
            axes.axhline(ordered[0]["real"][name], color="black", linestyle=":", linewidth=1, label="real images")
        axes.set_xticks(places, [f"{bound:g}" if bound else "none" for bound in bounds])
        axes.set_xlabel("bound on z", fontsize=8)
        better = ordered[0].get("better", {}).get(name)
        axes.set_title(name.replace("_", " ") + (f" ({better} is better)" if better else ""), fontsize=8)
        if index == 1:
            axes.legend(fontsize=7)
        axes.tick_params(labelsize=8)
    content = io.BytesIO()
    chart.savefig(content, format="png", dpi=110)
    return content.getvalue()
