// SPDX-License-Identifier: Apache-2.0
#include "core/parallel.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "core/cpu.h"
#include "core/error.h"
#include "core/interrupt.h"

namespace pluvia {
namespace {

using Body = std::function<void(std::int64_t, std::int64_t)>;

/// Looks for something a while before the thread goes to sleep, from which it would have to be
/// woken for the next of many short loops.
template <typename There>
void watch_for(const There& there) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::microseconds(25);
  while (!there() && Clock::now() < end) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }
}

/// One parallel_for. Its ranges are handed out by a counter; whoever takes one runs it.
class Job {
 public:
  Job(std::int64_t n, std::int64_t grain, const Body& body)
      : n_(n), grain_(grain), ranges_((n + grain - 1) / grain), body_(body) {}

  bool exhausted() const { return next_.load() >= ranges_; }

  /// Runs ranges until none is left to take.
  void work() {
    for (std::int64_t range = next_++; range < ranges_; range = next_++) {
      run(range);
      if (++finished_ == ranges_) {
        const std::scoped_lock lock(mutex_);
        all_finished_.notify_all();
      }
    }
  }

  void wait_and_rethrow() {
    const auto done = [this] { return finished_ == ranges_; };
    watch_for(done);
    std::unique_lock lock(mutex_);
    all_finished_.wait(lock, done);
    if (error_) std::rethrow_exception(error_);
  }

 private:
  void run(std::int64_t range) {
    if (failed_.load()) return;
    try {
      throw_if_interrupted();
      body_(range * grain_, std::min(n_, (range + 1) * grain_));
    } catch (...) {
      const std::scoped_lock lock(mutex_);
      failed_ = true;
      if (!error_ || range < failed_range_) {
        error_ = std::current_exception();
        failed_range_ = range;
      }
    }
  }

  const std::int64_t n_;
  const std::int64_t grain_;
  const std::int64_t ranges_;
  const Body& body_;
  std::atomic<std::int64_t> next_{0};
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  std::condition_variable all_finished_;
  std::atomic<std::int64_t> finished_{0};
  std::int64_t failed_range_ = 0;
  std::exception_ptr error_;
};

class Pool {
 public:
  static Pool& instance() {
    static Pool pool;
    return pool;
  }

  ~Pool() { stop(); }

  void resize(int threads) {
    const std::scoped_lock lock(resize_mutex_);
    stop();
    threads_ = threads == 0 ? usable_cores() : threads;
    started_ = false;
  }

  int threads() const { return threads_; }

  void run(const std::shared_ptr<Job>& job) {
    start();
    {
      const std::scoped_lock lock(mutex_);
      jobs_.push_back(job);
      ++begun_;
    }
    wake_.notify_all();
    job->work();
    {
      const std::scoped_lock lock(mutex_);
      std::erase(jobs_, job);
    }
    job->wait_and_rethrow();
  }

 private:
  // At the first loop, so that commands that need no threads start none.
  void start() {
    const std::scoped_lock lock(resize_mutex_);
    if (started_) return;
    started_ = true;
    stopping_ = false;
    for (int i = 1; i < threads_; ++i) workers_.emplace_back([this] { serve(); });
  }

  void stop() {
    {
      const std::scoped_lock lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& worker : workers_) worker.join();
    workers_.clear();
  }

  std::shared_ptr<Job> next_job() {
    std::unique_lock lock(mutex_);
    bool watched = false;
    while (true) {
      for (const std::shared_ptr<Job>& job : jobs_) {
        if (!job->exhausted()) return job;
      }
      if (stopping_) return nullptr;
      if (std::exchange(watched, true)) {
        wake_.wait(lock);
        continue;
      }
      const std::int64_t seen = begun_;
      lock.unlock();
      watch_for([&] { return begun_ != seen; });
      lock.lock();
    }
  }

  void serve() {
    while (const std::shared_ptr<Job> job = next_job()) job->work();
  }

  std::atomic<int> threads_{usable_cores()};
  std::mutex resize_mutex_;
  bool started_ = false;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::atomic<std::int64_t> begun_{0};  ///< jobs
  std::deque<std::shared_ptr<Job>> jobs_;
  std::vector<std::thread> workers_;
};

}  // namespace

void set_thread_count(int count) {
  PLUVIA_CHECK(count >= 0, count);
  Pool::instance().resize(count);
}

namespace {
std::atomic<bool> by_pixel{false};
thread_local Team team_of_thread = nullptr;
}  // namespace

TeamScope::TeamScope(Team team) : before_(std::exchange(team_of_thread, team)) {}
TeamScope::~TeamScope() { team_of_thread = before_; }

void set_pixel_order(bool on) { by_pixel = on; }
bool pixel_order() { return by_pixel; }

int thread_count() { return Pool::instance().threads(); }

void parallel_for(std::int64_t n, std::int64_t grain, const Body& body) {
  PLUVIA_CHECK(grain > 0, grain);
  if (n <= 0) return;
  if (n <= grain || thread_count() == 1) {
    for (std::int64_t begin = 0; begin < n; begin += grain) {
      throw_if_interrupted();
      body(begin, std::min(n, begin + grain));
    }
    return;
  }
  if (team_of_thread != nullptr) {
    Job job(n, grain, body);
    team_of_thread(thread_count(), [&job] { job.work(); });
    return job.wait_and_rethrow();
  }
  Pool::instance().run(std::make_shared<Job>(n, grain, body));
}

}  // namespace pluvia
