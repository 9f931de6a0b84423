# SPDX-License-Identifier: Apache-2.0
# What every script here shares: where things are, one-line errors, the time budget. Sourced.

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
cache="${PLUVIA_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pluvia}"
build_dir="$root/build/release"

say() { printf '== %s\n' "$*"; }

# die STATUS MESSAGE: 2 wrong usage, 3 the machine or the network cannot do it.
die() {
  printf '%s: %s\n' "$(basename "$0")" "$2" >&2
  exit "$1"
}

budget_names=()
budget_seconds=()

# timed NAME COMMAND...: runs it and adds its wall time to the budget, failed or not.
timed() {
  local name="$1" start="$SECONDS" status=0
  shift
  "$@" || status=$?
  budget_names+=("$name")
  budget_seconds+=("$((SECONDS - start))")
  return "$status"
}

print_budget() {
  local i line="time:" total=0
  for i in "${!budget_names[@]}"; do
    line+=" ${budget_names[$i]} ${budget_seconds[$i]} s,"
    total=$((total + budget_seconds[i]))
  done
  say "$line together $total s on $(nproc) cores"
}

# Compiler processes at once: one per core, but at least 2 GB of memory for each.
build_jobs() {
  local memory_kb by_memory jobs
  memory_kb="$(awk '/^MemTotal:/ {print $2}' /proc/meminfo)"
  by_memory=$((memory_kb / 2000000))
  jobs="$(nproc)"
  if ((by_memory < jobs)); then jobs="$by_memory"; fi
  echo "$((jobs > 0 ? jobs : 1))"
}
