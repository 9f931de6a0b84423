// SPDX-License-Identifier: Apache-2.0
#include "datasets/layouts/match.h"

#include <unordered_map>

#include "core/error.h"

namespace pluvia {
namespace {

using Index = std::unordered_map<std::string, const MatchEntry*>;

Index index_of(Scan& scan, const Listing& listing) {
  Index index;
  for (const MatchEntry& entry : listing.entries) {
    const auto [known, fresh] = index.emplace(entry.key, &entry);
    if (fresh) continue;
    scan.problem(ProblemKind::kDuplicate, entry.path,
                 cat("same name or number as ", known->second->path.filename().string()));
  }
  return index;
}

std::string example(const Listing& listing) {
  return listing.entries.empty() ? "nothing"
                                 : "'" + listing.entries.front().path.filename().string() + "'";
}

// A folder in which nothing fits is one problem, not one for each file.
bool report_strangers(Scan& scan, const Listing& first, const Listing& other) {
  if (first.entries.empty() || other.entries.empty() || share_keys(first, other)) return false;
  scan.problem(ProblemKind::kUnmatched, other.folder,
               cat("no name fits any in ", scan.label(first.folder), ": found ", example(other),
                   " and ", example(first)));
  return true;
}

void report_extra(Scan& scan, const Listing& first, const Index& index, const Listing& other) {
  for (const MatchEntry& entry : other.entries) {
    if (index.count(entry.key) == 0) {
      scan.problem(ProblemKind::kExtra, entry.path, "no partner in " + scan.label(first.folder));
    }
  }
}

}  // namespace

bool share_keys(const Listing& a, const Listing& b) {
  std::unordered_map<std::string, int> keys;
  for (const MatchEntry& entry : a.entries) keys[entry.key] = 1;
  for (const MatchEntry& entry : b.entries) {
    if (keys.count(entry.key) > 0) return true;
  }
  return false;
}

std::vector<std::vector<fs::path>> match_all(Scan& scan, const std::vector<Listing>& listings,
                                             std::vector<std::vector<fs::path>>* partial) {
  std::vector<Index> indices;
  for (const Listing& listing : listings) indices.push_back(index_of(scan, listing));
  bool strangers = false;
  for (std::size_t i = 1; i < listings.size(); ++i) {
    if (report_strangers(scan, listings[0], listings[i])) {
      strangers = true;
    } else {
      report_extra(scan, listings[0], indices[0], listings[i]);
    }
  }
  std::vector<std::vector<fs::path>> rows;
  if (strangers) return rows;
  for (const MatchEntry& entry : listings.front().entries) {
    if (indices[0].at(entry.key) != &entry) continue;
    std::vector<fs::path> row = {entry.path};
    bool whole = true;
    for (std::size_t i = 1; i < listings.size(); ++i) {
      const auto partner = indices[i].find(entry.key);
      if (partner != indices[i].end()) {
        row.push_back(partner->second->path);
      } else {
        scan.problem(ProblemKind::kMissing, entry.path,
                     "no partner in " + scan.label(listings[i].folder));
        row.emplace_back();
        whole = false;
      }
    }
    if (whole) {
      rows.push_back(std::move(row));
    } else if (partial != nullptr) {
      partial->push_back(std::move(row));
    }
  }
  return rows;
}

}  // namespace pluvia
