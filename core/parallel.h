// SPDX-License-Identifier: Apache-2.0
// The one pool of threads. Every loop of ours runs on it; OpenCV and LibTorch get their own counts
// set so that pools do not fight over the cores.
#pragma once

#include <cstdint>
#include <functional>

namespace pluvia {

/// Threads for every later loop, the caller included; 0: all usable cores. Not while a loop runs.
void set_thread_count(int count);
int thread_count();

/// Calls body(begin, end) on ranges of at most `grain` indices that together are [0, n). Ranges do
/// not depend on the number of threads. Returns when all are done. The exception of the lowest
/// range that failed reaches the caller and ranges not yet begun are dropped; an interruption
/// (core/interrupt.h) does the same. May be called from many threads and from inside a body.
void parallel_for(std::int64_t n, std::int64_t grain,
                  const std::function<void(std::int64_t begin, std::int64_t end)>& body);

/// Calls work() on up to so many threads at once, the caller's among them; back when all have
/// returned.
using Team = void (*)(int threads, const std::function<void()>& work);

/// While it lives, loops that this thread begins run on that team in place of the pool. For work
/// that takes turns with a library's loops: to go to and fro between its threads and ours costs
/// more than a short loop.
class TeamScope {
 public:
  explicit TeamScope(Team team);
  ~TeamScope();
  TeamScope(const TeamScope&) = delete;
  TeamScope& operator=(const TeamScope&) = delete;

 private:
  Team before_;
};

/// For tests: loops over tiles (core/for_each.h) run the body that GPUs run, pixel by pixel on one
/// thread, and so do networks' operators that have one (models/ops/torch_device.h), so that both
/// bodies can be compared where there is no GPU.
void set_pixel_order(bool on);
bool pixel_order();

}  // namespace pluvia
