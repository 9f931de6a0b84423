// SPDX-License-Identifier: Apache-2.0
#include "tests/datasets/media/png_builder.h"

#include <libdeflate.h>

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

}  // namespace

Bytes build_png(const PngSpec& spec) {
  std::vector<Pass> passes = {{0, 0, 1, 1}};
  if (spec.interlaced) {
    passes = {{0, 0, 8, 8}, {0, 4, 8, 8}, {4, 0, 8, 4}, {0, 2, 4, 4},
              {2, 0, 4, 2}, {0, 1, 2, 2}, {1, 0, 2, 1}};
  }
  std::string raw;
  for (const Pass& pass : passes) raw += rows_of(spec, pass);
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
  file += chunk("IDAT", packed);
  file += chunk("IEND", "");
  const auto* first = reinterpret_cast<const std::byte*>(file.data());
  return {first, first + file.size()};
}

}  // namespace pluvia::testing
