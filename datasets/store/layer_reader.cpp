// SPDX-License-Identifier: Apache-2.0
#include "datasets/store/layer_reader.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/error.h"
#include "core/text.h"
#include "datasets/store/set_info.h"
#include "datasets/store/tiles.h"

namespace pluvia {
namespace {

// No deflate stream grows by more than 1032 to one: a file cannot hold more than this much more
// than its own size, whatever it declares.
constexpr std::uint64_t kMaxExpansion = 1100;

hid_t memory_type_of(DType type) {
  switch (type) {
    case DType::kU8:
      return H5T_NATIVE_UINT8;
    case DType::kI16:
      return H5T_NATIVE_INT16;
    case DType::kF16:
      break;
  }
  return h5::element_type(DType::kF16);
}

std::string size_text(const std::vector<hsize_t>& sizes) {
  std::vector<std::string> parts;
  for (const hsize_t size : sizes) parts.push_back(std::to_string(size));
  return "(" + join(parts, ",") + ")";
}

}  // namespace

LayerReader::LayerReader(hid_t clip_group, Layer layer, const std::string& name,
                         const ClipInfo& info, int frames, const Fd& file, const std::string& path)
    : file_(file),
      path_name_(path),
      file_bytes_(file_size(file, path)),
      spec_(spec(layer)),
      frames_(frames),
      height_(info.height),
      width_(info.width),
      dataset_(h5::open_dataset(clip_group, name)) {
  const std::vector<hsize_t> found = h5::extent(dataset_.get());
  std::vector<hsize_t> expected = {found.empty() ? 0 : found[0], static_cast<hsize_t>(height_),
                                   static_cast<hsize_t>(width_)};
  if (frames_ > 0) expected[0] = static_cast<hsize_t>(frames_);
  if (spec_.channels > 1) expected.push_back(static_cast<hsize_t>(spec_.channels));
  if (found != expected) fail("has size ", size_text(found), ", expected ", size_text(expected));
  if (found[0] < 1 || found[0] > static_cast<hsize_t>(kMaxFrames))
    fail("has ", found[0], " frames");
  frames_ = static_cast<int>(found[0]);
  const h5::Handle type = h5::own(H5Dget_type(dataset_.get()), "reading the type");
  const H5T_class_t wanted = spec_.type == DType::kF16 ? H5T_FLOAT : H5T_INTEGER;
  // Another sign would come through the library as numbers cut off at zero.
  const H5T_sign_t sign = spec_.type == DType::kU8 ? H5T_SGN_NONE : H5T_SGN_2;
  if (H5Tget_class(type.get()) != wanted || H5Tget_size(type.get()) != size_of(spec_.type) ||
      (wanted == H5T_INTEGER && H5Tget_sign(type.get()) != sign)) {
    fail("has another number type than format 1 gives it");
  }
  const double raw =
      static_cast<double>(frames_) * height_ * width_ * static_cast<double>(spec_.pixel_bytes());
  if (raw > static_cast<double>(file_bytes_) * static_cast<double>(kMaxExpansion)) {
    fail("declares ", human_bytes(raw), " in a file of ",
         human_bytes(static_cast<double>(file_bytes_)));
  }
  memory_type_ = h5::own(H5Tcopy(memory_type_of(spec_.type)), "making a type");
  if (H5Tequal(type.get(), h5::element_type(spec_.type)) > 0) {
    choose_path(h5::own(H5Dget_create_plist(dataset_.get()), "reading the layout").get());
  }
  sha256_ = h5::read_text(dataset_.get(), "sha256").value_or("");
  predicted_by_ = h5::read_text(dataset_.get(), "predicted_by").value_or("");
}

void LayerReader::choose_path(hid_t create_list) {
  const int filters = H5Pget_nfilters(create_list);
  const H5D_layout_t layout = H5Pget_layout(create_list);
  if (layout == H5D_CONTIGUOUS && filters == 0) {
    const haddr_t offset = H5Dget_offset(dataset_.get());
    const std::uint64_t bytes = static_cast<std::uint64_t>(frames_) *
                                static_cast<std::uint64_t>(height_) *
                                static_cast<std::uint64_t>(width_) * spec_.pixel_bytes();
    if (offset == HADDR_UNDEF) fail("has no data");
    if (offset > file_bytes_ || bytes > file_bytes_ - offset)
      fail("reaches beyond the end of the file");
    contiguous_offset_ = offset;
    path_ = Path::kContiguous;
    return;
  }
  if (layout != H5D_CHUNKED || filters > 1) return;
  if (filters == 1) {
    unsigned flags = 0;
    std::size_t values = 0;
    if (H5Pget_filter2(create_list, 0, &flags, &values, nullptr, 0, nullptr, nullptr) !=
        H5Z_FILTER_DEFLATE)
      return;
    deflated_ = true;
  }
  std::array<hsize_t, 8> chunk{};
  const int rank = H5Pget_chunk(create_list, static_cast<int>(chunk.size()), chunk.data());
  const int expected_rank = spec_.channels > 1 ? 4 : 3;
  if (rank != expected_rank || chunk[0] != 1 ||
      (rank == 4 && chunk[3] != static_cast<hsize_t>(spec_.channels))) {
    return;
  }
  // Larger than the frame is legal for growing data sets, and wasteful: leave that to the library.
  if (chunk[1] > static_cast<hsize_t>(height_) || chunk[2] > static_cast<hsize_t>(width_)) return;
  tile_height_ = static_cast<int>(chunk[1]);
  tile_width_ = static_cast<int>(chunk[2]);
  addresses_.resize(static_cast<std::size_t>(frames_));
  path_ = Path::kTiles;
}

LayerReader::Address LayerReader::chunk_address(int frame, int row, int column) const {
  std::unique_ptr<Address[]>& of_frame = addresses_[static_cast<std::size_t>(frame)];
  if (of_frame == nullptr) {
    of_frame = std::make_unique<Address[]>(static_cast<std::size_t>(tile_rows()) *
                                           static_cast<std::size_t>(tile_columns()));
  }
  Address& known =
      of_frame[static_cast<std::size_t>(row) * static_cast<std::size_t>(tile_columns()) +
               static_cast<std::size_t>(column)];
  if (known.bytes != 0) return known;
  const std::array<hsize_t, 4> at = {
      static_cast<hsize_t>(frame), static_cast<hsize_t>(row) * static_cast<hsize_t>(tile_height_),
      static_cast<hsize_t>(column) * static_cast<hsize_t>(tile_width_), 0};
  unsigned mask = 0;
  haddr_t offset = HADDR_UNDEF;
  hsize_t bytes = 0;
  h5::check(H5Dget_chunk_info_by_coord(dataset_.get(), at.data(), &mask, &offset, &bytes),
            cat("finding tile (", row, ",", column, ") of frame ", frame));
  if (offset == HADDR_UNDEF || bytes == 0)
    fail("frame ", frame, " tile (", row, ",", column, ") is missing");
  if (offset > file_bytes_ || bytes > file_bytes_ - offset ||
      bytes > tile_bytes() + tile_bytes() / 8 + 4096) {
    fail("frame ", frame, " tile (", row, ",", column, ") lies outside the file or is too large (",
         bytes, " bytes at ", offset, ")");
  }
  known = {offset, static_cast<std::uint32_t>(bytes), !deflated_ || mask != 0};
  return known;
}

void LayerReader::load_tile(const Address& at, std::span<std::byte> tile) const {
  if (at.raw) {
    if (at.bytes != tile.size()) fail("has ", at.bytes, " bytes, expected ", tile.size());
    read_exact(file_, path_name_, at.offset, tile);
    return;
  }
  thread_local std::vector<std::byte> coded;
  coded.resize(at.bytes);
  read_exact(file_, path_name_, at.offset, coded);
  if (!inflate_tile(coded, tile)) fail("is damaged (its gzip stream or check sum is wrong)");
}

void LayerReader::read_tiles(int frame, const Window& window, std::byte* out) const {
  const int row0 = window.y / tile_height_;
  const int row1 = (window.y + window.height - 1) / tile_height_;
  const int column0 = window.x / tile_width_;
  const int column1 = (window.x + window.width - 1) / tile_width_;
  thread_local std::vector<Address> addresses;
  thread_local std::vector<std::byte> tile;
  addresses.clear();
  tile.resize(tile_bytes());
  {
    const h5::Lock lock(path_name_);
    for (int row = row0; row <= row1; ++row) {
      for (int column = column0; column <= column1; ++column)
        addresses.push_back(chunk_address(frame, row, column));
    }
  }
  const std::size_t pixel = spec_.pixel_bytes();
  std::size_t next = 0;
  for (int row = row0; row <= row1; ++row) {
    for (int column = column0; column <= column1; ++column) {
      within(cat("frame ", frame, " tile (", row, ",", column, ")"),
             [&] { load_tile(addresses[next++], tile); });
      const int y0 = std::max(window.y, row * tile_height_);
      const int y1 = std::min(window.y + window.height, (row + 1) * tile_height_);
      const int x0 = std::max(window.x, column * tile_width_);
      const int x1 = std::min(window.x + window.width, (column + 1) * tile_width_);
      for (int y = y0; y < y1; ++y) {
        const auto from = (static_cast<std::size_t>(y - row * tile_height_) *
                               static_cast<std::size_t>(tile_width_) +
                           static_cast<std::size_t>(x0 - column * tile_width_)) *
                          pixel;
        const auto to =
            (static_cast<std::size_t>(y - window.y) * static_cast<std::size_t>(window.width) +
             static_cast<std::size_t>(x0 - window.x)) *
            pixel;
        std::memcpy(out + to, tile.data() + from, static_cast<std::size_t>(x1 - x0) * pixel);
      }
    }
  }
}

void LayerReader::read_contiguous(int frame, const Window& window, std::byte* out) const {
  const std::size_t pixel = spec_.pixel_bytes();
  const std::size_t row_bytes = static_cast<std::size_t>(window.width) * pixel;
  const bool whole_rows = window.width == width_;
  for (int y = 0; y < window.height; ++y) {
    const std::uint64_t index =
        (static_cast<std::uint64_t>(frame) * static_cast<std::uint64_t>(height_) +
         static_cast<std::uint64_t>(window.y + y)) *
            static_cast<std::uint64_t>(width_) +
        static_cast<std::uint64_t>(window.x);
    const std::size_t bytes =
        whole_rows ? row_bytes * static_cast<std::size_t>(window.height) : row_bytes;
    read_exact(file_, path_name_, contiguous_offset_ + index * pixel,
               {out + static_cast<std::size_t>(y) * row_bytes, bytes});
    if (whole_rows) return;
  }
}

void LayerReader::read_library(int first, int count, const Window& window,
                               std::span<std::byte> out) const {
  const h5::Lock lock(path_name_);
  const int rank = spec_.channels > 1 ? 4 : 3;
  const std::array<hsize_t, 4> start = {static_cast<hsize_t>(first), static_cast<hsize_t>(window.y),
                                        static_cast<hsize_t>(window.x), 0};
  const std::array<hsize_t, 4> size = {
      static_cast<hsize_t>(count), static_cast<hsize_t>(window.height),
      static_cast<hsize_t>(window.width), static_cast<hsize_t>(spec_.channels)};
  const h5::Handle file_space = h5::own(H5Dget_space(dataset_.get()), "reading pixels");
  h5::check(H5Sselect_hyperslab(file_space.get(), H5S_SELECT_SET, start.data(), nullptr,
                                size.data(), nullptr),
            "selecting pixels");
  const h5::Handle memory_space =
      h5::own(H5Screate_simple(rank, size.data(), nullptr), "reading pixels");
  h5::check(H5Dread(dataset_.get(), memory_type_.get(), memory_space.get(), file_space.get(),
                    H5P_DEFAULT, out.data()),
            cat("reading frames ", first, " to ", first + count - 1));
}

void LayerReader::read(int first, int count, const Window& window, std::span<std::byte> out) const {
  PLUVIA_CHECK(first >= 0 && count >= 0 && first + count <= frames_, first, " ", count, " of ",
               frames_);
  const std::size_t frame_bytes = static_cast<std::size_t>(window.height) *
                                  static_cast<std::size_t>(window.width) * spec_.pixel_bytes();
  PLUVIA_CHECK(out.size() == frame_bytes * static_cast<std::size_t>(count), out.size(), " ",
               frame_bytes, " ", count);
  if (out.empty()) return;
  if (path_ == Path::kLibrary) return read_library(first, count, window, out);
  for (int i = 0; i < count; ++i) {
    std::byte* const at = out.data() + frame_bytes * static_cast<std::size_t>(i);
    if (path_ == Path::kTiles)
      read_tiles(first + i, window, at);
    else
      read_contiguous(first + i, window, at);
  }
}

std::uint64_t LayerReader::chunk_count() const {
  const auto frames = static_cast<std::uint64_t>(frames_);
  if (path_ != Path::kTiles) return frames;
  return frames * static_cast<std::uint64_t>(tile_rows()) *
         static_cast<std::uint64_t>(tile_columns());
}

template <typename Body>
void LayerReader::each_tile(Body&& body) const {
  for (int frame = 0; frame < frames_; ++frame) {
    for (int row = 0; row < tile_rows(); ++row) {
      for (int column = 0; column < tile_columns(); ++column) body(frame, row, column);
    }
  }
}

bool LayerReader::check_chunks(const ReportChunk& report) const {
  if (path_ != Path::kTiles) return false;
  std::vector<std::byte> tile(tile_bytes());
  each_tile([&](int frame, int row, int column) {
    try {
      Address at;
      {
        const h5::Lock lock(path_name_);
        at = chunk_address(frame, row, column);
      }
      load_tile(at, tile);
    } catch (const Error& error) {
      report(frame, row, column, error.what());
    }
  });
  return true;
}

void LayerReader::check_index(const ReportChunk& report) const {
  if (path_ != Path::kTiles) return;
  each_tile([&](int frame, int row, int column) {
    const h5::Lock lock(path_name_);
    const std::array<hsize_t, 4> at = {
        static_cast<hsize_t>(frame), static_cast<hsize_t>(row) * static_cast<hsize_t>(tile_height_),
        static_cast<hsize_t>(column) * static_cast<hsize_t>(tile_width_), 0};
    const Address known = chunk_address(frame, row, column);
    hsize_t bytes = 0;
    const bool found = H5Dget_chunk_storage_size(dataset_.get(), at.data(), &bytes) >= 0;
    if (found && bytes == known.bytes) return;
    report(frame, row, column,
           cat("is not found by HDF5's own search: the chunk index is damaged (", found ? bytes : 0,
               " bytes, expected ", known.bytes, ")"));
  });
}

}  // namespace pluvia
