// SPDX-License-Identifier: Apache-2.0
// An array on a device that only grows, for memory that is kept from frame to frame: no page of it
// is asked of the system twice, and nothing is cleared that will be written anyway.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <type_traits>

#include "core/device.h"

namespace pluvia {

template <typename T>
class DeviceArray {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  explicit DeviceArray(const Device& device = {}) : device_(device) {}

  /// Room for `count`; what was there is lost when it has to grow.
  T* reserve(std::size_t count) {
    const std::size_t bytes = count * sizeof(T);
    if (!memory_ || memory_->bytes() < bytes) {
      memory_.reset();
      memory_.emplace(device_, bytes + bytes / 4 + 64);
    }
    return data();
  }
  /// A copy of `from` on the device.
  const T* upload(std::span<const T> from) {
    reserve(from.size());
    memory_->upload(std::as_bytes(from));
    return data();
  }
  /// `from` itself where the device is the CPU, a copy of it elsewhere.
  const T* lend(std::span<const T> from) {
    return device_.kind == DeviceKind::kCpu ? from.data() : upload(from);
  }
  void download(std::span<T> to) const { memory_->download(std::as_writable_bytes(to)); }
  T* data() const { return memory_ ? memory_->as<T>() : nullptr; }
  const Device& device() const { return device_; }

 private:
  Device device_;
  std::optional<DeviceMemory> memory_;
};

}  // namespace pluvia
