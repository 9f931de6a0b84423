// SPDX-License-Identifier: Apache-2.0
#include "datasets/media/video/color.h"

extern "C" {
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
}

#include <algorithm>
#include <array>
#include <cstring>

#include "core/text.h"

namespace pluvia {
namespace {

constexpr int kFlags =
    SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP | SWS_BITEXACT;
// swscale writes whole vectors: rows need room behind their last pixel.
constexpr std::size_t kRowPadding = 64;

const AVPixFmtDescriptor& describe(const AVFrame& frame) {
  const AVPixFmtDescriptor* d = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame.format));
  PLUVIA_CHECK(d != nullptr, frame.format);
  return *d;
}

bool has(const AVPixFmtDescriptor& d, std::uint64_t flag) { return (d.flags & flag) != 0; }
bool is_rgb(const AVPixFmtDescriptor& d) {
  return has(d, AV_PIX_FMT_FLAG_RGB) || has(d, AV_PIX_FMT_FLAG_PAL);
}
bool is_grey(const AVPixFmtDescriptor& d) { return d.nb_components <= 2 && !is_rgb(d); }
bool is_old_full_range(const AVFrame& frame) {
  return std::string_view(describe(frame).name).starts_with("yuvj");
}

bool is_full_range(const AVFrame& frame) {
  const AVPixFmtDescriptor& d = describe(frame);
  if (frame.color_range == AVCOL_RANGE_UNSPECIFIED) {
    return is_rgb(d) || is_grey(d) || is_old_full_range(frame);
  }
  return frame.color_range == AVCOL_RANGE_JPEG || is_rgb(d);
}

struct Matrix {
  AVColorSpace code;
  int swscale;
  const char* name;
};

const Matrix& matrix(AVColorSpace code) {
  static constexpr std::array<Matrix, 6> kMatrices = {{
      {AVCOL_SPC_BT709, SWS_CS_ITU709, "BT.709"},
      {AVCOL_SPC_BT470BG, SWS_CS_ITU601, "BT.601"},
      {AVCOL_SPC_SMPTE170M, SWS_CS_ITU601, "BT.601"},
      {AVCOL_SPC_FCC, SWS_CS_FCC, "FCC"},
      {AVCOL_SPC_SMPTE240M, SWS_CS_SMPTE240M, "SMPTE 240M"},
      {AVCOL_SPC_BT2020_NCL, SWS_CS_BT2020, "BT.2020"},
  }};
  for (const Matrix& known : kMatrices) {
    if (known.code == code) return known;
  }
  const char* name = av_color_space_name(code);
  fail("is coded with colour matrix '", name != nullptr ? name : "unknown",
       "', expected BT.601, BT.709, BT.2020, FCC or SMPTE 240M; convert the file first");
}

void refuse_unreadable(const AVPixFmtDescriptor& d, AVPixelFormat format) {
  const bool unusual = has(d, AV_PIX_FMT_FLAG_HWACCEL) || has(d, AV_PIX_FMT_FLAG_BAYER) ||
                       has(d, AV_PIX_FMT_FLAG_FLOAT) || std::string_view(d.name).starts_with("xyz");
  if (unusual || sws_isSupportedInput(format) == 0) {
    fail("has pixel format ", d.name,
         ", expected integer RGB, YUV or grey; convert the file first");
  }
}

void note_yuv(const AVFrame& frame, const Matrix& used, const AVPixFmtDescriptor& d,
              MediaNotes& notes) {
  notes["color_matrix"] = used.name;
  notes["color_range"] = is_full_range(frame) ? "full" : "limited";
  std::vector<std::string> assumed;
  if (frame.colorspace == AVCOL_SPC_UNSPECIFIED) assumed.emplace_back("color_matrix");
  if (frame.color_range == AVCOL_RANGE_UNSPECIFIED && !is_old_full_range(frame)) {
    assumed.emplace_back("color_range");
  }
  if (!assumed.empty()) notes["assumed"] = join(assumed, ", ");
  if (d.log2_chroma_w + d.log2_chroma_h > 0) {
    const char* name = d.log2_chroma_h > 0 ? "4:2:0" : d.log2_chroma_w > 1 ? "4:1:1" : "4:2:2";
    notes["chroma"] = cat(name, ": chroma of the ground truth is interpolated");
  }
}

