// SPDX-License-Identifier: Apache-2.0
#include "core/pipeline.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <numeric>
#include <stdexcept>

namespace pluvia {
namespace {

class PipelineThreads : public testing::TestWithParam<int> {};

TEST_P(PipelineThreads, DeliversInOrderAndHoldsFew) {
  std::vector<int> delivered;
  std::atomic<int> alive{0};
  std::atomic<int> most{0};
  {
    OrderedPipeline pipeline(GetParam(), 4);
    for (int i = 0; i < 200; ++i) {
      most = std::max(most.load(), ++alive);
      pipeline.push([i] { std::this_thread::sleep_for(std::chrono::microseconds(i % 7 * 50)); },
                    [&delivered, &alive, i] {
                      delivered.push_back(i);
                      --alive;
                    });
    }
    pipeline.finish();
  }
  std::vector<int> expected(200);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(delivered, expected);
  EXPECT_LE(most.load(), 6);
}

TEST_P(PipelineThreads, CarriesTheFirstErrorToTheCaller) {
  for (const bool in_work : {true, false}) {
    int delivered = 0;
    const auto run = [&] {
      OrderedPipeline pipeline(GetParam(), 3);
      for (int i = 0; i < 50; ++i) {
        pipeline.push(
            [&, i] {
              if (in_work && i == 10) throw std::runtime_error("work");
            },
            [&, i] {
              if (!in_work && i == 10) throw std::runtime_error("deliver");
              ++delivered;
            });
      }
      pipeline.finish();
    };
    EXPECT_THROW(run(), std::runtime_error);
    EXPECT_LE(delivered, 10);
  }
}

TEST(Pipeline, NothingRunsAnyMoreWhenFinishThrows) {
  OrderedPipeline pipeline(4, 8);
  std::atomic<int> inside{0};
  pipeline.push([] { throw std::runtime_error("first"); }, [] {});
  const auto slow = [&] {
    ++inside;
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    --inside;
  };
  EXPECT_THROW(
      {
        for (int i = 0; i < 6; ++i) pipeline.push(slow, [] {});
        pipeline.finish();
      },
      std::runtime_error);
  EXPECT_THROW(pipeline.finish(), std::runtime_error);
  EXPECT_EQ(inside.load(), 0);
}

INSTANTIATE_TEST_SUITE_P(Counts, PipelineThreads, testing::Values(1, 2, 5));

}  // namespace
}  // namespace pluvia
