// SPDX-License-Identifier: Apache-2.0
// Where work runs: the CPU or one GPU. Parsed from --device; memory that lies there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace pluvia {

enum class DeviceKind : std::uint8_t { kCpu, kCuda };

struct Device {
  DeviceKind kind = DeviceKind::kCpu;
  int index = 0;  ///< which GPU

  bool operator==(const Device&) const = default;
  std::string name() const;  ///< "cpu", "cuda:0"
};

/// "auto" (a GPU where there is one and this build has kernels for it), "cpu", "cuda", "cuda:N".
/// Anything else is an Error of usage; a GPU that is not there an Error that says what was found.
Device parse_device(std::string_view text);

/// Whether this build has our own kernels for CUDA.
bool cuda_kernels_built();

/// Makes the GPU the one that launches of this thread go to.
void select_cuda_device(const Device& device);

/// An Error: this build has no CUDA body of the kernel.
[[noreturn]] void refuse_cuda_kernel(const char* kernel);

/// Bytes on a device; owned, never copied silently.
class DeviceMemory {
 public:
  DeviceMemory(const Device& device, std::size_t bytes);
  DeviceMemory(DeviceMemory&& other) noexcept;
  DeviceMemory& operator=(DeviceMemory&& other) noexcept;
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;
  ~DeviceMemory();

  void upload(std::span<const std::byte> from);
  void download(std::span<std::byte> to) const;

  template <typename T>
  T* as() const {
    return static_cast<T*>(address_);
  }
  std::size_t bytes() const { return bytes_; }

 private:
  Device device_;
  void* address_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace pluvia
