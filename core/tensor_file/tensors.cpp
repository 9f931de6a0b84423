// SPDX-License-Identifier: Apache-2.0
#include "core/tensor_file/tensors.h"

#include <bit>
#include <cstring>

#include "core/error.h"
#include "core/half.h"
#include "core/tensor_file/npy.h"

namespace pluvia {
namespace {

template <typename T, typename Convert>
std::vector<float> converted(const Tensor& tensor, Convert&& convert) {
  std::vector<float> out(tensor.data.size() / sizeof(T));
  for (std::size_t i = 0; i < out.size(); ++i) {
    T value;
    std::memcpy(&value, &tensor.data[i * sizeof(T)], sizeof(T));
    out[i] = convert(value);
  }
  return out;
}

template <typename T>
std::vector<float> widened(const Tensor& tensor) {
  return converted<T>(tensor, [](T value) { return static_cast<float>(value); });
}

}  // namespace

std::int64_t Tensor::count() const {
  std::int64_t product = 1;
  for (const std::int64_t size : shape) product *= size;
  return product;
}

std::size_t tensor_item_bytes(const std::string& dtype) {
  return dtype == "bf2" ? 2 : npy_item_bytes(dtype);
}

std::vector<float> to_floats(const Tensor& tensor) {
  const std::string& dtype = tensor.dtype;
  if (dtype == "f4") return widened<float>(tensor);
  if (dtype == "f8") return widened<double>(tensor);
  if (dtype == "f2") return converted<std::uint16_t>(tensor, half_to_float);
  if (dtype == "bf2") {
    return converted<std::uint16_t>(tensor, [](std::uint16_t value) {
      return std::bit_cast<float>(static_cast<std::uint32_t>(value) << 16);
    });
  }
  if (dtype == "i8") return widened<std::int64_t>(tensor);
  if (dtype == "i4") return widened<std::int32_t>(tensor);
  if (dtype == "i2") return widened<std::int16_t>(tensor);
  if (dtype == "i1") return widened<std::int8_t>(tensor);
  if (dtype == "u8") return widened<std::uint64_t>(tensor);
  if (dtype == "u4") return widened<std::uint32_t>(tensor);
  if (dtype == "u2") return widened<std::uint16_t>(tensor);
  if (dtype == "u1" || dtype == "b1") return widened<std::uint8_t>(tensor);
  fail("a tensor of dtype '", dtype, "' has no float32 form");
}

}  // namespace pluvia
