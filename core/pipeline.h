// SPDX-License-Identifier: Apache-2.0
// Work that many threads do and one order receives: decode or compress frames on all cores, hand
// them on in the order in which they came, hold only a few at a time.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace pluvia {

/// The number of worker threads to use: `asked`, or all cores when it is 0.
int thread_count(int asked);

class OrderedPipeline {
 public:
  /// `threads` <= 1: everything happens inside push. `capacity`: items held at most.
  OrderedPipeline(int threads, std::size_t capacity);
  ~OrderedPipeline();
  OrderedPipeline(const OrderedPipeline&) = delete;
  OrderedPipeline& operator=(const OrderedPipeline&) = delete;

  /// Runs `work` on some thread; then `deliver`, in the order of the pushes and never two at once.
  /// Waits while the pipeline is full. Throws what an earlier item threw.
  void push(std::function<void()> work, std::function<void()> deliver);
  /// Waits until everything is delivered, or an item threw and the others have come to rest; then
  /// throws what it threw.
  void finish();

 private:
  struct Item {
    std::function<void()> work;
    std::function<void()> deliver;
    bool started = false;
    bool worked = false;
  };

  void run();
  void deliver_ready(std::unique_lock<std::mutex>& lock);
  void fail_with(std::exception_ptr error);

  std::size_t capacity_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Item>> items_;
  std::exception_ptr error_;
  int running_ = 0;  ///< threads inside an item's functions
  bool delivering_ = false;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace pluvia
