#!/usr/bin/env bash
# Trains with few labels, a run for each number of labels and draw of them, and writes record.json and the figures.
# From the repository root, with TFDS_DATA_DIR set: experiments/semi_supervised_mnist/run.sh [labels ...]
# ARM=minibatch takes flags/mnist_semi_supervised_minibatch.flags; SEEDS="2 3 4" are the draws of the labels.
# It resumes where it was stopped. A run of 180,000 steps takes about three hours of one core; JOBS run at a time.
set -euo pipefail
PYTHON=${PYTHON:-.venv/bin/python}
export PYTHONPATH=.
train() {
  mkdir -p runs
  local folder="runs/semi_supervised_mnist-$1${ARM:+_$ARM}-seed$2"
  nice "$PYTHON" -m tfgan_improved.main --flagfile="flags/mnist_semi_supervised${ARM:+_$ARM}.flags" --labels="$1" \
    --label_seed="$2" --seed="$2" --threads=1 --run_dir="$folder" >>"$folder.log" 2>&1
}
export -f train
export PYTHON
for labels in "${@:-100}"; do
  for seed in ${SEEDS:-2 3 4}; do
    echo "$labels $seed"
  done
done | xargs -P "${JOBS:-2}" -L 1 bash -c 'train $0 $1'
"$PYTHON" experiments/semi_supervised_mnist/collect.py
