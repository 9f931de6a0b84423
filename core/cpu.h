// SPDX-License-Identifier: Apache-2.0
// What the processor and the machine around it offer. Instruction levels are those of the x86-64
// psABI; kernels are compiled for several of them and picked at run time (core/for_each.h).
#pragma once

#include <cstdint>
#include <string>

namespace pluvia {

enum class CpuLevel : std::uint8_t { kBaseline, kV2, kV3, kV4 };

/// The highest level whose instructions all work here; kBaseline on other architectures.
CpuLevel cpu_level();
/// The level whose code kernels run: cpu_level(), unless it was lowered.
CpuLevel kernel_level();
/// For tests: results must not depend on it, those of networks' operators by roundings only. At
/// most cpu_level().
void set_kernel_level(CpuLevel level);
/// "x86-64-v3"; on other architectures their name.
std::string cpu_level_name();
/// As the system names it, or "unknown".
std::string cpu_model();
/// All are false on other architectures. VNNI and VBMI (1 and 2): AVX-512's dot products and what
/// moves single bytes about, not part of a level.
bool cpu_is_intel();
bool cpu_has_vnni();
bool cpu_has_vbmi();
/// Cores this process may run on: respects affinity and cgroup limits.
int usable_cores();

struct Memory {
  std::uint64_t total_bytes = 0;
  std::uint64_t available_bytes = 0;
};
Memory memory();

}  // namespace pluvia
