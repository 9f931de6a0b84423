// SPDX-License-Identifier: Apache-2.0
// What a user may score: a method that is built in, predictions that were made elsewhere, or
// another program.
//
//   identity, temporal-median, ...     a name of the table of methods
//   rainmamba, ...                     a network, with weights
//   torchscript:FILE                   a TorchScript program, on the user's word
//   folder:DIR                         DIR/<clip>/<frame>.png, named as `export` names them;
//                                      layers in DIR/<clip>/{mask,streak,drop}/
//   cmd:"program {in} {out}"           run once a clip by the shell: {in} is a folder of rainy PNG
//                                      frames, {out} an empty folder it must fill with as many of
//                                      the same names
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "core/json.h"
#include "core/method.h"
#include "models/any_method.h"

namespace pluvia {

enum class MethodKind : std::uint8_t { kBuiltIn, kFolder, kCommand };

struct MethodChoice {
  MethodKind kind = MethodKind::kBuiltIn;
  std::string label;        ///< how tables call it
  std::string description;  ///< JSON: what a record says of it
  bool sees_truth = false;
  bool one_at_a_time = false;  ///< uses all threads itself: clips one after the other
  std::function<std::unique_ptr<Method>()> make;  ///< built in
  std::filesystem::path folder;
  std::string command;
};

/// An Error of usage names the nearest method.
MethodChoice choose_method(const MethodRequest& request);

}  // namespace pluvia
