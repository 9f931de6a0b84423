// SPDX-License-Identifier: Apache-2.0
// Any bytes as a .mat file: an Error or arrays, never a crash.
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/error.h"
#include "core/tensor_file/mat.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    pluvia::parse_mat(std::as_bytes(std::span(data, size)), "input");
  } catch (const pluvia::Error&) {
  }
  return 0;
}
