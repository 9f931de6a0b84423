// SPDX-License-Identifier: Apache-2.0
// Where the layers of a data set lie: one root per split, with a folder for each layer.
//
// Layouts differ mostly in these names, so a layout is a table of them: either arrangements (fixed
// folders for each split, as VRDS has) or pairs of names below free split folders (`paired`).
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "datasets/layouts/scan.h"

namespace pluvia {

struct DataRoot {
  std::string split;
  std::string group;  ///< name of its folder where one split has several, else empty
  std::map<Layer, fs::path> folders;
};

/// One folder of an arrangement: the layer of that split lies there.
struct Place {
  const char* split;
  Layer layer;
  const char* folder;
};

struct Arrangement {
  const char* name;
  std::vector<Place> places;
};

/// The named arrangement, or the first when `name` is empty; wrong usage when there is none.
const Arrangement& find_arrangement(std::span<const Arrangement> arrangements,
                                    const std::string& name);
std::vector<std::string> names_of(std::span<const Arrangement> arrangements);

/// Names of a rainy and a clean folder that belong together, relative to the split's folder; "."
/// is the split's folder itself.
struct FolderPair {
  const char* lq;
  const char* gt;
};

/// Roots by --lq, --gt, ... when the options name them; nothing when they do not. Wrong usage when
/// only one of --lq and --gt is given.
std::vector<DataRoot> free_roots(Scan& scan);

/// The arrangement of which most folders are there.
std::vector<DataRoot> arranged_roots(Scan& scan, std::span<const Arrangement> arrangements);

/// The first pair that is there, in the folder itself and in each of its train/test/val folders (or
/// in every sub-folder of such a one, each a group of its own);
/// other layers beside the pair by their usual names; failing that, in every sub-folder, each a
/// group of its own. Empty when there is no pair anywhere.
std::vector<DataRoot> paired_roots(Scan& scan, std::span<const FolderPair> pairs);

/// Error for a folder in which a layout found nothing: what was looked for and what is there.
[[noreturn]] void fail_unrecognised(Scan& scan, const std::string& expected);

}  // namespace pluvia
