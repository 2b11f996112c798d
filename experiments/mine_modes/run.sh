#!/usr/bin/env bash
# Trains a GAN with and without MINE on both mixtures with three seeds, one thread each; writes record.json, table.md
# and the figures. From the repository root: experiments/mine_modes/run.sh (it goes on where it was stopped).
set -euo pipefail
PYTHON=${PYTHON:-.venv/bin/python}
for seed in ${SEEDS:-0 1 2}; do
  for arm in ${ARMS:-spiral_plain spiral_mine grid25_plain grid25_mine}; do
    folder=runs/mine_modes-$arm-seed$seed
    [ -d "$folder/checkpoints/step-00020000" ] || "$PYTHON" -m tfgan_improved.main --flagfile=flags/$arm.flags \
      --seed="$seed" --threads=1 --noscore --noexport --run_dir="$folder"
  done
done
"$PYTHON" experiments/mine_modes/collect.py
