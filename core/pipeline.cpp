// SPDX-License-Identifier: Apache-2.0
#include "core/pipeline.h"

#include <algorithm>
#include <utility>

namespace pluvia {

int thread_count(int asked) {
  if (asked > 0) return asked;
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

OrderedPipeline::OrderedPipeline(int threads, std::size_t capacity)
    : capacity_(std::max<std::size_t>(1, capacity)) {
  if (threads <= 1) return;
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

OrderedPipeline::~OrderedPipeline() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void OrderedPipeline::push(std::function<void()> work, std::function<void()> deliver) {
  if (threads_.empty()) {
    work();
    deliver();
    return;
  }
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return error_ != nullptr || items_.size() < capacity_; });
  if (error_ != nullptr) std::rethrow_exception(error_);
  auto item = std::make_shared<Item>();
  item->work = std::move(work);
  item->deliver = std::move(deliver);
  items_.push_back(std::move(item));
  lock.unlock();
  changed_.notify_all();
}

void OrderedPipeline::finish() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return running_ == 0 && (error_ != nullptr || items_.empty()); });
  if (error_ != nullptr) std::rethrow_exception(error_);
}

void OrderedPipeline::fail_with(std::exception_ptr error) {
  const std::scoped_lock lock(mutex_);
  if (error_ == nullptr) error_ = std::move(error);
  items_.clear();
}

void OrderedPipeline::run() {
  std::unique_lock lock(mutex_);
  const auto waiting = [this] {
    return std::find_if(items_.begin(), items_.end(),
                        [](const auto& item) { return !item->started; });
  };
  while (true) {
    changed_.wait(lock, [&] { return stopping_ || waiting() != items_.end(); });
    if (stopping_) return;
    const std::shared_ptr<Item> item = *waiting();
    item->started = true;
    ++running_;
    lock.unlock();
    try {
      item->work();
      lock.lock();
      item->worked = true;
      deliver_ready(lock);
    } catch (...) {
      if (lock.owns_lock()) lock.unlock();
      fail_with(std::current_exception());
      lock.lock();
      delivering_ = false;
    }
    --running_;
    changed_.notify_all();
  }
}

// Whoever finishes the oldest item delivers it and all that are ready behind it.
void OrderedPipeline::deliver_ready(std::unique_lock<std::mutex>& lock) {
  if (delivering_) return;
  delivering_ = true;
  while (!items_.empty() && items_.front()->worked && error_ == nullptr) {
    const std::shared_ptr<Item> item = items_.front();
    lock.unlock();
    item->deliver();
    lock.lock();
    if (error_ == nullptr) items_.pop_front();
    changed_.notify_all();
  }
  delivering_ = false;
}

}  // namespace pluvia
