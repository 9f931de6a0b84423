// SPDX-License-Identifier: Apache-2.0
#include "datasets/media/video/av.h"

#include <algorithm>
#include <array>
#include <thread>

#include "datasets/media/picture.h"

namespace pluvia {
namespace {

constexpr unsigned kMaxDecoderThreads = 8;

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

void make_strict(AVCodecContext& codec) {
  codec.err_recognition =
      AV_EF_EXPLODE | AV_EF_CRCCHECK | AV_EF_BITSTREAM | AV_EF_BUFFER;
  codec.max_pixels = kMaxPixels;
  // Cropping to the exact pixel, not to the nearest aligned one.
  codec.flags |= AV_CODEC_FLAG_UNALIGNED;
  codec.thread_count =
      static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1U, kMaxDecoderThreads));
}

void silence_libav() {
  av_log_set_callback([](void*, int, const char*, va_list) {});
}

}  // namespace pluvia
