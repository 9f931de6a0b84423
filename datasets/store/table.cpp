// SPDX-License-Identifier: Apache-2.0
#include "datasets/store/table.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/error.h"
#include "core/text.h"
#include "datasets/store/hdf5.h"

namespace pluvia::h5 {
namespace {

constexpr std::size_t kMaxText = 4096;
constexpr std::size_t kMaxTableBytes = std::size_t{16} << 30;

struct Member {
  Handle type;
  std::size_t offset = 0;
  std::size_t bytes = 0;
};

hid_t scalar_type(ColumnType type) {
  switch (type) {
    case ColumnType::kI32:
      return H5T_STD_I32LE;
    case ColumnType::kU64:
      return H5T_STD_U64LE;
    case ColumnType::kF32:
      return H5T_IEEE_F32LE;
    case ColumnType::kF64:
      return H5T_IEEE_F64LE;
    case ColumnType::kText:
      break;
  }
  return -1;
}

Member make_member(const Column& column, std::size_t text_bytes) {
  Member member;
  if (column.type == ColumnType::kText) {
    member.type = text_type(text_bytes);
  } else {
    member.type = own(H5Tcopy(scalar_type(column.type)), "making a column type");
    if (column.count > 1) {
      const auto count = static_cast<hsize_t>(column.count);
      member.type = own(H5Tarray_create2(member.type.get(), 1, &count), "making a column type");
    }
  }
  member.bytes = H5Tget_size(member.type.get());
  return member;
}

Handle make_compound(const std::vector<Column>& columns, std::vector<Member>& members) {
  std::size_t bytes = 0;
  for (Member& member : members) {
    member.offset = bytes;
    bytes += member.bytes;
  }
  Handle type =
      own(H5Tcreate(H5T_COMPOUND, std::max<std::size_t>(1, bytes)), "making a table type");
  for (std::size_t i = 0; i < columns.size(); ++i) {
    check(H5Tinsert(type.get(), columns[i].name.c_str(), members[i].offset, members[i].type.get()),
          "adding column '" + columns[i].name + "'");
  }
  return type;
}

template <typename To, typename From>
void store(std::byte* at, From value) {
  const To typed = static_cast<To>(value);
  std::memcpy(at, &typed, sizeof typed);
}

template <typename From>
From load(const std::byte* at) {
  From typed;
  std::memcpy(&typed, at, sizeof typed);
  return typed;
}

void pack_row(const ColumnData& data, std::size_t row, const Member& member, std::byte* out) {
  if (data.column.type == ColumnType::kText) {
    const std::string& text = data.text[row];
    std::memcpy(out, text.data(), std::min(text.size(), member.bytes));
    return;
  }
  const auto count = static_cast<std::size_t>(data.column.count);
  for (std::size_t k = 0; k < count; ++k) {
    const std::size_t i = row * count + k;
    switch (data.column.type) {
      case ColumnType::kI32:
        store<std::int32_t>(out + 4 * k, data.i64[i]);
        break;
      case ColumnType::kU64:
        store<std::uint64_t>(out + 8 * k, data.u64[i]);
        break;
      case ColumnType::kF32:
        store<float>(out + 4 * k, data.f64[i]);
        break;
      case ColumnType::kF64:
        store<double>(out + 8 * k, data.f64[i]);
        break;
      case ColumnType::kText:
        break;
    }
  }
}

void unpack_row(ColumnData& data, const Member& member, const std::byte* in) {
  if (data.column.type == ColumnType::kText) {
    const auto* text = reinterpret_cast<const char*>(in);
    std::string value(text, strnlen(text, member.bytes));
    if (!is_valid_utf8(value)) fail("column '", data.column.name, "' holds text that is not UTF-8");
    data.text.push_back(std::move(value));
    return;
  }
  for (std::size_t k = 0; k < static_cast<std::size_t>(data.column.count); ++k) {
    switch (data.column.type) {
      case ColumnType::kI32:
        data.i64.push_back(load<std::int32_t>(in + 4 * k));
        break;
      case ColumnType::kU64:
        data.u64.push_back(load<std::uint64_t>(in + 8 * k));
        break;
      case ColumnType::kF32:
        data.f64.push_back(static_cast<double>(load<float>(in + 4 * k)));
        break;
      case ColumnType::kF64:
        data.f64.push_back(load<double>(in + 8 * k));
        break;
      case ColumnType::kText:
        break;
    }
  }
}

// How a column of the file is held in memory, after a check that it can be converted to that. Text
// keeps the file's own type: HDF5 converts neither widths of it nor ASCII to UTF-8.
Member member_for(hid_t table_type, const Column& column) {
  const int index = H5Tget_member_index(table_type, column.name.c_str());
  check(index, "looking for column '" + column.name + "'");
  Handle type =
      own(H5Tget_member_type(table_type, static_cast<unsigned>(index)), "reading a column type");
  H5T_class_t kind = H5Tget_class(type.get());
  if (column.type == ColumnType::kText) {
    const std::size_t bytes = H5Tget_size(type.get());
    if (kind != H5T_STRING || H5Tis_variable_str(type.get()) > 0 || bytes == 0 ||
        bytes > kMaxText) {
      fail("column '", column.name, "' is not text of fixed length up to ", kMaxText);
    }
    Member member;
    member.type = std::move(type);
    member.bytes = bytes;
    return member;
  }
  if (column.count > 1) {
    hsize_t count = 0;
    if (kind != H5T_ARRAY || H5Tget_array_ndims(type.get()) != 1 ||
        H5Tget_array_dims2(type.get(), &count) < 0 || count != static_cast<hsize_t>(column.count)) {
      fail("column '", column.name, "' is not an array of ", column.count);
    }
    const Handle base = own(H5Tget_super(type.get()), "reading a column type");
    kind = H5Tget_class(base.get());
  }
  if (kind != H5T_INTEGER && kind != H5T_FLOAT) fail("column '", column.name, "' is not a number");
  return make_member(column, 0);
}

bool has_column(hid_t table_type, const std::string& name) {
  const int index = H5Tget_member_index(table_type, name.c_str());
  H5Eclear2(H5E_DEFAULT);
  return index >= 0;
}

}  // namespace

void write_table(hid_t parent, const std::string& name, const std::vector<ColumnData>& data,
                 std::size_t rows) {
  std::vector<Column> columns;
  std::vector<Member> members;
  for (const ColumnData& entry : data) {
    std::size_t text_bytes = 1;
    for (const std::string& text : entry.text) text_bytes = std::max(text_bytes, text.size());
    if (text_bytes > kMaxText)
      fail("column '", entry.column.name, "': text of ", text_bytes, " bytes is too long");
    columns.push_back(entry.column);
    members.push_back(make_member(entry.column, text_bytes));
  }
  const Handle type = make_compound(columns, members);
  const std::size_t row_bytes = H5Tget_size(type.get());
  std::vector<std::byte> packed(rows * row_bytes);
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t i = 0; i < data.size(); ++i) {
      pack_row(data[i], row, members[i], packed.data() + row * row_bytes + members[i].offset);
    }
  }
  const hsize_t extent_rows = rows;
  const Handle space = own(H5Screate_simple(1, &extent_rows, nullptr), "making a table");
  const Handle create = own(H5Pcreate(H5P_DATASET_CREATE), "making a table");
  check(H5Pset_obj_track_times(create.get(), false), "turning time stamps off");
  const Handle dataset = own(H5Dcreate2(parent, name.c_str(), type.get(), space.get(), H5P_DEFAULT,
                                        create.get(), H5P_DEFAULT),
                             "creating table '" + name + "'");
  if (rows == 0) return;
  check(H5Dwrite(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, packed.data()),
        "writing table '" + name + "'");
}

