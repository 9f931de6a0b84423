// SPDX-License-Identifier: Apache-2.0
#include "cli/shard.h"

#include <cstdint>
#include <cstdlib>
#include <optional>

#include "core/error.h"
#include "core/text.h"

namespace pluvia::cli {
namespace {

constexpr std::int64_t kMostShards = 100000;

/// Variables by which a launcher tells a process its place.
struct Launcher {
  const char* index;
  const char* count;  ///< nullptr: it does not say
  const char* first;  ///< the first process's index; nullptr: 0
  const char* step;   ///< from one index to the next; nullptr: 1
};

/// The first that is there counts.
constexpr Launcher kLaunchers[] = {
    {"SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_MIN",
     "SLURM_ARRAY_TASK_STEP"},
    {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", nullptr, nullptr},
    {"PMI_RANK", "PMI_SIZE", nullptr, nullptr},
    {"SLURM_PROCID", "SLURM_NTASKS", nullptr, nullptr},
    {"JOB_COMPLETION_INDEX", nullptr, nullptr, nullptr},
};

std::optional<std::int64_t> number_in(const char* variable) {
  const char* const text = variable == nullptr ? nullptr : std::getenv(variable);
  if (text == nullptr) return std::nullopt;
  const std::optional<std::int64_t> number = parse_int(text);
  if (!number) fail_usage("--shard auto: ", variable, "=", text, " is no whole number");
  return number;
}

const Launcher& launcher_here(const std::string& text) {
  std::string names;
  for (const Launcher& launcher : kLaunchers) {
    if (std::getenv(launcher.index) != nullptr) return launcher;
    names += cat(names.empty() ? "" : ", ", launcher.index);
  }
  fail_usage("--shard ", text, ": no launcher says which process this is (none of ", names,
             " is set); give I/N");
}

std::int64_t index_here(const Launcher& launcher) {
  const std::int64_t steps =
      number_in(launcher.index).value_or(0) - number_in(launcher.first).value_or(0);
  const std::int64_t step = number_in(launcher.step).value_or(1);
  if (step < 1 || steps % step != 0) {
    fail_usage("--shard auto: ", launcher.index, " does not go in steps of ", step,
               "; give I/N or use an array without gaps");
  }
  return steps / step;
}

std::int64_t count_here(const Launcher& launcher, const std::string& text) {
  const std::optional<std::int64_t> count = number_in(launcher.count);
  if (count) return *count;
  fail_usage("--shard ", text, ": ", launcher.index,
             " comes without a number of processes; give auto/N");
}

}  // namespace

Shard read_shard(const std::string& text) {
  if (text.empty()) return {};
  const std::size_t bar = text.find('/');
  const bool asks = text.substr(0, bar) == "auto";
  // Where a number is missing or is none: out of range.
  std::int64_t index = -1;
  std::int64_t count = 0;
  if (bar != std::string::npos) count = parse_int(text.substr(bar + 1)).value_or(0);
  if (asks) {
    const Launcher& launcher = launcher_here(text);
    index = index_here(launcher);
    if (bar == std::string::npos) count = count_here(launcher, text);
  } else {
    index = parse_int(text.substr(0, bar)).value_or(-1);
  }
  if (count < 1 || count > kMostShards || index < 0 || index >= count) {
    const std::string found = asks ? cat(" (process ", index, " of ", count, ")") : std::string();
    fail_usage("--shard ", text, found, ": expected I/N with I from 0 to N-1, or auto");
  }
  return {static_cast<int>(index), static_cast<int>(count)};
}

}  // namespace pluvia::cli
