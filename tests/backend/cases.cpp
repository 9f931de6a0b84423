// SPDX-License-Identifier: Apache-2.0
#include "tests/backend/cases.h"

namespace pluvia::backend {

#define PLUVIA_CASES(name) void add_##name##_cases(std::vector<Case>& cases);
#include "tests/backend/cases.list"
#undef PLUVIA_CASES

std::vector<Size> usual_sizes() {
  return {{1, 1}, {1, 7}, {5, 1}, {63, 65}, {129, 201}, {720, 1280}};
}

std::string case_name(const std::string& kernel, const Size& size) {
  return kernel + " " + std::to_string(size.width) + "x" + std::to_string(size.height);
}

std::vector<Case> all_cases() {
  std::vector<Case> cases;
#define PLUVIA_CASES(name) add_##name##_cases(cases);
#include "tests/backend/cases.list"
#undef PLUVIA_CASES
  return cases;
}

}  // namespace pluvia::backend