std::vector<ColumnData> read_table(hid_t parent, const std::string& name,
                                   const std::vector<Column>& wanted, std::size_t max_rows,
                                   std::size_t* rows) {
  const Handle dataset = open_dataset(parent, name);
  const std::vector<hsize_t> sizes = extent(dataset.get());
  if (sizes.size() != 1 || sizes[0] > max_rows)
    fail("table '", name, "' is not a list of at most ", max_rows, " rows");
  *rows = static_cast<std::size_t>(sizes[0]);
  const Handle file_type = own(H5Dget_type(dataset.get()), "reading table '" + name + "'");
  if (H5Tget_class(file_type.get()) != H5T_COMPOUND) fail("'", name, "' is not a compound table");
  std::vector<ColumnData> data;
  std::vector<Column> columns;
  std::vector<Member> members;
  for (const Column& column : wanted) {
    if (!has_column(file_type.get(), column.name)) continue;
    members.push_back(member_for(file_type.get(), column));
    columns.push_back(column);
    data.push_back({column, {}, {}, {}, {}});
  }
  if (columns.empty() || *rows == 0) return data;
  const Handle type = make_compound(columns, members);
  const std::size_t row_bytes = H5Tget_size(type.get());
  // What is declared must have been stored: a tiny file cannot make us take gigabytes.
  const std::size_t stored = H5Dget_storage_size(dataset.get());
  if (*rows > kMaxTableBytes / row_bytes || *rows / 2048 > stored) {
    fail("table '", name, "' declares ", *rows, " rows but holds ", stored, " bytes");
  }
  std::vector<std::byte> packed(*rows * row_bytes);
  check(H5Dread(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, packed.data()),
        "reading table '" + name + "'");
  for (std::size_t row = 0; row < *rows; ++row) {
    for (std::size_t i = 0; i < data.size(); ++i) {
      unpack_row(data[i], members[i], packed.data() + row * row_bytes + members[i].offset);
    }
  }
  return data;
}

}  // namespace pluvia::h5
