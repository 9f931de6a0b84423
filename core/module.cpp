// SPDX-License-Identifier: Apache-2.0
#include "core/module.h"

#include <dlfcn.h>

#include "core/error.h"
#include "core/file.h"

namespace pluvia {
namespace {

// Build tree and installation alike keep the modules in the folder of this very library.
fs::path module_path(const std::string& name) {
  Dl_info info = {};
  fs::path folder = ".";
  if (dladdr(reinterpret_cast<const void*>(&module_present), &info) != 0 &&
      info.dli_fname != nullptr) {
    folder = fs::path(info.dli_fname).parent_path();
  }
  return folder / ("lib" + name + ".so");
}

}  // namespace

bool module_present(const std::string& name) {
  std::error_code ignored;
  return fs::exists(module_path(name), ignored);
}

void* open_module(const std::string& name, const char* symbol, const std::string& purpose) {
  const fs::path path = module_path(name);
  if (!module_present(name)) {
    fail(purpose, ": this build has no ", path.filename().string(),
         "; build again with that feature on ('pluvia doctor' lists them)");
  }
  // Modules stay open until the process ends: LibTorch does not survive being unloaded.
  void* const handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (handle == nullptr) fail(purpose, ": opening ", path.string(), ": ", dlerror());
  void* const address = dlsym(handle, symbol);
  if (address == nullptr) {
    fail(purpose, ": ", path.string(), " has no entry '", symbol, "'; it is from another build");
  }
  return address;
}

}  // namespace pluvia
