// SPDX-License-Identifier: Apache-2.0
#include "datasets/media/plain_png.h"

#include <libdeflate.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "datasets/media/byte_reader.h"
#include "datasets/media/paeth.h"
#include "datasets/media/picture.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace pluvia {
namespace {

constexpr std::string_view kSignature = "\x89PNG\r\n\x1a\n";
/// Beyond these, memory is taken row by row by libpng's reader.
constexpr std::uint64_t kMostFileBytes = 64U << 20;
constexpr std::uint64_t kMostRowBytes = 128U << 20;
constexpr std::uint32_t kMostSide = 16384;
constexpr std::uint64_t kMaxDeflateRatio = 1032;
/// Size, when, printing density, who: nothing about colours. Other chunks are libpng's.
constexpr std::array<std::string_view, 3> kHarmless = {"pHYs", "tIME", "tEXt"};

using Bytes = std::span<const std::uint8_t>;

std::uint32_t number(Bytes at) {
  return std::uint32_t{at[0]} << 24U | std::uint32_t{at[1]} << 16U | std::uint32_t{at[2]} << 8U |
         at[3];
}

struct Chunk {
  std::string_view name;
  Bytes data;
};

/// Takes the next chunk off `rest`; nothing when it is cut off or its check sum is wrong.
std::optional<Chunk> next_chunk(Bytes& rest) {
  if (rest.size() < 12) return std::nullopt;
  const std::size_t length = number(rest);
  if (length > rest.size() - 12) return std::nullopt;
  const std::uint32_t sum = number(rest.subspan(8 + length));
  if (libdeflate_crc32(0, rest.data() + 4, length + 4) != sum) return std::nullopt;
  const Chunk chunk{{reinterpret_cast<const char*>(rest.data()) + 4, 4}, rest.subspan(8, length)};
  rest = rest.subspan(12 + length);
  return chunk;
}

struct Header {
  int height = 0;
  int width = 0;
  int channels = 0;

  std::size_t row_bytes() const {
    return static_cast<std::size_t>(width) * static_cast<std::size_t>(channels);
  }
  std::size_t packed_bytes() const { return (row_bytes() + 1) * static_cast<std::size_t>(height); }
};

std::optional<Header> plain_header(const Chunk& chunk) {
  constexpr std::uint8_t kGrey = 0;
  constexpr std::uint8_t kRgb = 2;
  if (chunk.name != "IHDR" || chunk.data.size() != 13) return std::nullopt;
  const std::uint32_t width = number(chunk.data);
  const std::uint32_t height = number(chunk.data.subspan(4));
  const Bytes kind = chunk.data.subspan(8);  // depth, colours, packing, filters, interlacing
  const bool plain = kind[0] == 8 && (kind[1] == kGrey || kind[1] == kRgb) && kind[2] == 0 &&
                     kind[3] == 0 && kind[4] == 0;
  if (!plain || width == 0 || height == 0 || width > kMostSide || height > kMostSide) {
    return std::nullopt;
  }
  return Header{static_cast<int>(height), static_cast<int>(width), kind[1] == kRgb ? 3 : 1};
}

struct Parts {
  Header header;
  std::vector<Bytes> packed;  ///< contents of the IDAT chunks
  std::size_t packed_bytes = 0;
};

std::optional<Parts> parts_of(Bytes file) {
  if (file.size() < kSignature.size() ||
      std::memcmp(file.data(), kSignature.data(), kSignature.size()) != 0) {
    return std::nullopt;
  }
  Bytes rest = file.subspan(kSignature.size());
  Parts parts;
  std::optional<Chunk> chunk = next_chunk(rest);
  const std::optional<Header> header = chunk ? plain_header(*chunk) : std::nullopt;
  if (!header) return std::nullopt;
  parts.header = *header;
  bool ended = false;  // the IDAT chunks are one after the other
  while ((chunk = next_chunk(rest))) {
    if (chunk->name == "IEND") {
      const bool whole = chunk->data.empty() && rest.empty() && !parts.packed.empty();
      return whole ? std::optional(parts) : std::nullopt;
    }
    if (chunk->name == "IDAT" && !ended) {
      parts.packed.push_back(chunk->data);
      parts.packed_bytes += chunk->data.size();
      continue;
    }
    ended = !parts.packed.empty();
    if (std::find(kHarmless.begin(), kHarmless.end(), chunk->name) == kHarmless.end()) break;
  }
  return std::nullopt;
}

// -- Filters (ISO/IEC 15948, 9): `row` is what was stored, `above` the finished row before.

/// Every filter but Up looks at what it has just made: `from(left, up, corner)` is added.
template <std::size_t kPixel, typename From>
void undo(Bytes row, const std::uint8_t* above, std::uint8_t* out, const From& from) {
  std::array<int, kPixel> left{};
  std::array<int, kPixel> corner{};
  for (std::size_t i = 0; i < row.size(); i += kPixel) {
    for (std::size_t c = 0; c < kPixel; ++c) {
      const int up = above[i + c];
      left[c] = (row[i + c] + from(left[c], up, corner[c])) & 255;
      corner[c] = up;
      out[i + c] = static_cast<std::uint8_t>(left[c]);
    }
  }
}

#ifdef __SSE2__

__m128i pixel_at(const std::uint8_t* at) {
  const std::uint32_t bytes =
      std::uint32_t{at[0]} | std::uint32_t{at[1]} << 8U | std::uint32_t{at[2]} << 16U;
  return _mm_unpacklo_epi8(_mm_cvtsi32_si128(static_cast<int>(bytes)), _mm_setzero_si128());
}

__m128i magnitude(__m128i x) { return _mm_max_epi16(x, _mm_sub_epi16(_mm_setzero_si128(), x)); }

__m128i chosen(__m128i where, __m128i yes, __m128i no) {
  return _mm_or_si128(_mm_and_si128(where, yes), _mm_andnot_si128(where, no));
}

/// Paeth for RGB, the three channels side by side and without branches.
void undo_paeth_rgb(Bytes row, const std::uint8_t* above, std::uint8_t* out) {
  const __m128i bytes = _mm_set1_epi16(255);
  __m128i left = _mm_setzero_si128();
  __m128i corner = _mm_setzero_si128();
  for (std::size_t i = 0; i < row.size(); i += 3) {
    const __m128i up = pixel_at(above + i);
    const __m128i by_left = _mm_sub_epi16(up, corner);
    const __m128i by_up = _mm_sub_epi16(left, corner);
    const __m128i to_left = magnitude(by_left);
    const __m128i to_up = magnitude(by_up);
    const __m128i to_corner = magnitude(_mm_add_epi16(by_left, by_up));
    const __m128i least = _mm_min_epi16(to_corner, _mm_min_epi16(to_left, to_up));
    const __m128i predicted = chosen(_mm_cmpeq_epi16(least, to_left), left,
                                     chosen(_mm_cmpeq_epi16(least, to_up), up, corner));
    left = _mm_and_si128(_mm_add_epi16(predicted, pixel_at(row.data() + i)), bytes);
    corner = up;
    const auto pixel = static_cast<std::uint32_t>(_mm_cvtsi128_si32(_mm_packus_epi16(left, left)));
    out[i] = static_cast<std::uint8_t>(pixel);
    out[i + 1] = static_cast<std::uint8_t>(pixel >> 8U);
    out[i + 2] = static_cast<std::uint8_t>(pixel >> 16U);
  }
}

#endif

template <std::size_t kPixel>
bool undo_filter(std::uint8_t filter, Bytes row, const std::uint8_t* above, std::uint8_t* out) {
  switch (filter) {
    case 0:
      std::copy(row.begin(), row.end(), out);
      return true;
    case 1:
      undo<kPixel>(row, above, out, [](int left, int, int) { return left; });
      return true;
    case 2:
      for (std::size_t i = 0; i < row.size(); ++i) {
        out[i] = static_cast<std::uint8_t>(row[i] + above[i]);
      }
      return true;
    case 3:
      undo<kPixel>(row, above, out, [](int left, int up, int) { return (left + up) / 2; });
      return true;
    case 4:
#ifdef __SSE2__
      if constexpr (kPixel == 3) {
        undo_paeth_rgb(row, above, out);
        return true;
      }
#endif
      undo<kPixel>(row, above, out, paeth);
      return true;
    default:
      return false;
  }
}

/// Memory that a thread keeps from picture to picture: fresh pages cost as much as inflating.
struct Workspace {
  std::vector<std::uint8_t> file;
  std::vector<std::uint8_t> packed;
  std::vector<std::uint8_t> rows;
  std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)> inflater{
      libdeflate_alloc_decompressor(), libdeflate_free_decompressor};
};

