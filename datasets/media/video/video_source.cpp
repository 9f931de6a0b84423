// SPDX-License-Identifier: Apache-2.0
#include "datasets/media/video/video_source.h"

extern "C" {
#include <libavutil/pixdesc.h>
}

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "core/text.h"
#include "datasets/media/video/container_end.h"

namespace pluvia {
namespace {

// Containers round times to their tick; from 5 % of a frame on, the rate is really variable.
constexpr double kRateTolerance = 0.05;
constexpr std::size_t kMatrixBytes = 9 * sizeof(std::int32_t);
constexpr std::int64_t kMaxFrames = 100'000'000;

const std::filesystem::path& refuse_cut(const std::filesystem::path& path) {
  within(path.string(), [&] { refuse_cut_container(path); });
  return path;
}

// Of nine numbers a b u / c d v / x y w, (a b; c d) takes stored (x, y) to (ax + cy, bx + dy).
std::optional<Orientation> orientation_of_matrix(const std::array<std::int32_t, 9>& m) {
  const std::int32_t a = m[0];
  const std::int32_t b = m[1];
  const std::int32_t c = m[3];
  const std::int32_t d = m[4];
  if (b == 0 && c == 0 && a != 0 && d != 0) return Orientation{false, a < 0, d < 0};
  if (a == 0 && d == 0 && b != 0 && c != 0) return Orientation{true, c < 0, b < 0};
  return std::nullopt;
}

std::optional<std::array<std::int32_t, 9>> display_matrix(const AVStream& stream,
                                                          const AVFrame& frame) {
  const void* data = nullptr;
  std::size_t size = 0;
#if LIBAVFORMAT_VERSION_MAJOR >= 61
  const AVPacketSideData* side =
      av_packet_side_data_get(stream.codecpar->coded_side_data, stream.codecpar->nb_coded_side_data,
                              AV_PKT_DATA_DISPLAYMATRIX);
  if (side != nullptr) data = side->data, size = side->size;
#else
  data = av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
#endif
  if (data == nullptr) {
    const AVFrameSideData* own = av_frame_get_side_data(&frame, AV_FRAME_DATA_DISPLAYMATRIX);
    if (own == nullptr) return std::nullopt;
    data = own->data;
    size = own->size;
  }
  if (size < kMatrixBytes) return std::nullopt;
  std::array<std::int32_t, 9> matrix{};
  std::memcpy(matrix.data(), data, kMatrixBytes);
  return matrix;
}

std::string format_name(int format) {
  const char* name = av_get_pix_fmt_name(static_cast<AVPixelFormat>(format));
  return name != nullptr ? name : "unknown";
}

bool is_interlaced(const AVFrame& frame) {
#ifdef AV_FRAME_FLAG_INTERLACED
  return (frame.flags & AV_FRAME_FLAG_INTERLACED) != 0;
#else
  return frame.interlaced_frame != 0;
#endif
}

}  // namespace

VideoSource::VideoSource(const std::filesystem::path& path, ColorWanted wanted)
    : path_(path),
      wanted_(wanted),
      decoder_(refuse_cut(path)),
      converter_({AVCOL_SPC_UNSPECIFIED, decoder_.centred_chroma()}) {
  read_ahead();
  describe_stream();
}

void VideoSource::read_ahead() {
  has_ahead_ = within(path_.string(), [&] { return decoder_.next(*ahead_); });
}

void VideoSource::describe_stream() {
  coded_height_ = ahead_->height;
  coded_width_ = ahead_->width;
  pixel_format_ = ahead_->format;
  find_rotation();
  const StillSize size = oriented(StillSize{coded_height_, coded_width_}, orientation_);
  info_.height = size.height;
  info_.width = size.width;
  info_.frames = static_cast<int>(std::min(decoder_.expected_frames(), kMaxFrames));
  info_.likely_frames = static_cast<int>(std::min(decoder_.likely_frames(), kMaxFrames));
  const AVRational rate = decoder_.frame_rate();
  info_.fps = rate.num > 0 && rate.den > 0 ? av_q2d(rate) : 0;
  info_.notes["codec"] = avcodec_get_name(decoder_.stream().codecpar->codec_id);
  info_.notes["pixel_format"] = format_name(pixel_format_);
  if (decoder_.video_streams() > 1) {
    info_.notes["streams"] =
        cat(decoder_.video_streams(), " video streams: number ", decoder_.stream().index, " used");
  }
  // WebM keeps alpha as a second picture in each packet, which the decoder leaves out.
  const AVDictionaryEntry* alpha =
      av_dict_get(decoder_.stream().metadata, "alpha_mode", nullptr, 0);
  if (alpha != nullptr && std::string_view(alpha->value) == "1") {
    info_.notes["alpha"] = "in pictures of its own: ignored, colours kept as stored";
  }
  AVRational aspect = decoder_.stream().sample_aspect_ratio;
  if (aspect.num <= 0 || aspect.den <= 0) aspect = ahead_->sample_aspect_ratio;
  if (aspect.num > 0 && aspect.den > 0 && aspect.num != aspect.den) {
    info_.notes["pixel_aspect"] = cat(aspect.num, ":", aspect.den, ": pixels kept as stored");
  }
}

void VideoSource::find_rotation() {
  const auto matrix = display_matrix(decoder_.stream(), *ahead_);
  if (!matrix) return;
  const auto found = orientation_of_matrix(*matrix);
  if (!found) {
    info_.notes["rotation"] = "not a multiple of 90 degrees: not applied";
    return;
  }
  orientation_ = *found;
  if (!orientation_.identity()) info_.notes["rotation"] = to_text(orientation_) + " to be upright";
}

void VideoSource::require_same_format() const {
  if (ahead_->height == coded_height_ && ahead_->width == coded_width_ &&
      ahead_->format == pixel_format_) {
    return;
  }
  fail(path_.string(), ": frame ", given_, " is ", ahead_->width, "x", ahead_->height, " ",
       format_name(ahead_->format), ", expected ", coded_width_, "x", coded_height_, " ",
       format_name(pixel_format_), " as before: cut the video where it changes");
}

void VideoSource::tell_time() {
  const double before_s = time_s_;
  const std::int64_t stamp = ahead_->best_effort_timestamp;
  const double frame_s = info_.fps > 0 ? 1 / info_.fps : 0;
  if (stamp == AV_NOPTS_VALUE) {
    time_s_ = static_cast<double>(given_) * frame_s;
    return;
  }
  const double tick_s = av_q2d(decoder_.stream().time_base);
  const double now_s = static_cast<double>(stamp) * tick_s;
  if (given_ == 0) start_s_ = now_s;
  time_s_ = now_s - start_s_;
  if (given_ == 0) return;
  if (time_s_ <= before_s) info_.notes["timestamps"] = "not increasing";
  const double tolerance_s = std::max(kRateTolerance * frame_s, 1.01 * tick_s);
  if (std::abs(time_s_ - before_s - frame_s) > tolerance_s) {
    info_.notes["frame_rate"] = "variable: frames kept as stored, with their times";
  }
}

bool VideoSource::next(Image<std::uint8_t>& frame) {
  if (!has_ahead_) {
    finish();
    return false;
  }
  require_same_format();
  frame = within(cat(path_.string(), ": frame ", given_), [&] {
    Image<std::uint8_t> image = converter_.convert(*ahead_, info_.notes);
    return to_wanted(oriented(std::move(image), orientation_), wanted_);
  });
  if (is_interlaced(*ahead_)) info_.notes["interlaced"] = "fields are not separated";
  tell_time();
  ++given_;
  read_ahead();
  return true;
}

void VideoSource::finish() {
  info_.frames = static_cast<int>(std::min(given_, kMaxFrames));
  if (decoder_.undecodable_start() > 0) {
    info_.notes["start"] = cat(decoder_.undecodable_start(),
                               " pictures before the first key picture cannot be decoded");
  }
}

std::string VideoSource::frame_name() const {
  PLUVIA_CHECK(given_ > 0, given_);
  std::array<char, 24> name{};
  std::snprintf(name.data(), name.size(), "%06lld", static_cast<long long>(given_ - 1));
  return name.data();
}

}  // namespace pluvia
