// SPDX-License-Identifier: Apache-2.0
#include "datasets/media/video/av.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <thread>

#include "datasets/media/picture.h"

namespace pluvia {
namespace {

constexpr unsigned kMaxDecoderThreads = 8;

// TIFF: private tags of cameras and programs.
constexpr std::string_view kHarmless = "Unknown or unsupported tag";

// Decoders that return an error for a damaged picture under AV_EF_EXPLODE. For the MPEG-4 family
// that flag is not safe (libavcodec 59 aborts the process on some damaged streams), and TIFF takes
// every tag it does not know for damage.
bool reports_damage(AVCodecID id) {
  switch (id) {
    case AV_CODEC_ID_H264:
    case AV_CODEC_ID_HEVC:
    case AV_CODEC_ID_VP8:
    case AV_CODEC_ID_VP9:
    case AV_CODEC_ID_AV1:
    case AV_CODEC_ID_FFV1:
    case AV_CODEC_ID_PRORES:
      return true;
    default:
      return false;
  }
}

template <typename Owner>
Owner not_null(Owner owner) {
  if (owner == nullptr) fail("starting libav: out of memory");
  return owner;
}

}  // namespace

FramePtr new_frame() { return not_null(FramePtr(av_frame_alloc())); }
PacketPtr new_packet() { return not_null(PacketPtr(av_packet_alloc())); }
CodecPtr new_codec_context(const AVCodec* codec) {
  return not_null(CodecPtr(avcodec_alloc_context3(codec)));
}

std::string av_error_text(int code) {
  std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
  av_strerror(code, text.data(), text.size());
  return text.data();
}

void DamageCounter::watch(AVCodecContext& codec) {
  const bool reports = reports_damage(codec.codec_id);
  codec.err_recognition = AV_EF_CRCCHECK | AV_EF_BITSTREAM | AV_EF_BUFFER;
  if (reports) codec.err_recognition |= AV_EF_EXPLODE;
  if (!reports) codec.opaque = this;
  codec.max_pixels = kMaxPixels;
  // Cropping to the exact pixel, not to the nearest aligned one.
  codec.flags |= AV_CODEC_FLAG_UNALIGNED;
  // One thread where lines are counted: then they belong to the frame that comes next.
  codec.thread_count = reports ? static_cast<int>(std::clamp(std::thread::hardware_concurrency(),
                                                             1U, kMaxDecoderThreads))
                               : 1;
}

void silence_libav() {
  av_log_set_callback([](void* object, int level, const char* format, va_list) {
    if (object == nullptr || level > AV_LOG_ERROR ||
        std::string_view(format).starts_with(kHarmless))
      return;
    if (*static_cast<const AVClass* const*>(object) != avcodec_get_class()) return;
    void* const counter = static_cast<AVCodecContext*>(object)->opaque;
    if (counter != nullptr) ++static_cast<DamageCounter*>(counter)->count_;
  });
}

}  // namespace pluvia
