// SPDX-License-Identifier: Apache-2.0
#include "eval/report/published.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "core/manifest.h"

namespace pluvia {
namespace {

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
  table.data_name = json.at("data").at("name").get<std::string>();
  for (const Json& hash : json.at("data").at("content_sha256")) {
    table.data_sha256.push_back(hash.get<std::string>());
  }
  table.protocol = json.at("protocol").get<std::string>();
  for (const Json& metric : json.at("metrics")) table.metrics.push_back(metric.get<std::string>());
  for (const Json& row : json.at("rows")) {
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

std::string PublishedTable::why_not_comparable(const std::string& data_hash,
                                               const std::string& protocol_name) const {
  if (std::find(data_sha256.begin(), data_sha256.end(), data_hash) == data_sha256.end()) {
    return "These numbers were measured on " + data_name +
           "; ours on other data, or on data that was never confirmed to be the same.";
  }
  if (protocol != protocol_name) {
    return "These numbers were measured by protocol " + protocol + ", ours by " + protocol_name +
           ".";
  }
  return "";
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
