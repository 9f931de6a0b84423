// SPDX-License-Identifier: Apache-2.0
// PNG (ISO/IEC 15948) by libpng, row by row into 8-bit grey or RGB.
//
// Strict where the picture is concerned: a damaged or missing chunk, a failed check sum, a file
// that ends before IEND are Errors. Colour profiles and gamma are noted, never applied; alpha is
// dropped and the colours below it are kept as stored. libpng leaves by longjmp, so every call to
// it runs inside `guarded`, whose body holds nothing that needs a destructor.
#include <png.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <vector>

#include "core/error.h"
#include "core/text.h"
#include "datasets/media/byte_reader.h"
#include "datasets/media/exif.h"
#include "datasets/media/still_codecs.h"

namespace pluvia {
namespace {

// Deflate cannot pack more than 1032 bytes into one: a header that declares more is a bomb or cut.
constexpr std::uint64_t kMaxDeflateRatio = 1032;
constexpr png_alloc_size_t kMaxChunkBytes = 16U << 20;
// What the sRGB curve is written as in a gAMA chunk.
constexpr png_fixed_point kSrgbGamma = 45455;
constexpr png_byte kAnimation[] = {'a', 'c', 'T', 'L', 0};

class PngReader {
 public:
  explicit PngReader(const std::filesystem::path& path) : bytes_(path) {
    if (info_ == nullptr) {
      fail("libpng cannot be started: out of memory, or its version is not ",
           PNG_LIBPNG_VER_STRING);
    }
    guarded([this] {
      png_set_read_fn(png_, this, on_read);
      png_set_user_limits(png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
      png_set_chunk_malloc_max(png_, kMaxChunkBytes);
      png_set_crc_action(png_, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
      png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_ALWAYS, kAnimation, 1);
      png_read_info(png_, info_);
    });
    check_picture_size(png_get_image_height(png_, info_), png_get_image_width(png_, info_));
    size_ = {static_cast<int>(png_get_image_height(png_, info_)),
             static_cast<int>(png_get_image_width(png_, info_))};
    refuse_animation();
  }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  StillHeader header() {
    png_bytep exif = nullptr;
    png_uint_32 length = 0;
    guarded([&] { png_get_eXIf_1(png_, info_, &length, &exif); });
    if (exif == nullptr) return {size_, {}};
    return {size_, read_exif_orientation(std::as_bytes(std::span(exif, length)))};
  }

  Image<std::uint8_t> decode(MediaNotes& notes) {
    note_colour(notes);
    prepare();
    Image<std::uint8_t> image(size_.height, size_.width, channels_ < 3 ? 1 : 3);
    if (png_get_interlace_type(png_, info_) == PNG_INTERLACE_NONE) {
      std::vector<png_byte> row(row_bytes_);
      for (int y = 0; y < size_.height; ++y) {
        guarded([&] { png_read_row(png_, row.data(), nullptr); });
        convert_row(row.data(), image.view().row(y).data());
      }
    } else {
      decode_interlaced(image.view());
    }
    guarded([this] { png_read_end(png_, nullptr); });
    if (depth_ == 16) notes["bit_depth"] = "16 reduced to 8";
    if (translucent_) notes["alpha"] = "not opaque: ignored, colours kept as stored";
    return image;
  }

  /// Samples as stored, for maps that are no pictures.
  Image<std::uint16_t> decode_16_bits() {
    prepare();
    if (channels_ != 1 || depth_ != 16 ||
        png_get_interlace_type(png_, info_) != PNG_INTERLACE_NONE) {
      fail("the PNG has ", channels_, " channels of ", depth_,
           " bits; expected one of 16 bits, not interlaced");
    }
    Image<std::uint16_t> image(size_.height, size_.width, 1);
    std::vector<png_byte> row(row_bytes_);
    for (int y = 0; y < size_.height; ++y) {
      guarded([&] { png_read_row(png_, row.data(), nullptr); });
      std::uint16_t* const out = image.view().row(y).data();
      for (std::size_t x = 0; x < row_bytes_ / 2; ++x) {
        out[x] = static_cast<std::uint16_t>((unsigned{row[2 * x]} << 8U) | row[2 * x + 1]);
      }
    }
    guarded([this] { png_read_end(png_, nullptr); });
    return image;
  }

 private:
  /// A member of its own, so that a constructor that throws frees it too.
  struct Handles {
    explicit Handles(PngReader* reader)
        : png(png_create_read_struct(PNG_LIBPNG_VER_STRING, reader, on_error, on_warning)),
          info(png != nullptr ? png_create_info_struct(png) : nullptr) {}
    ~Handles() { png_destroy_read_struct(&png, &info, nullptr); }
    Handles(const Handles&) = delete;
    Handles& operator=(const Handles&) = delete;
    png_structp png;
    png_infop info;
  };

  template <typename Body>
  void guarded(const Body& body) {
    if (setjmp(jump_) != 0) fail("damaged PNG: ", message_.data());
    body();
  }

  // The acTL chunk (PNG third edition, 11.3.6.1) begins with the number of pictures.
  void refuse_animation() {
    png_unknown_chunkp chunks = nullptr;
    const int count = png_get_unknown_chunks(png_, info_, &chunks);
    for (int i = 0; i < count; ++i) {
      if (std::memcmp(chunks[i].name, kAnimation, 4) != 0 || chunks[i].size < 4) continue;
      const png_uint_32 pictures = png_get_uint_32(chunks[i].data);
      if (pictures < 2) continue;
      fail("is an animated PNG of ", pictures,
           " pictures, expected one; convert it to a folder of frames first");
    }
  }

  void prepare() {
    guarded([this] {
      png_set_expand(png_);
      png_set_interlace_handling(png_);
      png_read_update_info(png_, info_);
    });
    channels_ = png_get_channels(png_, info_);
    depth_ = png_get_bit_depth(png_, info_);
    row_bytes_ = png_get_rowbytes(png_, info_);
    const auto pixels = static_cast<std::size_t>(size_.width);
    PLUVIA_CHECK(row_bytes_ == pixels * static_cast<std::size_t>(channels_ * depth_ / 8),
                 row_bytes_);
    // One stored bit may become one sample of several bytes (palette), hence the factor 8 * 4.
    const std::uint64_t needed = row_bytes_ * static_cast<std::uint64_t>(size_.height) / 32;
    if (needed > bytes_.size() * kMaxDeflateRatio) {
      fail("damaged PNG: declares ", size_.width, "x", size_.height, " pixels, more than its ",
           bytes_.size(), " bytes can hold");
    }
  }

  void decode_interlaced(ImageView<std::uint8_t> image) {
    const auto height = static_cast<std::size_t>(size_.height);
    std::vector<png_byte> pixels(row_bytes_ * height);
    std::vector<png_bytep> rows(height);
    for (std::size_t y = 0; y < height; ++y) rows[y] = pixels.data() + y * row_bytes_;
    guarded([&] { png_read_image(png_, rows.data()); });
    for (int y = 0; y < size_.height; ++y) {
      convert_row(rows[static_cast<std::size_t>(y)], image.row(y).data());
    }
  }

  void convert_row(const png_byte* row, std::uint8_t* out) {
    const int colours = channels_ < 3 ? 1 : 3;
    const bool alpha = channels_ == 2 || channels_ == 4;
    if (depth_ == 8 && !alpha) {
      std::memcpy(out, row, row_bytes_);
      return;
    }
    const int step = depth_ / 8;
    for (int x = 0; x < size_.width; ++x, out += colours) {
      for (int c = 0; c < colours; ++c, row += step) {
        out[c] = depth_ == 8 ? row[0] : reduce_to_8_bits((unsigned{row[0]} << 8U) | row[1]);
      }
      if (!alpha) continue;
      translucent_ = translucent_ || row[0] != 255 || row[step - 1] != 255;
      row += step;
    }
  }

  void note_colour(MediaNotes& notes) {
    if (png_get_valid(png_, info_, PNG_INFO_sRGB) != 0) return;
    if (png_get_valid(png_, info_, PNG_INFO_iCCP) != 0) {
      notes["color_profile"] = "ICC profile present: not applied";
    }
    png_fixed_point gamma = 0;
    guarded([&] { png_get_gAMA_fixed(png_, info_, &gamma); });
    if (gamma != 0 && std::abs(gamma - kSrgbGamma) > 100) {
      notes["gamma"] = cat("gAMA ", to_text(gamma / 100000.0), " present: not applied");
    }
  }

  static void on_read(png_structp png, png_bytep out, std::size_t count) {
    auto* self = static_cast<PngReader*>(png_get_io_ptr(png));
    if (self->bytes_.read(std::as_writable_bytes(std::span(out, count)))) return;
    self->at_end_ = true;
    png_error(png, "");
  }

  [[noreturn]] static void on_error(png_structp png, png_const_charp text) {
    auto* self = static_cast<PngReader*>(png_get_error_ptr(png));
    self->set_message(text);
    longjmp(self->jump_, 1);
  }

  // libpng only warns when compressed data go wrong behind the last pixel it needs.
  static void on_warning(png_structp png, png_const_charp text) {
    if (std::strncmp(text, "IDAT", 4) == 0) on_error(png, text);
  }

  // A std::string is made here and gone before longjmp.
  void set_message(const char* text) {
    const std::string message = at_end_ ? "the file " + bytes_.end_reason() : std::string(text);
    std::snprintf(message_.data(), message_.size(), "%s", message.c_str());
  }

  ByteReader bytes_;
  Handles handles_{this};
  png_structp png_ = handles_.png;
  png_infop info_ = handles_.info;
  std::jmp_buf jump_{};
  std::array<char, 256> message_{};
  StillSize size_;
  int channels_ = 0;
  int depth_ = 0;
  std::size_t row_bytes_ = 0;
  bool translucent_ = false;
  bool at_end_ = false;
};

}  // namespace

StillHeader read_png_header(const std::filesystem::path& path) { return PngReader(path).header(); }

DecodedStill decode_png(const std::filesystem::path& path, MediaNotes& notes) {
  PngReader reader(path);
  const Orientation orientation = reader.header().orientation;
  return {reader.decode(notes), orientation};
}

Image<std::uint16_t> read_png_16_bits(const std::filesystem::path& path) {
  return within(path.string(), [&] { return PngReader(path).decode_16_bits(); });
}

}  // namespace pluvia
