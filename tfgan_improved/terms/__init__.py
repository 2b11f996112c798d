"""Terms: what one player adds to its objective. `TERMS` holds those that --d_terms and --g_terms name."""

from tfgan_improved.spec import Table, shelf

TERMS = Table(__name__, "term", {
    "r1": "gradient_penalty:R1",
    "r2": "gradient_penalty:R2",
    "gradient_penalty": "gradient_penalty:GradientPenalty",
    "dragan": "gradient_penalty:DRAGAN",
    "lecam": "lecam:LeCam",
    "feature_matching": "feature_matching:FeatureMatching",
    "classification": "classification:Classification",
    "historical_averaging": "historical_averaging:HistoricalAveraging",
    "information": "information:Information",
    "diversity": "kernel_penalties:DiversityTerm",
    "orthonormal": "kernel_penalties:OrthonormalTerm",
    "off_diagonal": "kernel_penalties:OffDiagonalTerm",
}, wired={"name", "player"})

__getattr__, __dir__, __all__ = shelf(
    __name__, *TERMS.names.values(), "adversarial:DiscriminatorLoss", "adversarial:GeneratorLoss",
    "information:StatisticsLoss")
