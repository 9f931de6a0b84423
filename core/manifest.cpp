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
    out.push_back(program / place);
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
  fail_usage("no '", name, "' among the ", kind, did_you_mean(name, known), "; there are ",
             join(known, ", "), ", or give the path of a .json file");
}

}  // namespace pluvia
