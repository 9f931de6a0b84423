// SPDX-License-Identifier: Apache-2.0
// Tables that papers and repositories printed, as data (manifests/tables/*.json). Their numbers
// stand beside ours, with a difference, only when the table names this very data (by content hash)
// and a protocol that scores as ours did; otherwise apart. Numbers that were recalled and not read
// are never shown.
//
// A table names protocols; what they say is hashed when the table is read, from the manifests that
// ship, so that a protocol has one source. Names alone prove nothing: anybody may call a file of
// their own vderain-rgb.json.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "eval/report/run_record.h"

namespace pluvia {

struct PublishedRow {
  std::string method;
  std::map<std::string, double> values;
};

struct TableProtocol {
  std::string name;
  std::string sha256;
};

struct PublishedTable {
  std::string name;
  std::string title;
  std::string source;
  std::string note;
  bool recalled = false;
  std::string data_name;
  std::vector<std::string> data_sha256;  ///< content this table is known to be about
  /// They give the table's numbers alike: a score may come with or without the windows and tiles
  /// that networks were run in. Empty: nobody knows how the numbers were measured.
  std::vector<TableProtocol> protocols;
  std::vector<std::string> metrics;
  std::vector<PublishedRow> rows;

  /// Empty when numbers of this run may stand beside the table's; else why they may not.
  std::string why_not_comparable(const RunRecord& run) const;
};

/// A file's path or the name of one that ships. Strict.
PublishedTable load_published(const std::string& name_or_path);

}  // namespace pluvia
