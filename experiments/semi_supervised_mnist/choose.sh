#!/usr/bin/env bash
# Tries settings on 5,000 held-out training images with draws of labels of their own, never on the test set.
# From the repository root, with TFDS_DATA_DIR set; it goes on where it was stopped. 39,000 steps (71 epochs of the
# remaining 55,000 images; STEPS for others) take about 40 minutes of one free core; JOBS run at a time. errors.jsonl of
# each folder of runs/semi_supervised_choice has the counts.
set -euo pipefail
export PYTHON=${PYTHON:-.venv/bin/python} PYTHONPATH=.
try() {
  local seed=$1 name=$2; shift 2
  local folder="runs/semi_supervised_choice/$name-seed$seed"
  mkdir -p runs/semi_supervised_choice
  nice "$PYTHON" -m tfgan_improved.main --flagfile=flags/mnist_semi_supervised.flags --holdout=5000 \
    --reference=validation --seed="$seed" --label_seed="$seed" --steps="${STEPS:-39000}" --classify_every=3000 \
    --threads=1 --noscore --noexport --noreport --run_dir="$folder" "$@" >>"$folder.log" 2>&1
}
export -f try
for seed in ${SEEDS:-12 13 14}; do
  cat <<ARMS
$seed base
$seed g5 --network=noisy_mlp:g_hidden=5
$seed noisier_input --network=noisy_mlp:input_noise=0.5
$seed noise_07 --network=noisy_mlp:input_noise=0.7
$seed noise_05_slow_both --network=noisy_mlp:input_noise=0.5 --d_lr=1e-3 --g_lr=1e-3
$seed slow_g --g_lr=3e-4
$seed g_third --g_lr=1e-3
$seed g_third_slow_second --g_lr=1e-3 --beta2=0.9999
$seed d_third --d_lr=1e-3
$seed unsupervised_double --d_loss_weight=1.0
ARMS
done | xargs -P "${JOBS:-2}" -d '\n' -I{} bash -c 'try {}'