void note_frame(const AVFrame& frame, MediaNotes& notes) {
  const AVPixFmtDescriptor& d = describe(frame);
  if (d.comp[0].depth > 8) notes["bit_depth"] = cat(d.comp[0].depth, " reduced to 8");
  if (has(d, AV_PIX_FMT_FLAG_ALPHA)) notes["alpha"] = "ignored, colours kept as stored";
  if (is_grey(d) && d.comp[0].depth > 1) {
    notes["color_range"] = is_full_range(frame) ? "full" : "limited";
    if (frame.color_range == AVCOL_RANGE_UNSPECIFIED) notes["assumed"] = "color_range";
  }
  if (frame.color_trc == AVCOL_TRC_SMPTE2084 || frame.color_trc == AVCOL_TRC_ARIB_STD_B67) {
    notes["transfer"] =
        cat(av_color_transfer_name(frame.color_trc), ": HDR values kept, not mapped to sRGB");
  }
  if (frame.color_primaries == AVCOL_PRI_BT2020)
    notes["color_primaries"] = "BT.2020: not converted";
}

Image<std::uint8_t> convert_grey(const AVFrame& frame) {
  const AVPixFmtDescriptor& d = describe(frame);
  const unsigned depth = static_cast<unsigned>(d.comp[0].depth);
  const unsigned extra = depth > 8 ? depth - 8 : 0;
  const bool full = is_full_range(frame) || depth < 8;
  const int black = full ? 0 : 16 << extra;
  const int span = full ? (1 << depth) - 1 : 219 << extra;
  const bool inverted = frame.format == AV_PIX_FMT_MONOWHITE;
  std::vector<std::uint8_t> table(std::size_t{1} << depth);
  for (std::size_t v = 0; v < table.size(); ++v) {
    const std::int64_t value = (static_cast<std::int64_t>(v) - black) * 255;
    const auto scaled = static_cast<int>((std::max<std::int64_t>(value, 0) + span / 2) / span);
    table[v] =
        static_cast<std::uint8_t>(inverted ? 255 - std::min(scaled, 255) : std::min(scaled, 255));
  }
  Image<std::uint8_t> image(frame.height, frame.width, 1);
  std::vector<std::uint16_t> line(static_cast<std::size_t>(frame.width));
  std::array<const std::uint8_t*, 4> data{};
  std::copy_n(frame.data, 4, data.begin());
  for (int y = 0; y < frame.height; ++y) {
    av_read_image_line2(line.data(), data.data(), frame.linesize, &d, 0, y, 0, frame.width, 0, 2);
    std::transform(line.begin(), line.end(), image.view().row(y).begin(),
                   [&](std::uint16_t v) { return table[v & (table.size() - 1)]; });
  }
  return image;
}

// 128 = half way between two luma samples, in 1/256 of one.
std::pair<int, int> chroma_position(const AVFrame& frame, bool centred) {
  switch (frame.chroma_location) {
    case AVCHROMA_LOC_LEFT:
      return {0, 128};
    case AVCHROMA_LOC_CENTER:
      return {128, 128};
    case AVCHROMA_LOC_TOPLEFT:
      return {0, 0};
    case AVCHROMA_LOC_TOP:
      return {128, 0};
    case AVCHROMA_LOC_BOTTOMLEFT:
      return {0, 256};
    case AVCHROMA_LOC_BOTTOM:
      return {128, 256};
    default:
      return {centred ? 128 : 0, 128};
  }
}

}  // namespace

AVColorSpace FrameConverter::matrix_of(const AVFrame& frame) const {
  if (frame.colorspace != AVCOL_SPC_UNSPECIFIED) return frame.colorspace;
  if (rules_.matrix != AVCOL_SPC_UNSPECIFIED) return rules_.matrix;
  return frame.height >= 720 ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
}

