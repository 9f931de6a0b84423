// SPDX-License-Identifier: Apache-2.0
#include "core/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <numeric>
#include <set>
#include <thread>
#include <vector>

#include "core/error.h"
#include "core/interrupt.h"

namespace pluvia {
namespace {

class Parallel : public testing::TestWithParam<int> {
 protected:
  void SetUp() override { set_thread_count(GetParam()); }
  void TearDown() override { set_thread_count(0); }
};

INSTANTIATE_TEST_SUITE_P(Threads, Parallel, testing::Values(1, 2, 3, 8));

TEST_P(Parallel, EveryIndexOnce) {
  EXPECT_EQ(thread_count(), GetParam());
  for (const std::int64_t n : {0, 1, 7, 64, 1000, 12345}) {
    std::vector<std::atomic<int>> hits(static_cast<std::size_t>(n));
    parallel_for(n, 64, [&](std::int64_t begin, std::int64_t end) {
      EXPECT_LE(end - begin, 64);
      for (std::int64_t i = begin; i < end; ++i) ++hits[static_cast<std::size_t>(i)];
    });
    for (const auto& hit : hits) EXPECT_EQ(hit.load(), 1);
  }
}

TEST_P(Parallel, ExceptionReachesTheCallerAndStopsTheRest) {
  // So many that the thread which fails is given time again before the others are through.
  constexpr int kRanges = 2'000'000;
  std::atomic<int> ranges{0};
  try {
    parallel_for(kRanges, 1, [&](std::int64_t begin, std::int64_t) {
      ++ranges;
      if (begin == 3) fail("range ", begin, " failed");
    });
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "range 3 failed");
  }
  EXPECT_LT(ranges.load(), kRanges);
  std::atomic<int> after{0};
  parallel_for(100, 1, [&](std::int64_t, std::int64_t) { ++after; });
  EXPECT_EQ(after.load(), 100);
}

TEST_P(Parallel, InterruptionStopsTheLoop) {
  set_interrupt_signal(0);
  std::atomic<int> ranges{0};
  try {
    parallel_for(100000, 1, [&](std::int64_t, std::int64_t) {
      if (++ranges == 5) set_interrupt_signal(SIGINT);
    });
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInterrupt);
  }
  set_interrupt_signal(0);
  EXPECT_LT(ranges.load(), 100000);
}

TEST_P(Parallel, LoopsInsideLoops) {
  std::atomic<std::int64_t> sum{0};
  parallel_for(20, 1, [&](std::int64_t begin, std::int64_t) {
    parallel_for(100, 10, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t i = first; i < last; ++i) sum += begin * 100 + i;
    });
  });
  EXPECT_EQ(sum.load(), 1999 * 2000 / 2);
}

TEST_P(Parallel, LoopsFromManyThreads) {
  std::atomic<int> count{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] {
      parallel_for(500, 3,
                   [&](std::int64_t b, std::int64_t e) { count += static_cast<int>(e - b); });
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(count.load(), 2000);
}

void run_on_three_threads(int /*threads*/, const std::function<void()>& work) {
  std::vector<std::thread> others;
  for (int i = 0; i < 2; ++i) others.emplace_back(work);
  work();
  for (std::thread& other : others) other.join();
}

std::atomic<int> teams_called{0};
void run_alone(int /*threads*/, const std::function<void()>& work) {
  ++teams_called;
  work();
}

TEST_P(Parallel, RunsOnATeamWhileItsScopeLasts) {
  teams_called = 0;
  std::atomic<int> seen{0};
  const auto loop = [&] { parallel_for(100, 1, [&](std::int64_t, std::int64_t) { ++seen; }); };
  {
    const TeamScope outer(&run_alone);
    loop();
    {
      const TeamScope inner(&run_on_three_threads);
      loop();
    }
    std::thread(loop).join();  // another thread: the pool
    loop();
  }
  loop();
  EXPECT_EQ(seen.load(), 500);
  EXPECT_EQ(teams_called.load(), thread_count() == 1 ? 0 : 2);
}

TEST_P(Parallel, ExceptionsLeaveATeam) {
  const TeamScope team(&run_on_three_threads);
  const auto loop = [] {
    parallel_for(1000, 1, [](std::int64_t begin, std::int64_t) {
      if (begin >= 3) fail("range ", begin, " failed");
    });
  };
  EXPECT_THROW(loop(), Error);
}

}  // namespace
}  // namespace pluvia
