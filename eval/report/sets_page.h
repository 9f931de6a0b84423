// SPDX-License-Identifier: Apache-2.0
// The page over the pages of several data sets: one table of all, and where each set's page is.
#pragma once

#include <string>
#include <vector>

#include "eval/report/over_sets.h"
#include "eval/report/page.h"

namespace pluvia {

/// A set's name and the folder of its page below this one.
struct SetPage {
  std::string name;
  std::string folder;
  const Comparison* comparison;
};

std::string sets_page(const Comparison& table, const std::vector<SetPage>& sets,
                      const PageRequest& request);

}  // namespace pluvia
