// SPDX-License-Identifier: Apache-2.0
// JPEG (ITU-T T.81, JFIF) by libjpeg(-turbo) into 8-bit grey or RGB.
//
// Strict, so that a cut or flipped file never becomes a half-grey picture. The accurate integer DCT
// and "fancy" chroma upsampling are used, libjpeg's own defaults and so those of PIL and OpenCV.
// CMYK is refused: without its profile the colours are a guess.
#include <cstring>

#include "datasets/media/byte_reader.h"
#include "datasets/media/exif.h"
#include "datasets/media/jpeg_guard.h"
#include "datasets/media/still_codecs.h"

namespace pluvia {
namespace {

// A progressive file may repeat its scans without end; encoders write about ten.
constexpr int kMaxScans = 500;
constexpr unsigned kMaxMarkerBytes = 0xFFFF;
constexpr int kExifMarker = JPEG_APP0 + 1;
constexpr int kIccMarker = JPEG_APP0 + 2;

class JpegReader {
 public:
  explicit JpegReader(const std::filesystem::path& path) : bytes_(path) {
    install(guard_, info_);
    run([this] { jpeg_create_decompress(&info_); });
    source_.owner = this;
    source_.init_source = [](j_decompress_ptr) {};
    source_.term_source = [](j_decompress_ptr) {};
    source_.fill_input_buffer = on_fill;
    source_.skip_input_data = on_skip;
    source_.resync_to_restart = jpeg_resync_to_restart;
    info_.src = &source_;
    progress_.progress_monitor = on_progress;
    info_.progress = &progress_;
  }
  ~JpegReader() { jpeg_destroy_decompress(&info_); }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  StillHeader header() {
    run([this] {
      jpeg_save_markers(&info_, kExifMarker, kMaxMarkerBytes);
      jpeg_save_markers(&info_, kIccMarker, kMaxMarkerBytes);
      jpeg_read_header(&info_, TRUE);
    });
    check_picture_size(info_.image_height, info_.image_width);
    StillHeader header;
    header.size = {static_cast<int>(info_.image_height), static_cast<int>(info_.image_width)};
    header.orientation = exif_orientation();
    return header;
  }

  Image<std::uint8_t> decode(MediaNotes& notes) {
    if (info_.jpeg_color_space == JCS_CMYK || info_.jpeg_color_space == JCS_YCCK) {
      fail("is a CMYK JPEG, expected grey or RGB; convert it with its profile first");
    }
    const bool grey = info_.jpeg_color_space == JCS_GRAYSCALE;
    if (!grey && info_.num_components != 3) {
      fail("is a JPEG of ", info_.num_components, " components, expected 1 or 3");
    }
    note_what_was_found(notes);
    run([&] {
      info_.out_color_space = grey ? JCS_GRAYSCALE : JCS_RGB;
      info_.dct_method = JDCT_ISLOW;
      jpeg_start_decompress(&info_);
    });
    Image<std::uint8_t> image(static_cast<int>(info_.output_height),
                              static_cast<int>(info_.output_width), grey ? 1 : 3);
    const ImageView<std::uint8_t> view = image.view();
    run([&] {
      while (info_.output_scanline < info_.output_height) {
        JSAMPROW row = view.row(static_cast<int>(info_.output_scanline)).data();
        jpeg_read_scanlines(&info_, &row, 1);
      }
      jpeg_finish_decompress(&info_);
    });
    return image;
  }

 private:
  struct Source : jpeg_source_mgr {
    JpegReader* owner = nullptr;
  };

  template <typename Body>
  void run(const Body& body) {
    guarded(guard_, "damaged JPEG", body);
  }

  void note_what_was_found(MediaNotes& notes) const {
    notes["compression"] = "JPEG: lossy";
    if (info_.jpeg_color_space == JCS_YCbCr &&
        (info_.comp_info[0].h_samp_factor > info_.comp_info[1].h_samp_factor ||
         info_.comp_info[0].v_samp_factor > info_.comp_info[1].v_samp_factor)) {
      notes["chroma"] = "JPEG subsampling: chroma is interpolated";
    }
    for (jpeg_saved_marker_ptr m = info_.marker_list; m != nullptr; m = m->next) {
      if (m->marker == kIccMarker && m->data_length > 11 &&
          std::memcmp(m->data, "ICC_PROFILE", 12) == 0) {
        notes["color_profile"] = "ICC profile present: not applied";
      }
    }
  }

  Orientation exif_orientation() const {
    for (jpeg_saved_marker_ptr m = info_.marker_list; m != nullptr; m = m->next) {
      if (m->marker == kExifMarker && m->data_length > 6 &&
          std::memcmp(m->data, "Exif\0", 6) == 0) {
        return read_exif_orientation(std::as_bytes(std::span(m->data + 6, m->data_length - 6)));
      }
    }
    return {};
  }

  [[noreturn]] void leave_with(const char* text) {
    std::snprintf(guard_.message.data(), guard_.message.size(), "%s", text);
    leave_libjpeg(reinterpret_cast<j_common_ptr>(&info_));
  }

  // Not noreturn from libjpeg's view: a std::string must be gone before the jump.
  void keep_end_reason() {
    const std::string reason = "the file " + bytes_.end_reason();
    std::snprintf(guard_.message.data(), guard_.message.size(), "%s", reason.c_str());
  }

  static boolean on_fill(j_decompress_ptr info) {
    auto* source = static_cast<Source*>(info->src);
    const std::span<const std::byte> block = source->owner->bytes_.next_block();
    if (block.empty()) {
      source->owner->keep_end_reason();
      leave_libjpeg(reinterpret_cast<j_common_ptr>(info));
    }
    source->next_input_byte = reinterpret_cast<const JOCTET*>(block.data());
    source->bytes_in_buffer = block.size();
    return TRUE;
  }

  static void on_skip(j_decompress_ptr info, long count) {
    jpeg_source_mgr* source = info->src;
    while (count > 0 && static_cast<std::size_t>(count) > source->bytes_in_buffer) {
      count -= static_cast<long>(source->bytes_in_buffer);
      on_fill(info);
    }
    if (count <= 0) return;
    source->next_input_byte += count;
    source->bytes_in_buffer -= static_cast<std::size_t>(count);
  }

  static void on_progress(j_common_ptr info) {
    if (!info->is_decompressor) return;
    auto* decompress = reinterpret_cast<j_decompress_ptr>(info);
    if (decompress->input_scan_number <= kMaxScans) return;
    static_cast<Source*>(decompress->src)->owner->leave_with("more than 500 scans");
  }

  ByteReader bytes_;
  JpegGuard guard_;
  jpeg_decompress_struct info_{};
  Source source_{};
  jpeg_progress_mgr progress_{};
};

}  // namespace

StillHeader read_jpeg_header(const std::filesystem::path& path) {
  return JpegReader(path).header();
}

DecodedStill decode_jpeg(const std::filesystem::path& path, MediaNotes& notes) {
  JpegReader reader(path);
  const Orientation orientation = reader.header().orientation;
  return {reader.decode(notes), orientation};
}

}  // namespace pluvia
