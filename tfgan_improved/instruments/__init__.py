"""Instruments: what a run measures of its networks while it trains. `INSTRUMENTS` holds those that --instruments names.

Each is a frozen dataclass, called with a `Probe` (training/probe.py) -> {name: number}.
"""

from tfgan_improved.spec import Table, shelf

INSTRUMENTS = Table(__name__, "instrument", {
    "diversity": "diversity:DiversityOfUnits",
    "singular_values": "singular_values:SingularValues",
    "distance_of_outputs": "distance_of_outputs:DistanceOfOutputs",
    "duplicates": "duplicates:Duplicates",
})

__getattr__, __dir__, __all__ = shelf(
    __name__, *INSTRUMENTS.names.values(), "diversity:pairs_of_units", "singular_values:effective_kernels",
    "distance_of_outputs:wasserstein", "duplicates:nearest_distances", "together:measured")
