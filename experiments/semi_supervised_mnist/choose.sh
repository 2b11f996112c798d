#!/usr/bin/env bash
# Tries settings on 5,000 held-out training images with draws of labels of their own, never on the test set.
# From the repository root, with TFDS_DATA_DIR set; it goes on where it was stopped. 18,000 steps (33 epochs of the
# remaining 55,000 images) take about 20 minutes of one free core; JOBS run at a time; errors.jsonl has the counts.
set -euo pipefail
export PYTHON=${PYTHON:-.venv/bin/python} PYTHONPATH=.
try() {
  local seed=$1 name=$2; shift 2
  local folder="runs/semi_supervised_choice/$name-seed$seed"
  mkdir -p runs/semi_supervised_choice
  nice "$PYTHON" -m tfgan_improved.main --flagfile=flags/mnist_semi_supervised.flags --holdout=5000 \
    --reference=validation --seed="$seed" --label_seed="$seed" --steps=18000 --classify_every=3000 --threads=1 \
    --noscore --noexport --noreport --run_dir="$folder" "$@" >>"$folder.log" 2>&1
}
export -f try
for seed in ${SEEDS:-12 13 14}; do
  cat <<ARMS
$seed base
$seed noisier_input --network=noisy_mlp:input_noise=0.5
$seed slow_g --g_lr=3e-4
$seed slow_both --d_lr=1e-3 --g_lr=1e-3
$seed unsupervised_double --d_loss_weight=1.0
$seed unsupervised_fifth --d_loss_weight=0.1
ARMS
done | xargs -P "${JOBS:-2}" -d '\n' -I{} bash -c 'try {}'
