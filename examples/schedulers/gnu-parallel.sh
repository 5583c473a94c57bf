#!/bin/sh
# A plan's shards by GNU parallel: sh gnu-parallel.sh PLAN LAST [HOST,HOST,…]
# With hosts, each has the same workspace at the same path, or PLAN is an address. Again: only what failed, or was not tried.
set -e
plan=$1 last=$2 hosts=${3:-:}
export OMP_NUM_THREADS=1
seq 0 "$last" | parallel --sshlogin "$hosts" --workdir "$PWD" --env OMP_NUM_THREADS --retries 3 \
  --joblog "$(basename "$plan").log" --resume-failed harness shard run "$plan" {} --quiet
harness shard merge "$plan"