Bytes joined(const Parts& parts, std::vector<std::uint8_t>& into) {
  if (parts.packed.size() == 1) return parts.packed.front();
  into.clear();
  for (const Bytes part : parts.packed) into.insert(into.end(), part.begin(), part.end());
  return into;
}

bool inflate(const Parts& parts, Workspace& work) {
  const std::size_t wanted = parts.header.packed_bytes();
  if (wanted > parts.packed_bytes * kMaxDeflateRatio || wanted > kMostRowBytes) return false;
  const Bytes packed = joined(parts, work.packed);
  // A window of 32 KiB: libpng holds files to what they declare, libdeflate does not look.
  constexpr std::uint8_t kLargestWindow = 0x78;
  if (work.inflater == nullptr || packed.empty() || packed[0] != kLargestWindow) return false;
  work.rows.resize(wanted);
  std::size_t used = 0;
  std::size_t made = 0;
  const libdeflate_result result = libdeflate_zlib_decompress_ex(
      work.inflater.get(), packed.data(), packed.size(), work.rows.data(), wanted, &used, &made);
  return result == LIBDEFLATE_SUCCESS && used == packed.size() && made == wanted;
}

std::optional<Image<std::uint8_t>> unfiltered(const Header& header, Bytes rows) {
  Image<std::uint8_t> image(header.height, header.width, header.channels);
  const std::vector<std::uint8_t> black(header.row_bytes());
  const std::uint8_t* above = black.data();
  const auto undo_row = header.channels == 3 ? undo_filter<3> : undo_filter<1>;
  for (int y = 0; y < header.height; ++y) {
    std::uint8_t* const out = image.view().row(y).data();
    if (!undo_row(rows[0], rows.subspan(1, header.row_bytes()), above, out)) return std::nullopt;
    rows = rows.subspan(header.row_bytes() + 1);
    above = out;
  }
  return image;
}

Workspace& workspace() {
  static thread_local Workspace work;
  return work;
}

/// They point into `work`.
std::optional<Parts> read_parts(const std::filesystem::path& path, Workspace& work) {
  ByteReader reader(path);
  if (reader.size() > kMostFileBytes) return std::nullopt;
  work.file.resize(reader.size());
  if (!reader.read(std::as_writable_bytes(std::span(work.file)))) return std::nullopt;
  return parts_of(work.file);
}

}  // namespace

std::optional<Image<std::uint8_t>> decode_plain_png(const std::filesystem::path& path) {
  Workspace& work = workspace();
  const std::optional<Parts> parts = read_parts(path, work);
  if (!parts || !inflate(*parts, work)) return std::nullopt;
  return unfiltered(parts->header, work.rows);
}

bool is_whole_plain_png(const std::filesystem::path& path) {
  return read_parts(path, workspace()).has_value();
}

}  // namespace pluvia
