// SPDX-License-Identifier: Apache-2.0
// Data that ships with the program: recipes, protocols, schedules, experiments and tables. A user
// names one ("vrds-mini") or gives the path of a file of their own. They lie beside the program, or
// where the variable PLUVIA_MANIFESTS says.
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

/// The same for people: "demo, vrds", or that they are missing.
std::string manifest_list(const std::string& kind);

/// Where they lie; empty: nowhere.
std::filesystem::path manifests_folder();

/// That they are missing, where they were looked for, and what to do.
std::string manifests_missing();

}  // namespace pluvia
