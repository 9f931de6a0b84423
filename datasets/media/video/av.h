// SPDX-License-Identifier: Apache-2.0
// libav's objects as owners, its status codes as Errors, its chatter off stderr.
#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avutil.h>
#include <libswscale/swscale.h>
}

#include <atomic>
#include <memory>
#include <string>

#include "core/error.h"

namespace pluvia {

struct AvDelete {
  void operator()(AVFrame* frame) const { av_frame_free(&frame); }
  void operator()(AVPacket* packet) const { av_packet_free(&packet); }
  void operator()(AVCodecContext* codec) const { avcodec_free_context(&codec); }
  void operator()(SwsContext* sws) const { sws_freeContext(sws); }
};

using FramePtr = std::unique_ptr<AVFrame, AvDelete>;
using PacketPtr = std::unique_ptr<AVPacket, AvDelete>;
using CodecPtr = std::unique_ptr<AVCodecContext, AvDelete>;
using SwsPtr = std::unique_ptr<SwsContext, AvDelete>;

FramePtr new_frame();
PacketPtr new_packet();
CodecPtr new_codec_context(const AVCodec* codec);

std::string av_error_text(int code);

/// `what` reads "opening the decoder".
inline int av_check(int code, const char* what) {
  if (code < 0) fail(what, ": ", av_error_text(code));
  return code;
}

/// What a decoder complained about. Some decoders return damage as a status when they are asked to;
/// the older ones only print a line and paint over it, so their lines are counted.
class DamageCounter {
 public:
  /// Before avcodec_open2; the counter must outlive the codec.
  void watch(AVCodecContext& codec);
  bool any() const { return count_.load() > 0; }

 private:
  friend void silence_libav();
  std::atomic<int> count_ = 0;
};

/// libav prints to stderr from its threads: lines go to the codec's DamageCounter instead.
void silence_libav();

}  // namespace pluvia
