// SPDX-License-Identifier: Apache-2.0
// Threads as the program has them. How LibTorch's wait (core/openmp_waiting.h) is read when a
// process starts, hence it is started once more; first thing in main.
#pragma once

#include <ATen/Parallel.h>
#include <unistd.h>

#include "core/openmp_waiting.h"
#include "core/parallel.h"

namespace pluvia::bench {

inline void wait_as_program(char** argv) {
  if (set_openmp_waiting()) execv(argv[0], argv);
}

/// Of our pool and of LibTorch's.
inline void use_threads(int count) {
  set_thread_count(count);
  at::set_num_threads(count);
}

}  // namespace pluvia::bench
