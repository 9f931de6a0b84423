// SPDX-License-Identifier: Apache-2.0
// Layouts that are nothing but a table of arrangements: both directions follow from the table.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "datasets/layouts/layout.h"
#include "datasets/layouts/roots.h"

namespace pluvia {

/// `expected` says what the folder should hold, for the error when it does not.
void plan_arranged(Scan& scan, std::span<const Arrangement> arrangements,
                   const std::string& expected);

/// Clips without a split go to the training folders.
std::optional<ExportPlace> arranged_place(std::span<const Arrangement> arrangements,
                                          const ClipInfo& clip, Layer layer,
                                          const ExportContext& context);

}  // namespace pluvia
