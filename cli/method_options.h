// SPDX-License-Identifier: Apache-2.0
// The options of every verb that takes a METHOD.
#pragma once

#include "cli/command.h"
#include "models/any_method.h"

namespace pluvia::cli {

/// Declares --weights, --set, --precision and --allow-code.
void add_method_options(CLI::App& app, MethodRequest& request);

/// Where networks run: `auto` is the CPU, since some operators have no GPU form yet.
std::string network_device(const Globals& globals);

/// The request with the device of --device in it.
MethodRequest with_device(MethodRequest request, const Globals& globals);

}  // namespace pluvia::cli
