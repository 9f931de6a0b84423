// SPDX-License-Identifier: Apache-2.0
// JPEG for previews: baseline with optimised tables, 4:2:0 below quality 90 and 4:4:4 from there.
#include <cstdlib>

#include "datasets/media/jpeg_guard.h"
#include "datasets/media/stills.h"

namespace pluvia {
namespace {

class JpegWriter {
 public:
  JpegWriter() {
    install(guard_, info_);
    run([this] {
      jpeg_create_compress(&info_);
      jpeg_mem_dest(&info_, &bytes_, &size_);
    });
  }
  ~JpegWriter() {
    jpeg_destroy_compress(&info_);
    std::free(bytes_);
  }
  JpegWriter(const JpegWriter&) = delete;
  JpegWriter& operator=(const JpegWriter&) = delete;

  std::vector<std::byte> encode(ImageView<const std::uint8_t> image, int quality) {
    run([&] {
      info_.image_width = static_cast<JDIMENSION>(image.width());
      info_.image_height = static_cast<JDIMENSION>(image.height());
      info_.input_components = image.channels();
      info_.in_color_space = image.channels() == 1 ? JCS_GRAYSCALE : JCS_RGB;
      jpeg_set_defaults(&info_);
      jpeg_set_quality(&info_, quality, TRUE);
      info_.optimize_coding = TRUE;
      if (quality >= 90) info_.comp_info[0].h_samp_factor = info_.comp_info[0].v_samp_factor = 1;
      jpeg_start_compress(&info_, TRUE);
      for (int y = 0; y < image.height(); ++y) {
        // libjpeg's type is not const, its promise is.
        auto* row = const_cast<JSAMPROW>(image.row(y).data());
        jpeg_write_scanlines(&info_, &row, 1);
      }
      jpeg_finish_compress(&info_);
    });
    const auto* first = reinterpret_cast<const std::byte*>(bytes_);
    return {first, first + size_};
  }

 private:
  template <typename Body>
  void run(const Body& body) {
    guarded(guard_, "encoding JPEG", body);
  }

  JpegGuard guard_;
  jpeg_compress_struct info_{};
  unsigned char* bytes_ = nullptr;
  unsigned long size_ = 0;
};

}  // namespace

std::vector<std::byte> encode_jpeg(ImageView<const std::uint8_t> image, int quality) {
  PLUVIA_CHECK(image.channels() == 1 || image.channels() == 3, image.channels());
  PLUVIA_CHECK(quality >= 1 && quality <= 100, quality);
  if (image.empty()) fail("encoding JPEG: the picture is ", image.width(), "x", image.height());
  return JpegWriter().encode(image, quality);
}

}  // namespace pluvia
