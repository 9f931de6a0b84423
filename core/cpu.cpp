// SPDX-License-Identifier: Apache-2.0
#include "core/cpu.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <fstream>
#include <thread>

#include "core/error.h"
#include "core/text.h"

namespace pluvia {
namespace {

// The value after "key ... :" in one of the system's "key: value" files.
std::string field(const char* file, const std::string& key) {
  std::ifstream in(file);
  std::string line;
  while (std::getline(in, line)) {
    const std::size_t colon = line.find(':');
    if (line.rfind(key, 0) != 0 || colon == std::string::npos) continue;
    const std::size_t start = line.find_first_not_of(" \t", colon + 1);
    return start == std::string::npos ? "" : line.substr(start);
  }
  return "";
}

std::uint64_t kilobytes(const std::string& key) {
  const std::string text = field("/proc/meminfo", key);
  return static_cast<std::uint64_t>(parse_int(text.substr(0, text.find(' '))).value_or(0)) * 1024;
}

// Containers limit CPU time without hiding cores: "max 100000" or "200000 100000" (quota, period).
int cgroup_cores(int most) {
  std::ifstream in("/sys/fs/cgroup/cpu.max");
  double quota = 0;
  double period = 0;
  if (!(in >> quota >> period) || quota <= 0 || period <= 0) return most;
  return std::clamp(static_cast<int>(std::ceil(quota / period)), 1, most);
}

}  // namespace

CpuLevel cpu_level() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const auto all = [](auto... has) { return (... && (has != 0)); };
  const bool v2 = all(__builtin_cpu_supports("ssse3"), __builtin_cpu_supports("sse4.1"),
                      __builtin_cpu_supports("sse4.2"), __builtin_cpu_supports("popcnt"));
  const bool v3 = all(__builtin_cpu_supports("avx2"), __builtin_cpu_supports("fma"),
                      __builtin_cpu_supports("bmi"), __builtin_cpu_supports("bmi2"));
  const bool v4 = all(__builtin_cpu_supports("avx512f"), __builtin_cpu_supports("avx512bw"),
                      __builtin_cpu_supports("avx512cd"), __builtin_cpu_supports("avx512dq"),
                      __builtin_cpu_supports("avx512vl"));
  if (v2 && v3 && v4) return CpuLevel::kV4;
  if (v2 && v3) return CpuLevel::kV3;
  if (v2) return CpuLevel::kV2;
#endif
  return CpuLevel::kBaseline;
}

namespace {
std::atomic<CpuLevel> level_of_kernels{cpu_level()};
}  // namespace

CpuLevel kernel_level() { return level_of_kernels.load(std::memory_order_relaxed); }

void set_kernel_level(CpuLevel level) {
  PLUVIA_CHECK(level <= cpu_level(), static_cast<int>(level), static_cast<int>(cpu_level()));
  level_of_kernels = level;
}

std::string cpu_level_name() {
#if defined(__x86_64__)
  const CpuLevel level = cpu_level();
  if (level == CpuLevel::kBaseline) return "x86-64";
  return "x86-64-v" + std::to_string(static_cast<int>(level) + 1);
#elif defined(__aarch64__)
  return "aarch64";
#else
  return "other";
#endif
}

bool cpu_is_intel() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  return __builtin_cpu_is("intel") != 0;
#else
  return false;
#endif
}

bool cpu_has_vnni() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512vnni") != 0;
#else
  return false;
#endif
}

bool cpu_has_vbmi() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512vbmi") != 0 && __builtin_cpu_supports("avx512vbmi2") != 0;
#else
  return false;
#endif
}

std::string cpu_model() {
  const std::string name = field("/proc/cpuinfo", "model name");
  return name.empty() ? "unknown" : name;
}

int usable_cores() {
  int count = static_cast<int>(std::thread::hardware_concurrency());
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) count = CPU_COUNT(&set);
  return cgroup_cores(std::max(1, count));
}

Memory memory() { return {kilobytes("MemTotal"), kilobytes("MemAvailable")}; }

}  // namespace pluvia
