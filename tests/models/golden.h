// SPDX-License-Identifier: Apache-2.0
// Inputs and weights made by formula, and reference values of the official RainMamba for them
// (tests/models/golden/rainmamba/): computed in double precision by the published code, stored as
// float32. Weights of any state dictionary: a value depends on its key, its index and its shape.
#pragma once

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/tensor_file/npz.h"
#include "core/tensor_file/tensors.h"
#include "models/network.h"

namespace pluvia::golden {

/// FNV-1a, 64 bits.
inline std::uint64_t hash(std::string_view key) {
  std::uint64_t h = 14695981039346656037ULL;
  for (const char c : key) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return h;
}

/// The finaliser of splitmix64.
inline std::uint64_t mixed(std::uint64_t key_hash, std::uint64_t index) {
  std::uint64_t z = key_hash + index + 0x9E3779B97F4A7C15ULL;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

inline double u11(std::uint64_t key_hash, std::uint64_t index) {
  return static_cast<double>(mixed(key_hash, index) >> 40) / 8388608.0 - 1;
}
inline double u01(std::uint64_t key_hash, std::uint64_t index) {
  return static_cast<double>(mixed(key_hash, index) >> 40) / 16777216.0;
}

inline std::size_t count_of(const std::vector<std::int64_t>& shape) {
  std::size_t count = 1;
  for (const std::int64_t side : shape) count *= static_cast<std::size_t>(side);
  return count;
}

/// A value in [0, 1), or in [-1, 1) where `signed_values`, for every element.
inline std::vector<float> input(const std::string& key, std::size_t count, bool signed_values) {
  std::vector<float> out(count);
  const std::uint64_t h = hash(key);
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = static_cast<float>(signed_values ? u11(h, i) : u01(h, i));
  }
  return out;
}

inline bool ends_with(const std::string& text, const std::string& tail) {
  return text.size() >= tail.size() && text.substr(text.size() - tail.size()) == tail;
}

inline std::vector<float> weight(const std::string& key, const std::vector<std::int64_t>& shape) {
  const std::string last = key.substr(key.rfind('.') + 1);
  const std::uint64_t h = hash(key);
  std::vector<float> out(count_of(shape));
  const double scale =
      std::sqrt(3.0 * static_cast<double>(shape[0]) / static_cast<double>(out.size()));
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double u = u11(h, i);
    double value = 0.1 * u;
    if (last == "A_log" || last == "A_b_log") {
      value += std::log(static_cast<double>(i % 16) + 1);
    } else if (last == "D" || last == "D_b") {
      value += 1;
    } else if (ends_with(key, "dt_proj.bias") || ends_with(key, "dt_proj_b.bias")) {
      value = u - 3;
    } else if (last == "gamma") {
      value += 0.5;
    } else if (shape.size() >= 2) {
      value = scale * u;
    } else if (last == "weight") {
      value += 1;
    }
    out[i] = static_cast<float>(value);
  }
  return out;
}

inline Tensor tensor(std::vector<std::int64_t> shape, const std::vector<float>& values) {
  const auto bytes = std::as_bytes(std::span(values));
  return {"f4", std::move(shape), {bytes.begin(), bytes.end()}};
}

inline NamedTensors weights(const std::vector<StateEntry>& state) {
  NamedTensors out;
  for (const StateEntry& entry : state) {
    out.emplace_back(entry.key, tensor(entry.shape, weight(entry.key, entry.shape)));
  }
  return out;
}

inline std::filesystem::path folder() {
  return std::filesystem::path(PLUVIA_SOURCE_DIR) / "tests/models/golden/rainmamba";
}
inline NpzArrays arrays(const std::string& name) { return read_npz(folder() / name); }

}  // namespace pluvia::golden
