// SPDX-License-Identifier: Apache-2.0
// What `eval` is asked for.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "eval/harness/method_choice.h"

namespace pluvia {

struct EvalRequest {
  MethodChoice method;
  std::filesystem::path data;
  std::string protocol;
  std::filesystem::path out;       ///< the run record
  std::string split;               ///< empty: "test" where there is one, else all
  std::vector<std::string> clips;  ///< ids; empty: all of the split
  int frames = 0;                  ///< of each clip, from its start; 0: all
  std::filesystem::path save;      ///< every prediction as PNG, or empty
  std::string label;               ///< instead of the method's own
  std::string niqe_model;
  bool regions = true;
  bool cache = true;
  bool resume = false;
  bool force = false;
  std::string generator;  ///< "pluvia 0.1.0"
};

}  // namespace pluvia
