// SPDX-License-Identifier: Apache-2.0
// Data that ships with the program: recipes and, later, protocols, schedules and tables. A user
// names one ("vrds-mini") or gives the path of a file of their own.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace pluvia {

/// The file meant by `name` (`kind` is the folder: "recipes"). A name with a slash or an ending
/// .json is a path. An Error lists what ships and the nearest name.
std::filesystem::path find_manifest(const std::string& kind, const std::string& name);

/// Names of what ships, sorted.
std::vector<std::string> manifest_names(const std::string& kind);

}  // namespace pluvia
