// SPDX-License-Identifier: Apache-2.0
// A TorchScript file as a Method. Such a file is a program that somebody wrote and LibTorch runs:
// only on the user's word (--allow-code).
//
// The program takes (1, T, 3, H, W) or, when it refuses that, (T, 3, H, W), RGB in 0..1, and gives
// as much back, alone or in a tuple. Options: window (frames at a time; 0: any number), multiple
// (of heights and widths), output (which of a tuple; by default the last of the input's shape).
#pragma once

#include <memory>
#include <string>

#include "core/method.h"

namespace pluvia {

struct ScriptRequest {
  std::string file;
  std::string options = "{}";  ///< JSON
  std::string device = "cpu";
};

/// The module's side; the program calls it through models/torch_module.h.
std::unique_ptr<Method> make_script_method(const ScriptRequest& request);

}  // namespace pluvia
