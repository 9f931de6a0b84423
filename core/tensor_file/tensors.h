// SPDX-License-Identifier: Apache-2.0
// Named tensors in memory: what weight files hold, whatever their format. Elements lie in C order,
// little-endian.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace pluvia {

struct Tensor {
  std::string dtype;  ///< as numpy calls it ("f4", "f2", "f8", "i8", "b1"); "bf2" for bfloat16
  std::vector<std::int64_t> shape;
  std::vector<std::byte> data;
  /// Where the file has an object in a tensor's place that only Python could make: what it is, for
  /// the error of whoever wants it. The rest is then empty.
  std::string unreadable = {};

  std::int64_t count() const;
};

/// In the order of the file, each name once.
using NamedTensors = std::vector<std::pair<std::string, Tensor>>;

/// Bytes of one element, or 0 for a dtype that is none of ours.
std::size_t tensor_item_bytes(const std::string& dtype);

/// Elements as float32: exact for f2, bf2, f4 and small whole numbers, else rounded to nearest.
std::vector<float> to_floats(const Tensor& tensor);

/// Weights from any file that we can read, told apart by their first bytes: .safetensors, PyTorch's
/// .pth and .pt (zip and legacy), .npz. A dictionary of dictionaries is flattened with dots;
/// `state_dict` at the top is entered and the rest is left. No code in a file is ever executed.
NamedTensors read_weights(const std::filesystem::path& path);

}  // namespace pluvia
