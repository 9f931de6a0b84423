// SPDX-License-Identifier: Apache-2.0
// A video file as a FrameSource: decoded, converted, upright, with notes of all that was assumed.
#pragma once

#include "datasets/media/frame_source.h"
#include "datasets/media/video/color.h"
#include "datasets/media/video/decoder.h"

namespace pluvia {

class VideoSource : public FrameSource {
 public:
  VideoSource(const std::filesystem::path& path, ColorWanted wanted);

  const SourceInfo& info() const override { return info_; }
  bool next(Image<std::uint8_t>& frame) override;
  std::string frame_name() const override;
  double frame_time_s() const override { return time_s_; }

 private:
  void read_ahead();
  void describe_stream();
  void find_rotation();
  void require_same_format() const;
  void tell_time();
  void finish();

  std::filesystem::path path_;
  ColorWanted wanted_;
  VideoDecoder decoder_;
  FrameConverter converter_;
  FramePtr ahead_ = new_frame();  ///< decoded, not yet given
  bool has_ahead_ = false;
  Orientation orientation_;
  int coded_height_ = 0;
  int coded_width_ = 0;
  int pixel_format_ = -1;
  SourceInfo info_;
  std::int64_t given_ = 0;
  double time_s_ = 0;
  double start_s_ = 0;
};

}  // namespace pluvia
