// SPDX-License-Identifier: Apache-2.0
// A method by what a user types: a name of the table of methods, a network with its weights, or a
// TorchScript file.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/method.h"

namespace pluvia {

struct MethodRequest {
  std::string name;                  ///< "identity", "rainmamba", "torchscript:FILE", ...
  std::string weights;               ///< file of a network's weights
  std::vector<std::string> options;  ///< key=value: a network's options
  std::string precision = "float32";
  std::string device = "cpu";
  bool allow_code = false;  ///< TorchScript files are programs: only run on the user's word
};

/// An Error of usage names the nearest method, and what does not go together.
std::unique_ptr<Method> make_method(const MethodRequest& request);

/// "key=value" pairs as a JSON object; values that are no JSON are texts.
std::string options_json(const std::vector<std::string>& pairs);

/// JSON: a network's options, those that its weights were trained with where their file says so,
/// and on top those of the request. An Error of usage where the file says that it is another
/// network's.
std::string network_options(const MethodRequest& request);

/// JSON: what decides the method's results, with the hashes of its files.
std::string describe_method(const MethodRequest& request);

/// All names, in the order of help.
std::vector<std::string> method_names();

}  // namespace pluvia
