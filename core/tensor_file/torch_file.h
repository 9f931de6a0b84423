// SPDX-License-Identifier: Apache-2.0
// PyTorch's weight files (.pth, .pt, .ckpt) without PyTorch and without Python: what torch.save
// wrote (torch/serialization.py of 0.1.10 to 2.x).
//
//   zip form (since 1.6)   <name>/data.pkl, <name>/data/<key> (one storage each), <name>/byteorder
//   legacy stream          pickles of a magic number, the protocol, facts of the machine, the
//                          object, the storages' keys; then each storage: count as u64, elements
//
// The pickle is read by an inert machine (core/tensor_file/pickle.h): nothing in a file is imported
// or called. Objects we do not know are passed over; between tensors they come out as what cannot
// be read (Tensor::unreadable), so that only who wants one is refused. Refused by name: what would
// run a command, TorchScript and whole modules (they are code), the tar form of 2016, big-endian
// files, sparse, quantised and complex tensors.
//
// Which dictionary is read: from the top, as long as a dictionary has no tensors of its own, the
// first of `state_dict`, `model_state_dict`, `params_ema`, `params`, `model`, `net`, `generator`
// that is a dictionary too; everything beside it (optimizers, settings) is left. Then dictionaries
// in dictionaries (and lists) are flattened with dots; whole numbers as keys become their digits.
// Tensors come out contiguous; tensors that share a storage each get a copy.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

#include "core/tensor_file/tensors.h"

namespace pluvia {

NamedTensors parse_torch_file(std::span<const std::byte> bytes, const std::string& place);
NamedTensors read_torch_file(const std::filesystem::path& path,
                             std::uint64_t limit_bytes = 64ULL << 30);

}  // namespace pluvia
