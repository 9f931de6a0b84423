// SPDX-License-Identifier: Apache-2.0
#include "models/torch_cuda.h"

#include <dlfcn.h>

#include <filesystem>

#include "core/gpu.h"
#include "models/torch_pch.h"

namespace pluvia {
namespace {

std::filesystem::path torch_library_folder() {
  Dl_info info = {};
  const auto symbol = reinterpret_cast<const void*>(&at::get_num_threads);
  if (dladdr(symbol, &info) == 0 || info.dli_fname == nullptr) return {};
  return std::filesystem::path(info.dli_fname).parent_path();
}

TorchCuda open_cuda() {
  TorchCuda state;
  const std::filesystem::path library = torch_library_folder() / "libtorch_cuda.so";
  std::error_code ignored;
  state.built = std::filesystem::exists(library, ignored);
  if (!state.built) {
    state.note = "this torch package is a CPU build";
  } else if (gpu_system().gpus.empty()) {
    state.note = gpu_system().note;
  } else if (dlopen(library.c_str(), RTLD_NOW | RTLD_GLOBAL) == nullptr) {
    state.note = std::string("opening libtorch_cuda.so: ") + dlerror();
  } else {
    state.loaded = true;
  }
  return state;
}

}  // namespace

const TorchCuda& torch_cuda() {
  static const TorchCuda kState = open_cuda();
  return kState;
}

}  // namespace pluvia
