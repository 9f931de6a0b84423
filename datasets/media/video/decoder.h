// SPDX-License-Identifier: Apache-2.0
// Every frame of a file's video stream in presentation order, or an Error: never a shorter film.
#pragma once

#include <filesystem>
#include <vector>

#include "datasets/media/picture.h"
#include "datasets/media/video/av.h"

namespace pluvia {

class VideoDecoder {
 public:
  /// Errors name the file here, and only the frame later on.
  explicit VideoDecoder(const std::filesystem::path& path);
  ~VideoDecoder();
  VideoDecoder(const VideoDecoder&) = delete;
  VideoDecoder& operator=(const VideoDecoder&) = delete;

  const AVStream& stream() const { return *stream_; }
  AVRational frame_rate() const;
  bool centred_chroma() const { return codec_->codec_id == AV_CODEC_ID_MJPEG; }
  int video_streams() const;
  /// From the container's index; 0 when it has none.
  std::int64_t expected_frames() const { return expected_; }
  /// Duration by frame rate; 0 when either is not stated.
  std::int64_t likely_frames() const;
  /// Given so far.
  std::int64_t frames() const { return frames_; }
  /// Pictures before the first that can be decoded: the file was cut there (known at the end).
  std::int64_t undecodable_start() const { return early_; }
  /// False after the last frame, once it is certain that none is missing.
  bool next(AVFrame& frame);

 private:
  void open_input(const std::filesystem::path& path);
  void open_codec();
  void feed();
  void count(const AVPacket& packet);
  void note_first(const AVFrame& frame);
  void check_end() const;
  bool one_picture_per_packet() const;
  /// "frame 57 of 240"
  std::string place(std::int64_t frame) const;

  AVFormatContext* input_ = nullptr;
  AVIOContext* io_ = nullptr;
  AVStream* stream_ = nullptr;
  const AVCodec* decoder_ = nullptr;
  DamageCounter damage_;
  CodecPtr codec_;
  PacketPtr packet_ = new_packet();
  std::int64_t listed_ = 0;    ///< packets that the container's index lists
  std::int64_t expected_ = 0;  ///< of these, shown
  std::int64_t packets_ = 0;
  std::int64_t packets_end_ = 0;  ///< in the file, behind the last packet
  std::int64_t shown_ = 0;        ///< packets whose picture is to be shown
  std::int64_t frames_ = 0;
  std::int64_t early_ = 0;
  std::int64_t first_time_ = AV_NOPTS_VALUE;
  std::vector<std::int64_t> times_before_first_;
  bool interlaced_ = false;
  bool flushed_ = false;
};

}  // namespace pluvia
