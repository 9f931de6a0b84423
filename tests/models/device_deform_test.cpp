// SPDX-License-Identifier: Apache-2.0
// The deformable convolution's kernels, in their compilation for the CPU, against the CPU's own
// loops: the text that GPUs run, without a GPU.
#include "models/ops/device_deform.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/parallel.h"
#include "tests/models/deform_problem.h"

namespace pluvia::ops {
namespace {

template <typename T>
DeformResult<T> by_kernels(const DeformProblem<T>& p) {
  DeformResult<T> out(p);
  std::vector<T> given = p.given;
  for (T& value : out.columns) value = std::numeric_limits<T>::quiet_NaN();
  out.offset.assign(out.offset.size(), std::numeric_limits<T>::quiet_NaN());
  out.mask = std::vector<T>(out.mask.size(), std::numeric_limits<T>::quiet_NaN());
  for (const PixelBlock& block : deform_blocks(p.sizes)) {
    cpu_backend::device_deform_columns(
        {p.sizes, p.input(), block, out.columns.data() + block.first * p.row()});
    const DeformBackwardArgs<T> back = {p.sizes, p.input(), block,
                                        given.data() + block.first * p.row(), out.gradient()};
    cpu_backend::device_deform_positions(back);
    cpu_backend::device_deform_picture(back);
  }
  return out;
}

template <typename T>
void expect_close(const std::vector<T>& found, const std::vector<T>& expected, const char* what) {
  ASSERT_EQ(found.size(), expected.size()) << what;
  constexpr T kRoundings = 64;
  T most = 1;
  for (const T value : expected) most = std::max(most, std::abs(value));
  for (std::size_t i = 0; i < found.size(); ++i) {
    ASSERT_NEAR(found[i], expected[i], kRoundings * most * std::numeric_limits<T>::epsilon())
        << what << " " << i;
  }
}

template <typename T>
void expect_equal_operators() {
  for (const DeformSizes& sizes : deform_sizes()) {
    SCOPED_TRACE(name_of(sizes));
    const DeformProblem<T> problem(sizes);
    const DeformResult<T> expected = deform_on_cpu(problem);
    const DeformResult<T> found = by_kernels(problem);
    expect_close(found.columns, expected.columns, "columns");
    expect_close(found.x, expected.x, "gradient of x");
    expect_close(found.offset, expected.offset, "gradient of offset");
    expect_close(found.mask, expected.mask, "gradient of mask");
  }
}

TEST(DeviceDeform, EqualsTheCpusLoopsInDouble) { expect_equal_operators<double>(); }

TEST(DeviceDeform, EqualsTheCpusLoopsInSingle) { expect_equal_operators<float>(); }

TEST(DeformColumns, AreTheSameOnTheWayThereAndBack) {
  for (const DeformSizes& sizes : deform_sizes()) {
    SCOPED_TRACE(name_of(sizes));
    const DeformProblem<double> problem(sizes);
    std::vector<double> columns(static_cast<std::size_t>(problem.column_count()));
    for (const PixelBlock& block : deform_blocks(sizes)) {
      deform_columns(sizes, problem.input(), block, columns.data() + block.first * problem.row());
    }
    expect_close(deform_on_cpu(problem).columns, columns, "columns");
  }
}

TEST(DeviceDeform, LosesNoAdditionOfManyThreads) {
  // All readings meet in one pixel.
  DeformSizes sizes;
  sizes.height = sizes.out_height = 96;
  sizes.width = sizes.out_width = 96;
  sizes.channels = 2;
  DeformProblem<double> problem(sizes);
  for (std::int64_t k = 0; k < sizes.taps(); ++k) {
    for (std::int64_t p = 0; p < sizes.out_pixels(); ++p) {
      const auto at = static_cast<std::size_t>(2 * k * sizes.out_pixels() + p);
      problem.offset[at] = static_cast<double>(50 - (p / 96 - 1 + k / 3));
      problem.offset[at + static_cast<std::size_t>(sizes.out_pixels())] =
          static_cast<double>(40 - (p % 96 - 1 + k % 3));
    }
  }
  std::fill(problem.mask.begin(), problem.mask.end(), 1.0);
  std::fill(problem.given.begin(), problem.given.end(), 1.0);
  constexpr int kRepeats = 60;
  DeformResult<double> found(problem);
  const DeformBackwardArgs<double> back = {
      sizes, problem.input(), {0, sizes.out_pixels()}, problem.given.data(), found.gradient()};
  set_thread_count(8);
  for (int i = 0; i < kRepeats; ++i) cpu_backend::device_deform_picture(back);
  set_thread_count(0);
  std::vector<double> expected(found.x.size(), 0.0);
  expected[(50 * 96 + 40) * 2] = expected[(50 * 96 + 40) * 2 + 1] = kRepeats * 9.0 * 96 * 96;
  EXPECT_EQ(found.x, expected);
}

TEST(DeviceDeform, ReadsZeroAtNoNumber) {
  DeformProblem<float> problem(deform_sizes()[1]);
  std::fill(problem.offset.begin(), problem.offset.end(), std::numeric_limits<float>::quiet_NaN());
  const DeformResult<float> found = by_kernels(problem);
  for (const auto& values : {found.columns, found.x, found.offset, found.mask}) {
    EXPECT_EQ(values, std::vector<float>(values.size(), 0.0F));
  }
}

TEST(DeviceDeform, IsRefusedOnAGpuWithoutItsKernels) {
  if (cuda_kernels_built()) GTEST_SKIP() << "this build has them";
  const DeformProblem<float> p(deform_sizes()[1]);
  DeformResult<float> out(p);
  const Device gpu = {DeviceKind::kCuda, 0};
  EXPECT_ANY_THROW(device_deform_columns(
      gpu, DeformColumnsArgs<float>{p.sizes, p.input(), {0, 1}, out.columns.data()}));
}

}  // namespace
}  // namespace pluvia::ops
