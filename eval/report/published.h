// SPDX-License-Identifier: Apache-2.0
// Tables that papers and repositories printed, as data (manifests/tables/*.json). Their numbers
// stand beside ours, with a difference, only when the table names this very data (by content hash)
// and this protocol; otherwise apart. Numbers that were recalled and not read are never shown.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace pluvia {

struct PublishedRow {
  std::string method;
  std::map<std::string, double> values;
};

struct PublishedTable {
  std::string name;
  std::string title;
  std::string source;
  std::string note;
  bool recalled = false;
  std::string data_name;
  std::vector<std::string> data_sha256;  ///< content this table is known to be about
  std::string protocol;
  std::vector<std::string> metrics;
  std::vector<PublishedRow> rows;

  /// Empty when our numbers may stand beside the table's; else why they may not.
  std::string why_not_comparable(const std::string& data_hash,
                                 const std::string& protocol_name) const;
};

/// A file's path or the name of one that ships. Strict.
PublishedTable load_published(const std::string& name_or_path);

}  // namespace pluvia
