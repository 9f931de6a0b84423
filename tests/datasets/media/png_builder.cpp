// SPDX-License-Identifier: Apache-2.0
#include "tests/datasets/media/png_builder.h"

#include <libdeflate.h>

#include <algorithm>
#include <cstdlib>

namespace pluvia::testing {
namespace {

std::string number(std::uint32_t value) {
  std::string out;
  for (const unsigned shift : {24U, 16U, 8U, 0U}) out += static_cast<char>(value >> shift & 0xFFU);
  return out;
}

std::string chunk(const std::string& name, const std::string& contents) {
  const std::string body = name + contents;
  return number(static_cast<std::uint32_t>(contents.size())) + body +
         number(libdeflate_crc32(0, body.data(), body.size()));
}

struct Pass {
  int y0, x0, dy, dx;
};

// Rows of one pass: filter byte 0, then samples packed from the most significant bit on.
std::string rows_of(const PngSpec& spec, const Pass& pass) {
  std::string out;
  if (pass.x0 >= spec.width) return out;
  for (int y = pass.y0; y < spec.height; y += pass.dy) {
    out += '\0';
    unsigned bits = 0;
    unsigned used = 0;
    for (int x = pass.x0; x < spec.width; x += pass.dx) {
      for (int c = 0; c < spec.channels(); ++c) {
        bits = (bits << static_cast<unsigned>(spec.depth)) | spec.sample(y, x, c);
        used += static_cast<unsigned>(spec.depth);
        for (; used >= 8; used -= 8) out += static_cast<char>(bits >> (used - 8) & 0xFFU);
        bits &= (1U << used) - 1;
      }
    }
    if (used > 0) out += static_cast<char>(bits << (8 - used));
  }
  return out;
}

int predicted(int filter, int left, int up, int corner) {
  if (filter == 1) return left;
  if (filter == 2) return up;
  if (filter == 3) return (left + up) / 2;
  const int p = left + up - corner;
  if (std::abs(p - left) <= std::abs(p - up) && std::abs(p - left) <= std::abs(p - corner))
    return left;
  return std::abs(p - up) <= std::abs(p - corner) ? up : corner;
}

// The standard's filters over whole rows that were not filtered.
std::string filtered(const PngSpec& spec, const std::string& raw) {
  const auto row = raw.size() / static_cast<std::size_t>(spec.height);
  const auto pixel = static_cast<std::size_t>(std::max(1, spec.channels() * spec.depth / 8));
  const auto at = [&](std::size_t y, std::size_t i) -> int {
    return static_cast<unsigned char>(raw[y * row + i]);
  };
  std::string out = raw;
  for (std::size_t y = 0; y * row < raw.size(); ++y) {
    const int filter = spec.filter(static_cast<int>(y));
    out[y * row] = static_cast<char>(filter);
    for (std::size_t i = 1; i < row && filter > 0; ++i) {
      const int left = i > pixel ? at(y, i - pixel) : 0;
      const int up = y > 0 ? at(y - 1, i) : 0;
      const int corner = i > pixel && y > 0 ? at(y - 1, i - pixel) : 0;
      out[y * row + i] = static_cast<char>(at(y, i) - predicted(filter, left, up, corner));
    }
  }
  return out;
}

}  // namespace

Bytes build_png(const PngSpec& spec) {
  std::vector<Pass> passes = {{0, 0, 1, 1}};
  if (spec.interlaced) {
    passes = {{0, 0, 8, 8}, {0, 4, 8, 8}, {4, 0, 8, 4}, {0, 2, 4, 4},
              {2, 0, 4, 2}, {0, 1, 2, 2}, {1, 0, 2, 1}};
  }
  std::string raw;
  for (const Pass& pass : passes) raw += rows_of(spec, pass);
  if (spec.filter) raw = filtered(spec, raw);
  libdeflate_compressor* compressor = libdeflate_alloc_compressor(6);
  std::string packed(libdeflate_zlib_compress_bound(compressor, raw.size()), '\0');
  packed.resize(
      libdeflate_zlib_compress(compressor, raw.data(), raw.size(), packed.data(), packed.size()));
  libdeflate_free_compressor(compressor);

  std::string file = "\x89PNG\r\n\x1a\n";
  const int width = spec.declared_width > 0 ? spec.declared_width : spec.width;
  const int height = spec.declared_height > 0 ? spec.declared_height : spec.height;
  std::string header =
      number(static_cast<std::uint32_t>(width)) + number(static_cast<std::uint32_t>(height));
  header += static_cast<char>(spec.depth);
  header += static_cast<char>(spec.colour_type);
  header += std::string(2, '\0');
  header += static_cast<char>(spec.interlaced ? 1 : 0);
  file += chunk("IHDR", header);
  for (const auto& [name, contents] : spec.chunks) file += chunk(name, contents);
  for (std::size_t at = 0; at < packed.size(); at += spec.idat_bytes) {
    file += chunk("IDAT", packed.substr(at, spec.idat_bytes));
  }
  file += chunk("IEND", "");
  const auto* first = reinterpret_cast<const std::byte*>(file.data());
  return {first, first + file.size()};
}

}  // namespace pluvia::testing
