// SPDX-License-Identifier: Apache-2.0
// Checks of options: of one that is one of a few words, help lists them and an error also names
// the nearest.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace pluvia::cli {

/// WIDTHxHEIGHT.
CLI::Validator a_size();

CLI::Validator one_of(std::vector<std::string> words);

}  // namespace pluvia::cli
