// SPDX-License-Identifier: Apache-2.0
// What the entries of a PyTorch pickle are, by the names of what would make them in Python, and
// which of its dictionaries holds the weights (core/tensor_file/torch_file.h says the rule).
#pragma once

#include "core/tensor_file/pickle.h"

namespace pluvia {

inline constexpr const char* kTorchAdvice =
    "; expected a dictionary of tensors, as torch.save(model.state_dict(), ...) writes it";

bool looks_like_tensor(const Pickle& pickle, PickleRef ref);

/// Of a call: an object of a library that keeps something in it, not one that acts when Python
/// makes it.
bool is_inert_object(const Pickle& pickle, PickleRef ref);

/// An Error where the pickle holds something else than dictionaries.
PickleRef wanted_dictionary(const Pickle& pickle);

}  // namespace pluvia
