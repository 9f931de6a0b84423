// SPDX-License-Identifier: Apache-2.0
// The LibTorch module's side of its table.
#include "models/torch_module.h"

#include "models/nets/torch_network.h"
#include "models/torch_cuda.h"
#include "models/torch_pch.h"
#include "models/torch_script.h"
#include "models/training/torch_training.h"

namespace pluvia {
namespace {

// (1 2; 3 4)^2 = (7 10; 15 22), exact in floating point.
bool self_check() {
  const torch::Tensor a = torch::tensor({{1.0F, 2.0F}, {3.0F, 4.0F}});
  const torch::Tensor expected = torch::tensor({{7.0F, 10.0F}, {15.0F, 22.0F}});
  return torch::equal(torch::matmul(a, a), expected);
}

TorchInfo info() {
  TorchInfo out;
  const TorchCuda& cuda = torch_cuda();
  out.version = TORCH_VERSION;
  out.cuda_built = cuda.built;
  out.cuda_note = cuda.note;
  if (cuda.loaded) {
    const auto count = static_cast<int>(torch::cuda::device_count());
    for (int i = 0; i < count; ++i) out.cuda_devices.push_back("cuda:" + std::to_string(i));
    if (count == 0) out.cuda_note = "the driver is older than this torch package needs";
  }
  out.threads = at::get_num_threads();
  out.self_check = self_check();
  return out;
}

void set_threads(int count) { at::set_num_threads(count); }

constexpr TorchModule kTable = {kTorchModuleLayout,   &info,
                                &set_threads,         &make_torch_network,
                                &make_torch_training, &make_script_method};

}  // namespace
}  // namespace pluvia

extern "C" __attribute__((visibility("default"))) const pluvia::TorchModule* pluvia_torch_module();

const pluvia::TorchModule* pluvia_torch_module() { return &pluvia::kTable; }
