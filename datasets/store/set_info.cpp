// SPDX-License-Identifier: Apache-2.0
#include "datasets/store/set_info.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>

#include "core/error.h"
#include "core/hash.h"
#include "core/text.h"
#include "datasets/store/hdf5.h"
#include "datasets/store/table.h"

namespace pluvia {
namespace {

using h5::Column;
using h5::ColumnData;
using h5::ColumnType;

constexpr std::size_t kMaxSplits = 1000;

std::string hash_column(const LayerSpec& layer) { return std::string("sha256_") + layer.name; }

const std::vector<Column>& index_columns() {
  static const std::vector<Column> columns = [] {
    std::vector<Column> out = {
        {"id", ColumnType::kText},     {"frames", ColumnType::kI32},
        {"height", ColumnType::kI32},  {"width", ColumnType::kI32},
        {"fps", ColumnType::kF64},     {"split", ColumnType::kText},
        {"source", ColumnType::kText}, {"seed", ColumnType::kU64},
        {"layers", ColumnType::kText}, {"content_sha256", ColumnType::kText}};
    for (const LayerSpec& layer : all_layers())
      out.push_back({hash_column(layer), ColumnType::kText});
    return out;
  }();
  return columns;
}

void fill_row(std::vector<ColumnData>& data, const IndexRow& row) {
  const ClipInfo& clip = row.clip;
  const auto hash = [&](const std::string& column) {
    for (const auto& [layer, value] : row.content_sha256) {
      if (column == hash_column(spec(layer))) return value;
    }
    return std::string();
  };
  for (ColumnData& entry : data) {
    const std::string& name = entry.column.name;
    if (name == "id")
      entry.text.push_back(clip.id);
    else if (name == "frames")
      entry.i64.push_back(clip.frames);
    else if (name == "height")
      entry.i64.push_back(clip.height);
    else if (name == "width")
      entry.i64.push_back(clip.width);
    else if (name == "fps")
      entry.f64.push_back(clip.fps);
    else if (name == "split")
      entry.text.push_back(clip.split);
    else if (name == "source")
      entry.text.push_back(clip.source);
    else if (name == "seed")
      entry.u64.push_back(clip.seed);
    else if (name == "layers")
      entry.text.push_back(clip.layers.names());
    else if (name == "content_sha256")
      entry.text.push_back(clip_sha256(row.content_sha256));
    else
      entry.text.push_back(hash(name));
  }
}

void write_index(hid_t file, const std::vector<IndexRow>& rows) {
  LayerSet used;
  for (const IndexRow& row : rows) {
    for (const Layer layer : row.clip.layers.list()) used.add(layer);
  }
  std::vector<ColumnData> data;
  for (const Column& column : index_columns()) {
    bool wanted = true;
    for (const LayerSpec& layer : all_layers()) {
      if (column.name == hash_column(layer)) wanted = used.has(layer.layer);
    }
    if (wanted) data.push_back({column, {}, {}, {}, {}});
  }
  for (const IndexRow& row : rows) fill_row(data, row);
  const h5::Handle group = h5::create_group(file, "index");
  h5::write_table(group.get(), "clips", data, rows.size());
}

void write_splits(hid_t file, const std::map<std::string, std::vector<std::string>>& splits) {
  const h5::Handle group = h5::create_group(file, "splits");
  for (const auto& [name, ids] : splits) {
    std::size_t bytes = 1;
    for (const std::string& id : ids) bytes = std::max(bytes, id.size());
    const h5::Handle type = h5::text_type(bytes);
    std::string packed(bytes * ids.size(), '\0');
    for (std::size_t i = 0; i < ids.size(); ++i) ids[i].copy(packed.data() + i * bytes, bytes);
    const hsize_t count = ids.size();
    const h5::Handle space = h5::own(H5Screate_simple(1, &count, nullptr), "making a split");
    const h5::Handle create = h5::own(H5Pcreate(H5P_DATASET_CREATE), "making a split");
    h5::check(H5Pset_obj_track_times(create.get(), false), "turning time stamps off");
    const h5::Handle dataset =
        h5::own(H5Dcreate2(group.get(), name.c_str(), type.get(), space.get(), H5P_DEFAULT,
                           create.get(), H5P_DEFAULT),
                "creating split '" + name + "'");
    if (!ids.empty()) {
      h5::check(H5Dwrite(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, packed.data()),
                "writing split '" + name + "'");
    }
  }
}

std::vector<std::string> read_text_list(hid_t group, const std::string& name) {
  const h5::Handle dataset = h5::open_dataset(group, name);
  const std::vector<hsize_t> sizes = h5::extent(dataset.get());
  if (sizes.size() != 1 || sizes[0] > kMaxClips) fail("'", name, "' is not a list of clip ids");
  const auto count = static_cast<std::size_t>(sizes[0]);
  const h5::Handle type = h5::own(H5Dget_type(dataset.get()), "reading '" + name + "'");
  if (H5Tget_class(type.get()) != H5T_STRING) fail("'", name, "' is not a list of text");
  std::vector<std::string> out;
  out.reserve(count);
  if (H5Tis_variable_str(type.get()) > 0) {
    // Other writers (h5py's default) use variable-length text; read one by one to bound memory.
    const h5::Handle file_space = h5::own(H5Dget_space(dataset.get()), "reading '" + name + "'");
    const hsize_t one = 1;
    const h5::Handle memory_space =
        h5::own(H5Screate_simple(1, &one, nullptr), "reading '" + name + "'");
    for (hsize_t i = 0; i < sizes[0]; ++i) {
      h5::check(H5Sselect_hyperslab(file_space.get(), H5S_SELECT_SET, &i, nullptr, &one, nullptr),
                "selecting");
      char* text = nullptr;
      h5::check(H5Dread(dataset.get(), type.get(), memory_space.get(), file_space.get(),
                        H5P_DEFAULT, &text),
                "reading '" + name + "'");
      out.emplace_back(text == nullptr ? "" : text);
      H5free_memory(text);
    }
    return out;
  }
  const std::size_t bytes = H5Tget_size(type.get());
  if (bytes == 0 || bytes > 4096 || count / 2048 > H5Dget_storage_size(dataset.get())) {
    fail("'", name, "' declares more ids than it holds");
  }
  std::string packed(bytes * count, '\0');
  if (count > 0) {
    h5::check(H5Dread(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, packed.data()),
              "reading '" + name + "'");
  }
  for (std::size_t i = 0; i < count; ++i) {
    const char* const at = packed.data() + i * bytes;
    out.emplace_back(at, strnlen(at, bytes));
  }
  return out;
}

template <typename Use>
void with_column(const std::vector<ColumnData>& data, const std::string& name, bool required,
                 Use&& use) {
  for (const ColumnData& entry : data) {
    if (entry.column.name == name) return use(entry);
  }
  if (required) fail("column '", name, "' is missing");
}

int checked_int(std::int64_t value, int limit, const char* what, const std::string& id) {
  if (value < 1 || value > limit)
    fail("clip '", id, "': ", what, " is ", value, ", expected 1 to ", limit);
  return static_cast<int>(value);
}

LayerSet parse_layers(const std::string& text, const std::string& id) {
  LayerSet layers;
  for (const std::string& name : split(text, ',')) {
    if (name.empty()) continue;
    const auto layer = layer_by_name(name);
    if (!layer) fail("clip '", id, "': unknown layer '", name, "'");
    layers.add(*layer);
  }
  return layers;
}

std::vector<IndexRow> read_index(hid_t file) {
  const h5::Handle group = h5::open_group(file, "index");
  std::size_t count = 0;
  const std::vector<ColumnData> data =
      h5::read_table(group.get(), "clips", index_columns(), kMaxClips, &count);
  std::vector<IndexRow> rows(count);
  if (count == 0) return rows;
  std::set<std::string> seen;
  const auto each = [&](const std::string& name, bool required, auto&& set) {
    with_column(data, name, required, [&](const ColumnData& column) {
      for (std::size_t i = 0; i < count; ++i) set(rows[i], column, i);
    });
  };
  each("id", true, [&](IndexRow& row, const ColumnData& c, std::size_t i) {
    row.clip.id = c.text[i];
    if (!is_clip_id(row.clip.id)) fail("row ", i, ": '", row.clip.id, "' is not a clip id");
    if (!seen.insert(row.clip.id).second) fail("clip '", row.clip.id, "' is listed twice");
  });
  each("frames", true, [](IndexRow& row, const ColumnData& c, std::size_t i) {
    row.clip.frames = checked_int(c.i64[i], kMaxFrames, "frames", row.clip.id);
  });
  each("height", true, [](IndexRow& row, const ColumnData& c, std::size_t i) {
    row.clip.height = checked_int(c.i64[i], kMaxSide, "height", row.clip.id);
  });
  each("width", true, [](IndexRow& row, const ColumnData& c, std::size_t i) {
    row.clip.width = checked_int(c.i64[i], kMaxSide, "width", row.clip.id);
  });
  each("layers", true, [](IndexRow& row, const ColumnData& c, std::size_t i) {
    row.clip.layers = parse_layers(c.text[i], row.clip.id);
  });
  each("fps", false, [](IndexRow& row, const ColumnData& c, std::size_t i) {
    if (!std::isfinite(c.f64[i]) || c.f64[i] < 0)
      fail("clip '", row.clip.id, "': fps is ", c.f64[i]);
    row.clip.fps = c.f64[i];
  });
  each("split", false,
       [](IndexRow& row, const ColumnData& c, std::size_t i) { row.clip.split = c.text[i]; });
  each("source", false,
       [](IndexRow& row, const ColumnData& c, std::size_t i) { row.clip.source = c.text[i]; });
  each("seed", false,
       [](IndexRow& row, const ColumnData& c, std::size_t i) { row.clip.seed = c.u64[i]; });
  each("content_sha256", false,
       [](IndexRow& row, const ColumnData& c, std::size_t i) { row.stored_sha256 = c.text[i]; });
  for (const LayerSpec& layer : all_layers()) {
    each(hash_column(layer), false, [&](IndexRow& row, const ColumnData& c, std::size_t i) {
      if (row.clip.layers.has(layer.layer) && is_sha256_hex(c.text[i])) {
        row.content_sha256[layer.layer] = c.text[i];
      }
    });
  }
  return rows;
}

}  // namespace

std::string choose_split(const SetInfo& info, const std::string& set, const std::string& wanted,
                         const std::string& usual) {
  if (wanted.empty()) return info.splits.count(usual) > 0 ? usual : "";
  if (info.splits.count(wanted) > 0) return wanted;
  if (wanted == "all") return "";
  std::vector<std::string> names;
  for (const auto& [name, ids] : info.splits) names.push_back(name);
  names.emplace_back("all");
  fail_usage("--split ", wanted, ": ", set, " has no such split", did_you_mean(wanted, names),
             "; expected ", list_some(names));
}

bool is_clip_id(std::string_view id) {
  if (id.empty() || id.size() > 128 || id.front() == '.') return false;
  return std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

std::string clip_sha256(const std::map<Layer, std::string>& layers) {
  std::string text;
  for (const auto& [layer, hash] : layers)
    text += std::string(spec(layer).name) + "=" + hash + "\n";
  return sha256_hex(text);
}

void write_set_info(hid_t file, SetInfo info) {
  std::sort(info.rows.begin(), info.rows.end(), [](const IndexRow& a, const IndexRow& b) {
    return natural_less(a.clip.id, b.clip.id);
  });
  for (const IndexRow& row : info.rows) {
    if (!row.clip.split.empty()) info.splits[row.clip.split].push_back(row.clip.id);
  }
  for (auto& [name, ids] : info.splits) {
    std::sort(ids.begin(), ids.end(), natural_less);
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  }
  h5::write_text(file, "format", "pluvia");
  h5::write_int(file, "format_version", kFormatVersion);
  h5::write_text(file, "kind", info.kind);
  h5::write_text(file, "formation", info.formation);
  h5::write_text(file, "title", info.title);
  h5::write_text(file, "recipe", info.recipe);
  h5::write_text(file, "provenance", info.provenance);
  h5::write_text(file, "generator", info.generator);
  h5::write_text(file, "color_space", "sRGB");
  h5::write_text(file, "channel_order", "RGB");
  write_index(file, info.rows);
  write_splits(file, info.splits);
}

SetInfo read_set_info(hid_t file) {
  const auto format = h5::read_text(file, "format");
  if (format != "pluvia")
    fail("an HDF5 file, but not a Pluvia set (no attribute format = \"pluvia\")");
  const auto version = h5::read_uint64(file, "format_version");
  if (!version) fail("attribute 'format_version' is missing");
  if (*version != kFormatVersion) {
    fail("written in format version ", *version, ", expected ", kFormatVersion,
         *version > kFormatVersion ? "; a newer pluvia is needed" : "");
  }
  SetInfo info;
  info.kind = h5::read_text(file, "kind").value_or("clips");
  if (info.kind != "clips" && info.kind != "images") {
    fail("attribute 'kind' is '", info.kind, "', expected 'clips' or 'images'");
  }
  info.formation = h5::read_text(file, "formation").value_or("");
  info.title = h5::read_text(file, "title").value_or("");
  info.recipe = h5::read_text(file, "recipe").value_or("{}");
  info.provenance = h5::read_text(file, "provenance").value_or("{}");
  info.generator = h5::read_text(file, "generator").value_or("");
  within("/index/clips", [&] { info.rows = read_index(file); });
  if (h5::link_kind(file, "splits") != h5::LinkKind::kAbsent) {
    within("/splits", [&] {
      const h5::Handle group = h5::open_group(file, "splits");
      for (const std::string& name : h5::link_names(group.get(), kMaxSplits)) {
        info.splits[name] = read_text_list(group.get(), name);
      }
    });
  }
  return info;
}

}  // namespace pluvia
