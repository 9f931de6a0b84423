// SPDX-License-Identifier: Apache-2.0
// Any bytes as a .safetensors file: an Error, or tensors that write and read back; never a crash.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "core/error.h"
#include "core/tensor_file/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const pluvia::Safetensors file =
        pluvia::parse_safetensors(std::as_bytes(std::span(data, size)), "input");
    const std::string text = pluvia::encode_safetensors(file.tensors, file.metadata);
    const pluvia::Safetensors again =
        pluvia::parse_safetensors(std::as_bytes(std::span(text)), "again");
    PLUVIA_CHECK(again.metadata == file.metadata, file.metadata.size());
    PLUVIA_CHECK(again.tensors.size() == file.tensors.size(), file.tensors.size());
    for (std::size_t i = 0; i < file.tensors.size(); ++i) {
      PLUVIA_CHECK(again.tensors[i].first == file.tensors[i].first, i);
      PLUVIA_CHECK(again.tensors[i].second.data == file.tensors[i].second.data, i);
    }
  } catch (const pluvia::Error&) {
  }
  return 0;
}
