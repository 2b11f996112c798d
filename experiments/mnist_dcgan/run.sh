#!/usr/bin/env bash
# Trains the recipes with two seeds each, scores their checkpoints and writes record.json and the figures.
# From the repository root, with TFDS_DATA_DIR set: experiments/mnist_dcgan/run.sh (it resumes where it was stopped).
set -euo pipefail
PYTHON=${PYTHON:-.venv/bin/python}
export PYTHONPATH=.
for recipe in mnist_dcgan mnist_dcgan_conditional; do
  for seed in 0 1; do
    "$PYTHON" -m tfgan_improved.main --flagfile=flags/$recipe.flags --seed=$seed --threads=1 \
      --checkpoint_every=1000 --keep=20 --run_dir=runs/$recipe-seed$seed
    "$PYTHON" -m tfgan_improved.main evaluate --run_dir=runs/$recipe-seed$seed --samples=50000
    for step in 1000 2000 3000 5000 7000; do
      "$PYTHON" -m tfgan_improved.main evaluate --run_dir=runs/$recipe-seed$seed --at_step=$step
    done
  done
done
"$PYTHON" experiments/mnist_dcgan/collect.py runs/mnist_dcgan-seed0 runs/mnist_dcgan-seed1 \
  runs/mnist_dcgan_conditional-seed0 runs/mnist_dcgan_conditional-seed1
