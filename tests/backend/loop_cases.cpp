// SPDX-License-Identifier: Apache-2.0
// for_each itself, with randomness and own mathematics inside, against a plain loop.
#include <memory>

#include "core/device_array.h"
#include "core/rng.h"
#include "tests/backend/cases.h"
#include "tests/core/kernels/case_kernel.h"

namespace pluvia::backend {
namespace {

constexpr std::uint64_t kSeed = 5;

std::vector<float> input(std::size_t count) {
  std::vector<float> in(count);
  for (std::size_t i = 0; i < count; ++i) in[i] = static_cast<float>(i % 91) / 7;
  return in;
}

Work prepare(const Device& device, std::size_t count) {
  auto from = std::make_shared<DeviceArray<float>>(device);
  auto to = std::make_shared<DeviceArray<float>>(device);
  from->upload(input(count));
  to->reserve(count);
  const CaseArgs args{from->data(), to->data(), static_cast<std::int64_t>(count), kSeed};
  Work work;
  work.launch = [device, args, from, to] { case_kernel(device, args); };
  work.fetch = [to, count] {
    std::vector<float> out(count);
    to->download(out);
    return std::vector<double>(out.begin(), out.end());
  };
  return work;
}

std::vector<double> plain(std::size_t count) {
  std::vector<double> out;
  const std::vector<float> in = input(count);
  for (std::size_t i = 0; i < count; ++i) {
    const Random random{kSeed, 0, 0, static_cast<std::uint32_t>(i)};
    const double noise = random.normal(0) + random.uniform(1);
    const auto value = static_cast<float>(double{in[i]} * 3 + exact::exp(-noise * noise));
    out.push_back(static_cast<double>(value));
  }
  return out;
}

}  // namespace

void add_loop_cases(std::vector<Case>& cases) {
  for (const std::size_t count : {1U, 7U, 50001U}) {
    Case one;
    one.name = "for_each " + std::to_string(count);
    one.prepare = [count](const Device& device) { return prepare(device, count); };
    one.reference = [count] { return plain(count); };
    cases.push_back(one);
  }
}

}  // namespace pluvia::backend
