// SPDX-License-Identifier: Apache-2.0
// The CUDA half of LibTorch, opened at run time. The module is linked to the CPU half only, so it
// loads on machines without a GPU even when NVIDIA's packages are not installed.
#pragma once

#include <string>

namespace pluvia {

struct TorchCuda {
  bool built = false;   ///< libtorch_cuda.so lies beside libtorch_cpu.so
  bool loaded = false;  ///< and was opened; at::hasCUDA() is then true
  std::string note;     ///< why it was not
};

/// Opens it once, and only where an NVIDIA driver answers. Must come before the first question
/// about CUDA to LibTorch, which remembers its first answer.
const TorchCuda& torch_cuda();

}  // namespace pluvia
