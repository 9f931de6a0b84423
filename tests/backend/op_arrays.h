// SPDX-License-Identifier: Apache-2.0
// The arrays of one run of an operator on one device.
#pragma once

#include <cmath>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "core/device_array.h"
#include "core/rng.h"
#include "tests/backend/op_problems.h"

namespace pluvia::backend {

template <typename T>
class OpArrays {
 public:
  explicit OpArrays(const Device& device) : device_(device) {}

  /// Uniform in -scale..scale, each call from a stream of its own: the same in every run.
  const T* random(std::int64_t count, double scale = 1) {
    std::vector<T> values(static_cast<std::size_t>(count));
    const std::uint64_t seed = arrays_.size();
    for (std::size_t i = 0; i < values.size(); ++i) {
      const Random random{.seed = seed, .particle = static_cast<std::uint32_t>(i)};
      values[i] = static_cast<T>(random.uniform(0, -scale, scale));
    }
    return upload(values);
  }
  /// Not a number anywhere until it is written.
  T* room(std::int64_t count) {
    return upload(std::vector<T>(static_cast<std::size_t>(count), static_cast<T>(NAN)));
  }
  T* result(const std::string& name, std::int64_t count) {
    results_.push_back({name, arrays_.size(), static_cast<std::size_t>(count)});
    return room(count);
  }

  std::vector<OpResult> results() const {
    std::vector<OpResult> out;
    for (const Named& one : results_) {
      std::vector<T> values(one.count);
      arrays_[one.array].download(values);
      double largest = 0;
      for (const T v : values) largest = std::fmax(largest, std::abs(double{v}));
      out.push_back({one.name, {values.begin(), values.end()}});
      if (largest == 0) continue;
      for (double& v : out.back().values) v /= largest;
    }
    return out;
  }

 private:
  struct Named {
    std::string name;
    std::size_t array, count;
  };
  T* upload(const std::vector<T>& values) {
    arrays_.emplace_back(device_).upload(values);
    return arrays_.back().data();
  }

  Device device_;
  std::deque<DeviceArray<T>> arrays_;
  std::vector<Named> results_;
};

}  // namespace pluvia::backend
