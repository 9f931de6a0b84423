// SPDX-License-Identifier: Apache-2.0
#include "eval/report/published.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "core/manifest.h"
#include "core/text.h"
#include "eval/protocol/protocol.h"

namespace pluvia {
namespace {

/// `protocol` of a table: a name or a list of names.
std::vector<TableProtocol> protocols_of(const Json& json) {
  std::vector<TableProtocol> out;
  for (const Json& name : json.is_array() ? json : Json::array({json})) {
    const Protocol protocol = load_protocol(name.get<std::string>());
    out.push_back({protocol.name, protocol.sha256()});
  }
  return out;
}

std::string why_other_protocol(const std::vector<TableProtocol>& protocols, const RunRecord& run) {
  if (protocols.empty()) return "By which protocol the table was measured is not known.";
  std::vector<std::string> names;
  for (const TableProtocol& protocol : protocols) {
    if (protocol.sha256 == run.protocol_sha256) return "";
    names.push_back(protocol.name);
  }
  const bool same_name = std::find(names.begin(), names.end(), run.protocol_name) != names.end();
  return cat("The table was measured by protocol ", join(names, " or "), ", ours by ",
             same_name ? cat("one of other contents that is called ", run.protocol_name, " too")
                       : run.protocol_name,
             ".");
}

const Json& list_at(const Json& json, const char* key) {
  const Json& list = json.at(key);
  if (!list.is_array()) fail("'", key, "': expected a list, found ", list.type_name());
  return list;
}

PublishedTable table_of(const Json& json) {
  require_known_keys(
      json, {"title", "note", "source", "reliability", "data", "protocol", "metrics", "rows"},
      "table");
  PublishedTable table;
  table.title = json.at("title").get<std::string>();
  table.note = json.value("note", "");
  table.source = json.at("source").get<std::string>();
  const std::string reliability = json.at("reliability").get<std::string>();
  if (reliability != "read" && reliability != "recalled") {
    fail("'reliability' is '", reliability, "', expected read or recalled");
  }
  table.recalled = reliability == "recalled";
  const Json& data = json.at("data");
  require_known_keys(data, {"name", "content_sha256"}, "data");
  table.data_name = data.at("name").get<std::string>();
  for (const Json& hash : list_at(data, "content_sha256")) {
    table.data_sha256.push_back(hash.get<std::string>());
  }
  table.protocols = protocols_of(json.at("protocol"));
  for (const Json& key : list_at(json, "metrics")) table.metrics.push_back(key.get<std::string>());
  for (const Json& row : list_at(json, "rows")) {
    require_known_keys(row, {"method", "values"}, cat("rows[", table.rows.size(), "]"));
    PublishedRow out{row.at("method").get<std::string>(), {}};
    for (const auto& [key, value] : row.at("values").items()) {
      if (std::find(table.metrics.begin(), table.metrics.end(), key) == table.metrics.end()) {
        fail("row '", out.method, "' has '", key, "', which 'metrics' does not list");
      }
      if (!value.is_null()) out.values[key] = value.get<double>();
    }
    table.rows.push_back(std::move(out));
  }
  return table;
}

}  // namespace

std::string PublishedTable::why_not_comparable(const RunRecord& run) const {
  const bool same_data =
      std::find(data_sha256.begin(), data_sha256.end(), run.data_sha256) != data_sha256.end();
  const std::string other_data =
      same_data ? ""
                : "These numbers were measured on " + data_name +
                      "; ours on other data, or on data that was never confirmed to be the same.";
  const std::string other_protocol = why_other_protocol(protocols, run);
  return other_data + (other_data.empty() || other_protocol.empty() ? "" : " ") + other_protocol;
}

PublishedTable load_published(const std::string& name_or_path) {
  const std::filesystem::path file = find_manifest("tables", name_or_path);
  const Json json = parse_json(read_text(file), file.string());
  return within(file.string(), [&] {
    try {
      PublishedTable table = table_of(json);
      table.name = file.stem().string();
      return table;
    } catch (const Json::exception& error) {
      fail("damaged table: ", error.what());
    }
  });
}

}  // namespace pluvia
