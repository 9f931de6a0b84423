// SPDX-License-Identifier: Apache-2.0
#include "core/device.h"

#include <cstdlib>
#include <cstring>
#include <new>

#include "core/counted.h"
#include "core/cuda_runtime.h"
#include "core/error.h"
#include "core/gpu.h"
#include "core/text.h"

namespace pluvia {
namespace {

constexpr std::size_t kAlignment = 64;  // a cache line, and the widest vector

void require_fits(std::size_t size, std::size_t room) {
  PLUVIA_CHECK(size <= room, size, " bytes into ", room);
}

Device cuda_device(std::int64_t index) {
  const GpuSystem& system = gpu_system();
  const auto count = static_cast<std::int64_t>(system.gpus.size());
  if (count == 0) fail("--device cuda: ", system.note, "; use --device cpu");
  if (index >= count) {
    fail("--device cuda:", index, ": this machine has ", counted(count, "GPU"),
         ", numbered from 0");
  }
  return {DeviceKind::kCuda, static_cast<int>(index)};
}

}  // namespace

std::string Device::name() const {
  return kind == DeviceKind::kCpu ? "cpu" : "cuda:" + std::to_string(index);
}

Device parse_device(std::string_view text) {
  if (text == "cpu") return {};
  if (text == "auto") {
    if (cuda_kernels_built() && !gpu_system().gpus.empty()) return {DeviceKind::kCuda, 0};
    return {};
  }
  if (text == "cuda") return cuda_device(0);
  if (text.starts_with("cuda:")) {
    const auto index = parse_int(text.substr(5));
    if (index && *index >= 0) return cuda_device(*index);
  }
  fail_usage("--device ", text, did_you_mean(text, {"auto", "cpu", "cuda"}),
             ": expected auto, cpu, cuda or cuda:N");
}

bool cuda_kernels_built() { return cuda_runtime::built(); }

void select_cuda_device(const Device& device) { cuda_runtime::select(device.index); }

void refuse_cuda_kernel(const char* kernel) {
  fail("running ", kernel,
       " on a GPU: this build has no CUDA kernels; build with the preset "
       "'cuda' or use --device cpu");
}

DeviceMemory::DeviceMemory(const Device& device, std::size_t bytes)
    : device_(device), bytes_(bytes) {
  if (device.kind == DeviceKind::kCpu) {
    address_ = ::operator new (bytes, std::align_val_t{kAlignment});
  } else {
    select_cuda_device(device);
    address_ = cuda_runtime::allocate(bytes);
  }
}

DeviceMemory::DeviceMemory(DeviceMemory&& other) noexcept
    : device_(other.device_),
      address_(std::exchange(other.address_, nullptr)),
      bytes_(std::exchange(other.bytes_, 0)) {}

DeviceMemory& DeviceMemory::operator=(DeviceMemory&& other) noexcept {
  std::swap(device_, other.device_);
  std::swap(address_, other.address_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

DeviceMemory::~DeviceMemory() {
  if (address_ == nullptr) return;
  if (device_.kind == DeviceKind::kCpu) {
    ::operator delete (address_, std::align_val_t{kAlignment});
  } else {
    cuda_runtime::release(address_);
  }
}

void DeviceMemory::upload(std::span<const std::byte> from) {
  require_fits(from.size(), bytes_);
  if (device_.kind == DeviceKind::kCpu) {
    if (!from.empty()) std::memcpy(address_, from.data(), from.size());
  } else {
    cuda_runtime::copy(address_, from.data(), from.size());
  }
}

void DeviceMemory::download(std::span<std::byte> to) const {
  require_fits(to.size(), bytes_);
  if (device_.kind == DeviceKind::kCpu) {
    if (!to.empty()) std::memcpy(to.data(), address_, to.size());
  } else {
    cuda_runtime::copy(to.data(), address_, to.size());
  }
}

}  // namespace pluvia
