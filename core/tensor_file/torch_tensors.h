// SPDX-License-Identifier: Apache-2.0
// From the inert tree of a PyTorch pickle to tensors: which dictionary holds the weights, what its
// entries are, where their storages lie. Shared by the two forms of torch.save's files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "core/tensor_file/pickle.h"
#include "core/tensor_file/tensors.h"

namespace pluvia {

/// What a pickle says about a storage that lies outside of it.
struct TorchStorage {
  std::string key;
  std::string dtype;  ///< as in Tensor; "u1" for storages without a type; empty: none of ours
  std::size_t item_bytes = 0;
  std::uint64_t whole_count = 0;  ///< elements of the storage `key`
  std::uint64_t offset = 0;       ///< where in it a view (legacy files) begins
  std::uint64_t count = 0;        ///< elements of the view, or of all
};

/// The persistent id ("storage", type, key, location, count[, view]) of torch.save.
TorchStorage parse_torch_storage(const Pickle& pickle, PickleRef ref);

/// Bytes of the storage with this key: a view that stays valid.
using StorageSource = std::function<std::span<const std::byte>(const std::string& key)>;

/// All tensors of the wanted dictionary (core/tensor_file/torch_file.h). `file_bytes` bounds what
/// may come out: strides of 0 could make any amount of a few bytes.
NamedTensors torch_tensors(const Pickle& pickle, const StorageSource& storage,
                           std::uint64_t file_bytes);

}  // namespace pluvia
