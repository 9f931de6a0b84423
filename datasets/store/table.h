// SPDX-License-Identifier: Apache-2.0
// A compound table in HDF5, by columns: the index and the per-frame data. The caller says which
// columns there are; memory layout, types and bounds are handled here.
#pragma once

#include <hdf5.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace pluvia::h5 {

enum class ColumnType { kText, kI32, kU64, kF32, kF64 };

struct Column {
  std::string name;
  ColumnType type;
  int count = 1;  ///< more than 1: a fixed array, e.g. a position
};

/// Values of one column, row after row (count values a row).
struct ColumnData {
  Column column;
  std::vector<std::string> text;
  std::vector<double> f64;
  std::vector<std::uint64_t> u64;
  std::vector<std::int64_t> i64;
};

void write_table(hid_t parent, const std::string& name, const std::vector<ColumnData>& columns,
                 std::size_t rows);

/// Reads those of `wanted` that the table has, in the order of `wanted`; sets `rows`. Columns of an
/// unexpected kind are errors.
std::vector<ColumnData> read_table(hid_t parent, const std::string& name,
                                   const std::vector<Column>& wanted, std::size_t max_rows,
                                   std::size_t* rows);

}  // namespace pluvia::h5
