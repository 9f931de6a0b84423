// SPDX-License-Identifier: Apache-2.0
#include "benchmarks/support/tensor_memory.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace pluvia::bench {
namespace {

std::atomic<std::int64_t> held{0};
std::atomic<std::int64_t> most{0};

// The size lies in front of the memory: oneDNN's scratch wants memory that is its own context.
constexpr std::size_t kAlignment = 64;

void give_back(void* memory) {
  if (memory == nullptr) return;
  std::byte* const start = static_cast<std::byte*>(memory) - kAlignment;
  held -= *reinterpret_cast<std::int64_t*>(start);
  std::free(start);
}

class Counting final : public c10::Allocator {
 public:
  c10::DataPtr allocate(std::size_t bytes) override {
    const std::size_t whole = (bytes + 2 * kAlignment - 1) / kAlignment * kAlignment;
    auto* const start = static_cast<std::byte*>(std::aligned_alloc(kAlignment, whole));
    if (start == nullptr) throw std::bad_alloc();
    const auto size = static_cast<std::int64_t>(bytes);
    *reinterpret_cast<std::int64_t*>(start) = size;
    const std::int64_t now = held += size;
    std::int64_t before = most;
    while (now > before && !most.compare_exchange_weak(before, now)) {
    }
    void* const memory = start + kAlignment;
    return {memory, memory, &give_back, c10::Device(c10::kCPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &give_back; }
  void copy_data(void* to, const void* from, std::size_t bytes) const override {
    default_copy_data(to, from, bytes);
  }
};

}  // namespace

void count_tensor_memory() {
  static Counting counting;
  c10::SetCPUAllocator(&counting, /*priority=*/100);
}

std::int64_t tensor_bytes() { return held; }
std::int64_t peak_tensor_bytes() { return most; }
void forget_peak() { most = held.load(); }

}  // namespace pluvia::bench
