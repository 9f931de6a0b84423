// SPDX-License-Identifier: Apache-2.0
// Sets of single pictures: pairs found by a naming rule, then stacked by size.
//
// A stack is a clip whose frames are unrelated pictures of one size. A ground truth that several
// rainy pictures share (Rain1400: fourteen) is planned once; its pictures follow one another.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "datasets/layouts/roots.h"
#include "datasets/pairing.h"

namespace pluvia {

/// At most this many pictures in one stack, so that an interrupted import loses little.
inline constexpr std::size_t kStackLimit = 8192;

struct ImageRow {
  std::string name;
  std::string split;
  std::string group;
  std::map<Layer, fs::path> files;
  Piece lq = Piece::kWhole;
  Piece gt = Piece::kWhole;
};

/// Pairs of a root's folders under `rule`, or under the best rule when it is null.
std::vector<ImageRow> pair_folders(Scan& scan, const DataRoot& root, const NameRule* rule);

/// Pairs of rainy and clean pictures that lie in one folder, told apart by a pattern rule. Empty
/// when `rule` is null and no pattern fits the folder.
std::vector<ImageRow> pair_flat(Scan& scan, const fs::path& folder, const NameRule* rule);

/// Reads sizes, applies the splits file, and adds the stacks to scan.plan.
void plan_stacks(Scan& scan, std::vector<ImageRow> rows);

}  // namespace pluvia