Image<std::uint8_t> FrameConverter::convert(const AVFrame& frame, MediaNotes& notes) {
  check_picture_size(frame.height, frame.width);
  const AVPixFmtDescriptor& d = describe(frame);
  refuse_unreadable(d, static_cast<AVPixelFormat>(frame.format));
  note_frame(frame, notes);
  if (is_grey(d)) return convert_grey(frame);
  if (!is_rgb(d)) note_yuv(frame, matrix(matrix_of(frame)), d, notes);
  const bool deep_rgb = is_rgb(d) && d.comp[0].depth > 8;
  return convert_by_swscale(frame, deep_rgb ? AV_PIX_FMT_RGB48 : AV_PIX_FMT_RGB24);
}

void FrameConverter::prepare(const AVFrame& frame, AVPixelFormat to) {
  const AVPixFmtDescriptor& d = describe(frame);
  const bool yuv = !is_rgb(d);
  const auto [chroma_x, chroma_y] = chroma_position(frame, rules_.centred_chroma);
  const int full = is_full_range(frame) ? 1 : 0;
  const int table = yuv ? matrix(matrix_of(frame)).swscale : SWS_CS_DEFAULT;
  std::vector<int> key = {frame.width, frame.height, frame.format, to,
                          full,        table,        chroma_x,     chroma_y};
  if (sws_ != nullptr && key == key_) return;
  sws_.reset(sws_alloc_context());
  if (sws_ == nullptr) fail("starting swscale: out of memory");
  const auto set = [this](const char* name, std::int64_t value) {
    av_check(av_opt_set_int(sws_.get(), name, value, 0), name);
  };
  set("srcw", frame.width);
  set("srch", frame.height);
  set("src_format", frame.format);
  set("dstw", frame.width);
  set("dsth", frame.height);
  set("dst_format", to);
  set("sws_flags", kFlags);
  set("threads", 1);
  if (yuv && d.log2_chroma_w > 0) set("src_h_chr_pos", chroma_x);
  if (yuv && d.log2_chroma_h > 0) set("src_v_chr_pos", chroma_y);
  av_check(sws_init_context(sws_.get(), nullptr, nullptr), "setting up colour conversion");
  const int* coefficients = sws_getCoefficients(table);
  if (yuv && sws_setColorspaceDetails(sws_.get(), coefficients, full, coefficients, 1, 0, 1 << 16,
                                      1 << 16) < 0) {
    fail("setting up colour conversion from ", d.name, ": swscale refuses");
  }
  key_ = std::move(key);
}

Image<std::uint8_t> FrameConverter::convert_by_swscale(const AVFrame& frame, AVPixelFormat to) {
  prepare(frame, to);
  const bool deep = to == AV_PIX_FMT_RGB48;
  const std::size_t samples = static_cast<std::size_t>(frame.width) * 3;
  const std::size_t stride =
      (samples * (deep ? 2 : 1) + 2 * kRowPadding) / kRowPadding * kRowPadding;
  std::vector<std::uint8_t> pixels(stride * static_cast<std::size_t>(frame.height));
  std::array<std::uint8_t*, 4> planes = {pixels.data()};
  const std::array<int, 4> strides = {static_cast<int>(stride)};
  const int rows = sws_scale(sws_.get(), frame.data, frame.linesize, 0, frame.height, planes.data(),
                             strides.data());
  if (rows != frame.height)
    fail("converting colour: swscale gave ", rows, " of ", frame.height, " rows");
  Image<std::uint8_t> image(frame.height, frame.width, 3);
  for (int y = 0; y < frame.height; ++y) {
    const std::uint8_t* from = pixels.data() + stride * static_cast<std::size_t>(y);
    const std::span<std::uint8_t> row = image.view().row(y);
    for (std::size_t i = 0; i < samples && deep; ++i) {
      std::uint16_t value = 0;
      std::memcpy(&value, from + 2 * i, 2);
      row[i] = reduce_to_8_bits(value);
    }
    if (!deep) std::memcpy(row.data(), from, samples);
  }
  return image;
}

}  // namespace pluvia
