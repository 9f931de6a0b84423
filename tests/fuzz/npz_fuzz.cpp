// SPDX-License-Identifier: Apache-2.0
// Any bytes as .npy and as .npz: an Error or arrays that write and read back, never a crash.
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/error.h"
#include "core/tensor_file/npz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  try {
    const pluvia::NpyArray array = pluvia::parse_npy(bytes, "input");
    const pluvia::NpyArray again = pluvia::parse_npy(pluvia::encode_npy(array), "again");
    PLUVIA_CHECK(array.data == again.data && array.shape == again.shape, array.dtype);
  } catch (const pluvia::Error&) {
  }
  try {
    pluvia::parse_npz(bytes, "input");
  } catch (const pluvia::Error&) {
  }
  return 0;
}
