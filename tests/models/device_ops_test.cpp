// SPDX-License-Identifier: Apache-2.0
// The operators' bodies for devices, compiled for the CPU from the text that nvcc compiles for
// GPUs: output and every gradient equal those of the ordinary bodies, which ops_test.cpp holds to
// plain loops and finite differences.
#include <gtest/gtest.h>

#include <cmath>

#include "core/parallel.h"
#include "tests/backend/op_problems.h"

namespace pluvia::backend {
namespace {

std::vector<OpResult> results_of(const OpRun& run) {
  run.launch();
  return run.fetch();
}

TEST(DeviceOps, EqualTheOrdinaryOnes) {
  for (const OpProblem& problem : all_op_problems()) {
    const std::vector<OpResult> expected = results_of(problem.ordinary());
    const std::vector<OpResult> found = results_of(problem.device({}));
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      const OpResult& part = found[i];
      ASSERT_EQ(part.name, expected[i].name);
      ASSERT_EQ(part.values.size(), expected[i].values.size());
      for (std::size_t j = 0; j < part.values.size(); ++j) {
        ASSERT_NEAR(part.values[j], expected[i].values[j], problem.tolerance)
            << problem.name << ": " << part.name << " " << j;
      }
    }
  }
}

TEST(DeviceOps, DoNotDependOnThreads) {
  for (const OpProblem& problem : all_op_problems()) {
    set_thread_count(1);
    const std::vector<OpResult> one = results_of(problem.device({}));
    set_thread_count(4);
    const std::vector<OpResult> four = results_of(problem.device({}));
    set_thread_count(0);
    for (std::size_t i = 0; i < one.size(); ++i) {
      EXPECT_EQ(one[i].values, four[i].values) << problem.name << ": " << one[i].name;
    }
  }
}

}  // namespace
}  // namespace pluvia::backend
