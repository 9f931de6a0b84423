// SPDX-License-Identifier: Apache-2.0
#include "core/manifest.h"

#include <algorithm>
#include <cstdlib>
#include <system_error>

#include "core/error.h"
#include "core/text.h"

namespace pluvia {
namespace {

namespace fs = std::filesystem;

// Beside an installed program, or in the checkout whose build folder (build/NAME) holds it.
std::vector<fs::path> roots() {
  std::vector<fs::path> out;
  if (const char* named = std::getenv("PLUVIA_MANIFESTS")) out.emplace_back(named);
  std::error_code code;
  const fs::path program = fs::read_symlink("/proc/self/exe", code).parent_path();
  for (const char* place :
       {"manifests", "../share/pluvia/manifests", "../../manifests", "../../../manifests"}) {
    out.push_back((program / place).lexically_normal());
  }
  return out;
}

}  // namespace

std::vector<std::string> manifest_names(const std::string& kind) {
  std::vector<std::string> names;
  for (const fs::path& root : roots()) {
    std::error_code code;
    for (const fs::directory_entry& entry : fs::directory_iterator(root / kind, code)) {
      if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
    }
    if (!names.empty()) break;
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string manifest_list(const std::string& kind) {
  const std::vector<std::string> names = manifest_names(kind);
  return names.empty() ? "none, see 'pluvia doctor'" : join(names, ", ");
}

fs::path manifests_folder() {
  for (const fs::path& root : roots()) {
    std::error_code code;
    if (fs::is_directory(root / "protocols", code)) return root;
  }
  return {};
}

std::string manifests_missing() {
  std::vector<std::string> places;
  for (const fs::path& root : roots()) places.push_back(root.string());
  return cat("the manifests that ship with Pluvia are missing, looked for in ", join(places, ", "),
             "; set PLUVIA_MANIFESTS to their folder");
}

fs::path find_manifest(const std::string& kind, const std::string& name) {
  std::error_code code;
  if (name.find('/') != std::string::npos || fs::path(name).extension() == ".json") {
    if (!fs::exists(name, code)) fail("opening ", name, ": there is no such file");
    return name;
  }
  for (const fs::path& root : roots()) {
    const fs::path file = (root / kind / (name + ".json")).lexically_normal();
    if (fs::exists(file, code)) return file;
  }
  const std::vector<std::string> known = manifest_names(kind);
  if (known.empty()) fail("no '", name, "' among the ", kind, ": ", manifests_missing());
  fail_usage("no '", name, "' among the ", kind, did_you_mean(name, known), "; there are ",
             join(known, ", "), ", or give the path of a .json file");
}

}  // namespace pluvia
