// SPDX-License-Identifier: Apache-2.0
// What LibTorch throws, in one line of ours.
#pragma once

#include <string>

#include "core/error.h"
#include "models/torch_pch.h"

namespace pluvia {

/// Runs `body`; gives what it gives.
template <typename Body>
auto with_torch_errors(const std::string& what, const Body& body) {
  try {
    return body();
  } catch (const c10::Error& error) {
    const std::string text = error.what_without_backtrace();
    fail(what, ": LibTorch: ", text.substr(0, text.find('\n')));
  }
}

}  // namespace pluvia
