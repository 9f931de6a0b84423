// SPDX-License-Identifier: Apache-2.0
// Any bytes as PyTorch's weights: as a file of either form, as a bare pickle, and as the data.pkl
// of an archive around it (whose check sums would stop the fuzzer). An Error or tensors, never a
// crash. Start it with files of torch.save and with their data.pkl.
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/error.h"
#include "core/tensor_file/pickle.h"
#include "core/tensor_file/torch_file.h"
#include "core/tensor_file/zip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

template <typename Body>
void try_it(Body&& body) {
  try {
    body();
  } catch (const pluvia::Error&) {
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  try_it([&] { pluvia::parse_torch_file(bytes, "input"); });
  try_it([&] {
    const pluvia::Pickle pickle = pluvia::parse_pickle(bytes, "input");
    pluvia::describe(pickle, pickle.root);
  });
  try_it([&] {
    constexpr std::array<std::byte, 64> kStorage{};
    pluvia::ZipWriter archive;
    archive.add("a/data.pkl", bytes, pluvia::ZipPacking::kStored);
    archive.add("a/data/0", kStorage, pluvia::ZipPacking::kStored);
    pluvia::parse_torch_file(archive.finish(), "input");
  });
  return 0;
}
