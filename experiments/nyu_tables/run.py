"""The report's tables 1 and 2 on CIFAR-10, at a budget for a CPU: DCGAN and SN-DCGAN with batches of 32 and of 64.

From the repository root, with TFDS_DATA_DIR set (it resumes where it was stopped):

    PYTHONPATH=. python experiments/nyu_tables/run.py --seeds=3 --jobs=2
    PYTHONPATH=. python experiments/nyu_tables/run.py --report_only --with_recorded
"""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import arms  # noqa: E402

STUDY = arms.Study(
    HERE, "Batches of 64 are slightly better than batches of 32, and spectral norm in both networks is not better than "
    "none, as in the report's tables 1 and 2",
    {"report": "Exploring Generative Adversarial Networks: improving training techniques", "table": "1 and 2",
     "scores": "of Inception, with its own preparation: not comparable with those here"},
    {f"{network}_{batch}": (f"--flagfile=flags/cifar10_report_{network}.flags", f"--batch_size={batch}")
     for batch in (32, 64) for network in ("dcgan", "sndcgan")},
    {"classifier_score": ("classifier score", 3), "fd_cifar10_cnn": ("FD, CIFAR-10 classifier", 2),
     "kd_cifar10_cnn": ("KD, CIFAR-10 classifier", 4)}, 6_000,
    {"dcgan_32": 2, "sndcgan_32": 2},  # so that all see as many images
    reported={"dcgan_32": "4.66; 81.8", "sndcgan_32": "4.92; 95.46", "dcgan_64": "4.65; 79.24",
              "sndcgan_64": "4.41; 95.07"},
    reported_as="in the report: Inception score; FID",
    verdict="Spectral norm helps with either batch, in every seed; the report's order of batches and of FID is not "
    "reproduced")

if __name__ == "__main__":
    asked = arms.arguments(STUDY, __doc__)
    if not asked.report_only:
        arms.train_all(STUDY, asked)
    arms.report(STUDY, asked)
