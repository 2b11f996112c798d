#!/usr/bin/env bash
# Trains every arm on both mixtures with five seeds, one thread each, and writes record.json, table.md and the figures.
# From the repository root: experiments/mode_coverage/run.sh (it goes on where it was stopped).
set -euo pipefail
PYTHON=${PYTHON:-.venv/bin/python}
ARMS=${ARMS:-"plain feature_matching historical_averaging label_smoothing r1 minibatch plain_three minibatch_three best"}
for seed in ${SEEDS:-0 1 2 3 4}; do
  for dataset in ${DATASETS:-grid25 ring8}; do
    for arm in $ARMS; do
      folder=runs/mode_coverage-${dataset}_$arm-seed$seed
      [ -s "$folder/scores.jsonl" ] || "$PYTHON" -m tfgan_improved.main --flagfile=flags/${dataset}_$arm.flags \
        --seed="$seed" --threads=1 --noexport --run_dir="$folder"
    done
  done
done
"$PYTHON" experiments/mode_coverage/collect.py
