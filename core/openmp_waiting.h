// SPDX-License-Identifier: Apache-2.0
// How long LibTorch's idle threads spin before they sleep. Networks are chains of short loops:
// waking a sleeping thread for each costs more than the loop (a small ViMP-Net trains at 4 steps a
// second, at 9 when threads wait awake), while threads that spin for libgomp's usual 3 ms take
// cores from our own pool and from loaders. 10000 turns are about 0.1 ms. libgomp reads this when
// it is loaded.
#pragma once

#include <cstdlib>

namespace pluvia {

/// False when the user has a setting, which stays.
inline bool set_openmp_waiting() {
  if (std::getenv("OMP_WAIT_POLICY") != nullptr || std::getenv("GOMP_SPINCOUNT") != nullptr)
    return false;
  setenv("GOMP_SPINCOUNT", "10000", 1);
  return true;
}

}  // namespace pluvia
