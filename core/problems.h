// SPDX-License-Identifier: Apache-2.0
// What is wrong with many files, in one line.
#pragma once

#include <string>
#include <vector>

namespace pluvia {

/// The first 50 and how many more there are; with --verbose all.
std::string list_problems(const std::vector<std::string>& problems);

}  // namespace pluvia
