// SPDX-License-Identifier: Apache-2.0
// One kernel on every backend: against a plain loop here, which the compiler builds for the
// baseline level only. The CPU must give the same bits; CUDA too (no fma, own mathematics).
#include "core/for_each.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/error.h"
#include "core/gpu.h"
#include "core/parallel.h"
#include "core/rng.h"
#include "tests/core/kernels/case_kernel.h"

namespace pluvia {
namespace {

std::vector<Device> backends() {
  std::vector<Device> devices = {Device{}};
  if (cuda_kernels_built() && !gpu_system().gpus.empty()) devices.push_back({DeviceKind::kCuda, 0});
  return devices;
}

std::vector<float> expected(const std::vector<float>& in, std::uint64_t seed) {
  std::vector<float> out(in.size());
  for (std::size_t i = 0; i < in.size(); ++i) {
    const Random random{seed, 0, 0, static_cast<std::uint32_t>(i)};
    const double noise = random.normal(0) + random.uniform(1);
    out[i] = static_cast<float>(double{in[i]} * 3 + exact::exp(-noise * noise));
  }
  return out;
}

TEST(ForEach, EveryBackendGivesTheSameBits) {
  for (const Device& device : backends()) {
    for (const std::size_t n : {0U, 1U, 7U, 1000U, 50001U}) {
      std::vector<float> in(n);
      for (std::size_t i = 0; i < n; ++i) in[i] = static_cast<float>(i % 91) / 7;
      DeviceMemory from(device, n * sizeof(float));
      DeviceMemory to(device, n * sizeof(float));
      from.upload(std::as_bytes(std::span(in)));
      case_kernel(device, {from.as<float>(), to.as<float>(), static_cast<std::int64_t>(n), 5});
      std::vector<float> out(n);
      to.download(std::as_writable_bytes(std::span(out)));
      EXPECT_EQ(out, expected(in, 5)) << device.name() << " " << n;
    }
  }
}

TEST(ForEach, ThreadsDoNotMatter) {
  std::vector<float> in(100000, 1.5F);
  std::vector<float> one(in.size());
  std::vector<float> many(in.size());
  set_thread_count(1);
  case_kernel(Device{}, {in.data(), one.data(), static_cast<std::int64_t>(in.size()), 9});
  set_thread_count(5);
  case_kernel(Device{}, {in.data(), many.data(), static_cast<std::int64_t>(in.size()), 9});
  set_thread_count(0);
  EXPECT_EQ(one, many);
}

TEST(Device, Names) {
  EXPECT_EQ(parse_device("cpu"), Device{});
  EXPECT_EQ(Device{}.name(), "cpu");
  EXPECT_EQ((Device{DeviceKind::kCuda, 2}).name(), "cuda:2");
  EXPECT_NO_THROW(parse_device("auto"));
  for (const char* bad : {"", "gpu", "cuda:", "cuda:-1", "cuda:x", "cdua"}) {
    try {
      parse_device(bad);
      ADD_FAILURE() << bad;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage) << error.what();
    }
  }
  try {
    parse_device("cuda:99");
    ADD_FAILURE() << "100 GPUs";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput) << error.what();
  }
}

TEST(Device, KernelWithoutItsCudaBodyIsRefused) {
  if (cuda_kernels_built()) GTEST_SKIP() << "this build has them";
  EXPECT_THROW(case_kernel({DeviceKind::kCuda, 0}, {}), Error);
}

}  // namespace
}  // namespace pluvia
