// SPDX-License-Identifier: Apache-2.0
#include "core/problems.h"

#include "core/progress.h"
#include "core/text.h"

namespace pluvia {

std::string list_problems(const std::vector<std::string>& problems) {
  constexpr std::size_t kNamed = 50;
  if (problems.size() <= kNamed || verbosity() == Verbosity::kVerbose) return join(problems, ", ");
  return list_some(problems, kNamed) + " (--verbose names all)";
}

}  // namespace pluvia
