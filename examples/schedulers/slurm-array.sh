#!/bin/bash
# A plan's shards as a Slurm array: sbatch --array=0-LAST slurm-array.sh PLAN
# `harness shard plan` prints LAST. What fails is sent again by its numbers: --array=3,17.
#SBATCH --cpus-per-task=1 --mem=4G --time=01:00:00 --requeue
set -e
export OMP_NUM_THREADS=1
# A plan at an address needs no shared workspace: what is brought stays on the node.
case $1 in *://*) mkdir -p "${HARNESS_WORKSPACE:=${TMPDIR:-/tmp}/harness-$USER}" ;; esac
exec srun harness --workspace "${HARNESS_WORKSPACE:?names the shared workspace}" shard run "$1" "$SLURM_ARRAY_TASK_ID" --quiet
