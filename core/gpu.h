// SPDX-License-Identifier: Apache-2.0
// NVIDIA GPUs as the driver reports them. The driver's library is opened at run time, so this
// builds and answers on machines that have neither GPU nor CUDA toolkit.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pluvia {

struct Gpu {
  std::string name;
  std::uint64_t memory_bytes = 0;
  std::string compute_capability;  ///< "9.0"
};

struct GpuSystem {
  std::string
      driver_cuda;  ///< highest CUDA version that the driver serves, "13.0"; empty: no driver
  std::vector<Gpu> gpus;
  std::string note;  ///< why there are none
};

/// Asks the driver once; later calls give the same answer.
const GpuSystem& gpu_system();

}  // namespace pluvia
