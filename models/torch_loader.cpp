// SPDX-License-Identifier: Apache-2.0
// The program's side of the LibTorch module.
#include "core/error.h"
#include "core/module.h"
#include "core/openmp_waiting.h"
#include "core/parallel.h"
#include "models/torch_module.h"

namespace pluvia {

const TorchModule& torch_module() {
  static const TorchModule* const kModule = [] {
    using Entry = const TorchModule* (*)();
    const char* const purpose = "networks need LibTorch";
    set_openmp_waiting();
    void* const address = open_module("pluvia_torch", "pluvia_torch_module", purpose);
    const TorchModule* const module = reinterpret_cast<Entry>(address)();
    if (module->layout != kTorchModuleLayout) {
      fail(purpose, ": libpluvia_torch.so has layout ", module->layout, ", expected ",
           kTorchModuleLayout, "; it is from another build");
    }
    module->set_threads(thread_count());
    return module;
  }();
  return *kModule;
}

bool torch_built() { return module_present("pluvia_torch"); }

}  // namespace pluvia
