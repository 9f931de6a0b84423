// SPDX-License-Identifier: Apache-2.0
// The check of an option that is one of a few words: help lists them, an error also names the
// nearest.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace pluvia::cli {

CLI::Validator one_of(std::vector<std::string> words);

}  // namespace pluvia::cli
