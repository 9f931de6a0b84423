// SPDX-License-Identifier: Apache-2.0
// For torch_oracle.py: reads weights of any format and writes them as .safetensors.
// weights_tool IN OUT
#include <cstdio>

#include "core/error.h"
#include "core/tensor_file/safetensors.h"
#include "core/tensor_file/tensors.h"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  try {
    pluvia::write_safetensors(argv[2], pluvia::read_weights(argv[1]), {{"from", "weights_tool"}});
    return 0;
  } catch (const pluvia::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 3;
  }
}
