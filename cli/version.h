// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace pluvia::cli {

inline constexpr const char* kVersion = PLUVIA_VERSION;

}  // namespace pluvia::cli
