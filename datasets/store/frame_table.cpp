// SPDX-License-Identifier: Apache-2.0
// The per-frame table of a clip: only the columns that carry information are stored.
#include "core/error.h"
#include "core/text.h"
#include "datasets/file_name.h"
#include "datasets/store/hdf5.h"
#include "datasets/store/set_info.h"
#include "datasets/store/table.h"

namespace pluvia {

using h5::Column;
using h5::ColumnData;
using h5::ColumnType;

namespace {

std::vector<Column> frame_columns_of(const FrameColumns& columns) {
  std::vector<Column> out;
  if (columns.name) out.push_back({"name", ColumnType::kText});
  if (columns.time) out.push_back({"time_s", ColumnType::kF64});
  if (columns.rendering) {
    out.push_back({"exposure_s", ColumnType::kF32});
    out.push_back({"position", ColumnType::kF32, 3});
    out.push_back({"orientation", ColumnType::kF32, 4});
    out.push_back({"focal_px", ColumnType::kF32});
    out.push_back({"speed_m_s", ColumnType::kF32});
    out.push_back({"rain_mm_h", ColumnType::kF32});
    out.push_back({"wind", ColumnType::kF32, 3});
    out.push_back({"drops_on_glass", ColumnType::kI32});
  }
  return out;
}

template <typename Row>
auto* floats_of(Row& row, const std::string& name) {
  if (name == "exposure_s") return &row.exposure_s;
  if (name == "position") return row.position_m.data();
  if (name == "orientation") return row.orientation.data();
  if (name == "focal_px") return &row.focal_px;
  if (name == "speed_m_s") return &row.speed_m_s;
  if (name == "rain_mm_h") return &row.rain_mm_h;
  return row.wind_m_s.data();
}

/// Frames are written under their names: for programs, as predictions, as exports.
const std::string& checked_name(const std::string& name, std::size_t row) {
  if (is_file_name(name)) return name;
  fail("row ", row, ": '", one_line(name), "' cannot be a frame's name");
}

}  // namespace

void write_frame_table(hid_t clip_group, const FrameColumns& columns,
                       const std::vector<FrameRow>& rows) {
  std::vector<ColumnData> data;
  for (const Column& column : frame_columns_of(columns)) data.push_back({column, {}, {}, {}, {}});
  if (data.empty()) return;
  for (const FrameRow& row : rows) {
    for (ColumnData& entry : data) {
      const std::string& name = entry.column.name;
      if (name == "name")
        entry.text.push_back(checked_name(row.name, entry.text.size()));
      else if (name == "time_s")
        entry.f64.push_back(row.time_s);
      else if (name == "drops_on_glass")
        entry.i64.push_back(row.drops_on_glass);
      else
        for (int k = 0; k < entry.column.count; ++k)
          entry.f64.push_back(static_cast<double>(floats_of(row, name)[k]));
    }
  }
  h5::write_table(clip_group, "frames", data, rows.size());
}

std::vector<FrameRow> read_frame_table(hid_t clip_group, FrameColumns* columns) {
  *columns = {};
  if (h5::link_kind(clip_group, "frames") == h5::LinkKind::kAbsent) return {};
  std::size_t count = 0;
  const std::vector<ColumnData> data = h5::read_table(
      clip_group, "frames", frame_columns_of({true, true, true}), std::size_t{kMaxFrames}, &count);
  std::vector<FrameRow> rows(count);
  if (count == 0) return rows;
  for (const ColumnData& entry : data) {
    const std::string& name = entry.column.name;
    columns->name |= name == "name";
    columns->time |= name == "time_s";
    columns->rendering |= name == "exposure_s";
    for (std::size_t i = 0; i < count; ++i) {
      if (name == "name")
        rows[i].name = checked_name(entry.text[i], i);
      else if (name == "time_s")
        rows[i].time_s = entry.f64[i];
      else if (name == "drops_on_glass")
        rows[i].drops_on_glass = static_cast<std::int32_t>(entry.i64[i]);
      else
        for (int k = 0; k < entry.column.count; ++k) {
          const auto at =
              i * static_cast<std::size_t>(entry.column.count) + static_cast<std::size_t>(k);
          floats_of(rows[i], name)[k] = static_cast<float>(entry.f64[at]);
        }
    }
  }
  return rows;
}

void write_gt_index(hid_t clip_group, const std::vector<int>& index) {
  if (index.empty()) return;
  const hsize_t count = index.size();
  const h5::Handle space = h5::own(H5Screate_simple(1, &count, nullptr), "making gt_index");
  const h5::Handle create = h5::own(H5Pcreate(H5P_DATASET_CREATE), "making gt_index");
  h5::check(H5Pset_obj_track_times(create.get(), false), "turning time stamps off");
  const h5::Handle dataset = h5::own(H5Dcreate2(clip_group, "gt_index", H5T_STD_I32LE, space.get(),
                                                H5P_DEFAULT, create.get(), H5P_DEFAULT),
                                     "creating gt_index");
  h5::check(H5Dwrite(dataset.get(), H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, index.data()),
            "writing gt_index");
}

std::vector<int> read_gt_index(hid_t clip_group, int gt_rows) {
  if (h5::link_kind(clip_group, "gt_index") == h5::LinkKind::kAbsent) return {};
  const h5::Handle dataset = h5::open_dataset(clip_group, "gt_index");
  const std::vector<hsize_t> sizes = h5::extent(dataset.get());
  const h5::Handle type = h5::own(H5Dget_type(dataset.get()), "reading gt_index");
  if (sizes.size() != 1 || sizes[0] > hsize_t{kMaxFrames} ||
      H5Tget_class(type.get()) != H5T_INTEGER) {
    fail("gt_index is not a list of integers");
  }
  std::vector<int> index(static_cast<std::size_t>(sizes[0]));
  if (!index.empty()) {
    h5::check(H5Dread(dataset.get(), H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, index.data()),
              "reading gt_index");
  }
  for (const int row : index) {
    if (row < 0 || row >= gt_rows) fail("gt_index names row ", row, ", gt has ", gt_rows);
  }
  return index;
}

}  // namespace pluvia
