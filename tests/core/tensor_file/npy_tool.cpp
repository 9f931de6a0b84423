// SPDX-License-Identifier: Apache-2.0
// For numpy_oracle.py: reads .npy or .npz and writes it again. npy_tool IN OUT [deflate]
#include <cstdio>
#include <string>

#include "core/error.h"
#include "core/tensor_file/npz.h"

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const std::string in = argv[1];
  const std::string out = argv[2];
  try {
    if (in.ends_with(".npz")) {
      const auto packing = argc > 3 ? pluvia::NpzPacking::kDeflated : pluvia::NpzPacking::kStored;
      pluvia::write_npz(out, pluvia::read_npz(in), packing);
    } else {
      pluvia::write_npy(out, pluvia::read_npy(in));
    }
    return 0;
  } catch (const pluvia::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 3;
  }
}
