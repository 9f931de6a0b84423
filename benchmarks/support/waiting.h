// SPDX-License-Identifier: Apache-2.0
// LibTorch's idle threads sleep instead of spinning, as the program has it: spinning ones take time
// from whatever else runs. Read when a process starts, hence once more; first thing in main.
#pragma once

#include <unistd.h>

#include <cstdlib>

namespace pluvia::bench {

inline void wait_passively(char** argv) {
  if (std::getenv("OMP_WAIT_POLICY") != nullptr) return;
  setenv("OMP_WAIT_POLICY", "PASSIVE", 1);
  execv(argv[0], argv);
}

}  // namespace pluvia::bench
