// SPDX-License-Identifier: Apache-2.0
// Brings together what belongs together in several folders, by key, and reports what is left over.
#pragma once

#include <string>
#include <vector>

#include "datasets/layouts/scan.h"

namespace pluvia {

struct MatchEntry {
  std::string key;
  fs::path path;
};

/// One folder's entries. Entries of equal key in it are reported and only the first is used.
struct Listing {
  fs::path folder;
  std::vector<MatchEntry> entries;
};

/// Entries whose key is in every listing: one row each, in the order of the first listing, columns
/// as the listings. Entries of the first without a partner are missing ones of the others, entries
/// of the others without a partner in the first are extra ones.
///
/// `partial`, where given, gets the rows of which some but not all columns are there; the others
/// are empty paths.
std::vector<std::vector<fs::path>> match_all(Scan& scan, const std::vector<Listing>& listings,
                                             std::vector<std::vector<fs::path>>* partial = nullptr);

/// True when the two listings have at least one key in common.
bool share_keys(const Listing& a, const Listing& b);

}  // namespace pluvia
