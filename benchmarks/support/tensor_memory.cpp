// SPDX-License-Identifier: Apache-2.0
#include "benchmarks/support/tensor_memory.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>

#include <atomic>

namespace pluvia::bench {
namespace {

std::atomic<std::int64_t> held{0};
std::atomic<std::int64_t> most{0};

struct Counted {
  c10::DataPtr memory;
  std::int64_t bytes;
};

void give_back(void* context) {
  auto* const counted = static_cast<Counted*>(context);
  held -= counted->bytes;
  delete counted;
}

class Counting final : public c10::Allocator {
 public:
  explicit Counting(c10::Allocator* base) : base_(base) {}

  c10::DataPtr allocate(std::size_t bytes) override {
    c10::DataPtr memory = base_->allocate(bytes);
    void* const data = memory.get();
    const std::int64_t now = held += static_cast<std::int64_t>(bytes);
    std::int64_t before = most;
    while (now > before && !most.compare_exchange_weak(before, now)) {
    }
    auto* const counted = new Counted{std::move(memory), static_cast<std::int64_t>(bytes)};
    return {data, counted, &give_back, c10::Device(c10::kCPU)};
  }
  void copy_data(void* to, const void* from, std::size_t bytes) const override {
    default_copy_data(to, from, bytes);
  }

 private:
  c10::Allocator* base_;
};

}  // namespace

void count_tensor_memory() {
  static Counting counting(c10::GetCPUAllocator());
  c10::SetCPUAllocator(&counting, /*priority=*/100);
}

std::int64_t tensor_bytes() { return held; }
std::int64_t peak_tensor_bytes() { return most; }
void forget_peak() { most = held.load(); }

}  // namespace pluvia::bench
