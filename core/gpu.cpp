// SPDX-License-Identifier: Apache-2.0
// Deviation: the handful of driver functions is declared here by hand, since cuda.h comes only with
// the toolkit. Their signatures are a stable ABI (CUDA driver API reference).
#include "core/gpu.h"

#include <dlfcn.h>

#include <array>

namespace pluvia {
namespace {

using Status = int;
constexpr int kComputeMajor = 75;  // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR
constexpr int kComputeMinor = 76;

struct Driver {
  Status (*init)(unsigned) = nullptr;
  Status (*version)(int*) = nullptr;
  Status (*count)(int*) = nullptr;
  Status (*name)(char*, int, int) = nullptr;
  Status (*memory)(std::size_t*, int) = nullptr;
  Status (*attribute)(int*, int, int) = nullptr;
};

template <typename Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

bool load(Driver& driver) {
  void* const library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  return library != nullptr && find(library, "cuInit", driver.init) &&
         find(library, "cuDriverGetVersion", driver.version) &&
         find(library, "cuDeviceGetCount", driver.count) &&
         find(library, "cuDeviceGetName", driver.name) &&
         find(library, "cuDeviceTotalMem_v2", driver.memory) &&
         find(library, "cuDeviceGetAttribute", driver.attribute);
}

Gpu describe(const Driver& driver, int index) {
  Gpu gpu;
  std::array<char, 128> name{};
  std::size_t bytes = 0;
  int major = 0;
  int minor = 0;
  if (driver.name(name.data(), static_cast<int>(name.size()) - 1, index) == 0) {
    gpu.name = name.data();
  }
  if (driver.memory(&bytes, index) == 0) gpu.memory_bytes = bytes;
  if (driver.attribute(&major, kComputeMajor, index) == 0 &&
      driver.attribute(&minor, kComputeMinor, index) == 0) {
    gpu.compute_capability = std::to_string(major) + "." + std::to_string(minor);
  }
  return gpu;
}

GpuSystem ask() {
  GpuSystem system;
  Driver driver;
  if (!load(driver)) {
    system.note = "no NVIDIA driver (libcuda.so.1)";
    return system;
  }
  int version = 0;
  int count = 0;
  if (driver.version(&version) == 0) {
    system.driver_cuda = std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
  }
  const Status status = driver.init(0);
  if (status != 0 || driver.count(&count) != 0) {
    system.note = "the NVIDIA driver finds no usable GPU (error " + std::to_string(status) + ")";
    return system;
  }
  for (int i = 0; i < count; ++i) system.gpus.push_back(describe(driver, i));
  if (count == 0) system.note = "the NVIDIA driver lists no GPU";
  return system;
}

}  // namespace

const GpuSystem& gpu_system() {
  static const GpuSystem kSystem = ask();
  return kSystem;
}

}  // namespace pluvia
