// SPDX-License-Identifier: Apache-2.0
#include "datasets/layouts/frame_record.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace pluvia {
namespace {

/// Every column once, for both ways: `use(name, member)`.
template <typename Row, typename Use>
void each_column(Row& row, bool rendering, Use&& use) {
  use("time_s", row.time_s);
  if (!rendering) return;
  use("exposure_s", row.exposure_s);
  use("position", row.position_m);
  use("orientation", row.orientation);
  use("focal_px", row.focal_px);
  use("speed_m_s", row.speed_m_s);
  use("rain_mm_h", row.rain_mm_h);
  use("wind", row.wind_m_s);
  use("drops_on_glass", row.drops_on_glass);
}

}  // namespace

Json to_record(const std::vector<FrameRow>& rows, const std::vector<std::string>& names,
               const FrameColumns& columns) {
  Json record{{"name", names}};
  for (const FrameRow& row : rows) {
    each_column(row, columns.rendering,
                [&](const char* name, const auto& value) { record[name].push_back(value); });
  }
  return record;
}

std::map<std::string, FrameRow> rows_of_record(const Json& record, bool& rendering) {
  std::map<std::string, FrameRow> rows;
  const auto names = record.at("name").get<std::vector<std::string>>();
  rendering = record.contains("exposure_s");
  for (std::size_t t = 0; t < names.size(); ++t) {
    FrameRow& row = rows[names[t]];
    row.name = names[t];
    each_column(row, rendering,
                [&](const char* name, auto& value) { record.at(name).at(t).get_to(value); });
  }
  return rows;
}

}  // namespace pluvia
