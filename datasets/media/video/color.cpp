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
#include "datasets/media/video/chroma.h"
#include "datasets/media/video/yuv_to_rgb.h"

namespace pluvia {
namespace {

constexpr int kFlags =
    SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP | SWS_BITEXACT;
constexpr const char* kTranslucent = "not opaque: ignored, colours kept as stored";
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
// Samples of one component as numbers.
void read_line(const AVFrame& frame, int component, int y, std::span<std::uint16_t> line) {
  const AVPixFmtDescriptor& d = describe(frame);
  const AVComponentDescriptor& c = d.comp[component];
  if (c.depth == 8 && c.step == 1 && c.shift == 0) {
    const std::uint8_t* from = frame.data[c.plane] + std::ptrdiff_t{y} * frame.linesize[c.plane];
    std::copy_n(from + c.offset, line.size(), line.begin());
    return;
  }
  std::array<const std::uint8_t*, 4> data{};
  std::copy_n(frame.data, 4, data.begin());
  av_read_image_line2(line.data(), data.data(), frame.linesize, &d, 0, y, component,
                      static_cast<int>(line.size()), 0, 2);
}

// The same at the top of 16 bits.
void read_at_the_top(const AVFrame& frame, int component, int y, std::span<std::uint16_t> line) {
  read_line(frame, component, y, line);
  const int free_bits = 16 - describe(frame).comp[component].depth;
  for (std::uint16_t& value : line) value = static_cast<std::uint16_t>(value << free_bits);
}

bool is_grey(const AVPixFmtDescriptor& d) { return d.nb_components <= 2 && !is_rgb(d); }
bool is_old_full_range(const AVFrame& frame) {
  return std::string_view(describe(frame).name).starts_with("yuvj");
}

bool is_full_range(const AVFrame& frame, bool unless_said) {
  const AVPixFmtDescriptor& d = describe(frame);
  if (frame.color_range == AVCOL_RANGE_UNSPECIFIED) {
    return unless_said || is_rgb(d) || is_grey(d) || is_old_full_range(frame);
  }
  return frame.color_range == AVCOL_RANGE_JPEG || is_rgb(d);
}

struct Matrix {
  AVColorSpace code;
  LumaShares shares;
  const char* name;
};

const Matrix& matrix(AVColorSpace code) {
  static constexpr std::array<Matrix, 6> kMatrices = {{
      {AVCOL_SPC_BT709, {0.2126, 0.0722}, "BT.709"},
      {AVCOL_SPC_BT470BG, {0.299, 0.114}, "BT.601"},
      {AVCOL_SPC_SMPTE170M, {0.299, 0.114}, "BT.601"},
      {AVCOL_SPC_FCC, {0.30, 0.11}, "FCC"},
      {AVCOL_SPC_SMPTE240M, {0.212, 0.087}, "SMPTE 240M"},
      {AVCOL_SPC_BT2020_NCL, {0.2627, 0.0593}, "BT.2020"},
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

const char* chroma_name(const AVPixFmtDescriptor& d) {
  static constexpr std::array<std::array<const char*, 3>, 3> kNames = {
      {{"", "4:4:0", "4:4:0"}, {"4:2:2", "4:2:0", "4:2:0"}, {"4:1:1", "4:1:0", "4:1:0"}}};
  return kNames[std::min<std::size_t>(d.log2_chroma_w, 2)]
               [std::min<std::size_t>(d.log2_chroma_h, 2)];
}

void note_yuv(const AVFrame& frame, const Matrix& used, bool full_range,
              const AVPixFmtDescriptor& d, MediaNotes& notes) {
  notes["color_matrix"] = used.name;
  notes["color_range"] = full_range ? "full" : "limited";
  std::vector<std::string> assumed;
  if (frame.colorspace == AVCOL_SPC_UNSPECIFIED) assumed.emplace_back("color_matrix");
  if (frame.color_range == AVCOL_RANGE_UNSPECIFIED && !is_old_full_range(frame)) {
    assumed.emplace_back("color_range");
  }
  if (!assumed.empty()) notes["assumed"] = join(assumed, ", ");
  if (d.log2_chroma_w + d.log2_chroma_h > 0) {
    notes["chroma"] = cat(chroma_name(d), ": chroma of the ground truth is interpolated");
  }
}

// Colours, shares or entries of the palette that let something through.
bool is_translucent(const AVFrame& frame, const AVPixFmtDescriptor& d) {
  const bool palette = has(d, AV_PIX_FMT_FLAG_PAL);
  const int alpha = palette ? 0 : d.nb_components - 1;
  const int opaque = (1 << d.comp[alpha].depth) - 1;
  const auto* colours = reinterpret_cast<const std::uint32_t*>(frame.data[1]);
  std::vector<std::uint16_t> line(static_cast<std::size_t>(frame.width));
  for (int y = 0; y < frame.height; ++y) {
    read_line(frame, alpha, y, line);
    for (const std::uint16_t value : line) {
      if (palette ? colours[value & 255U] >> 24U != 255 : value != opaque) return true;
    }
  }
  return false;
}

void note_frame(const AVFrame& frame, MediaNotes& notes) {
  const AVPixFmtDescriptor& d = describe(frame);
  if (d.comp[0].depth > 8) notes["bit_depth"] = cat(d.comp[0].depth, " reduced to 8");
  if (has(d, AV_PIX_FMT_FLAG_ALPHA) && notes["alpha"] != kTranslucent) {
    notes["alpha"] = is_translucent(frame, d) ? kTranslucent : kOpaqueAlpha;
  }
  if (is_grey(d) && d.comp[0].depth > 1) {
    notes["color_range"] = is_full_range(frame, false) ? "full" : "limited";
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
  const bool full = is_full_range(frame, false) || depth < 8;
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
  for (int y = 0; y < frame.height; ++y) {
    read_line(frame, 0, y, line);
    std::transform(line.begin(), line.end(), image.view().row(y).begin(),
                   [&](std::uint16_t v) { return table[v & (table.size() - 1)]; });
  }
  return image;
}

/// round(255 v / largest) for each value of so many bits.
std::vector<std::uint8_t> reduction_of(int depth) {
  const int largest = (1 << depth) - 1;
  std::vector<std::uint8_t> table(std::size_t{1} << depth);
  for (std::size_t v = 0; v < table.size(); ++v) {
    table[v] = static_cast<std::uint8_t>((static_cast<int>(v) * 255 + largest / 2) / largest);
  }
  return table;
}

Image<std::uint8_t> convert_deep_rgb(const AVFrame& frame) {
  const std::vector<std::uint8_t> reduced = reduction_of(describe(frame).comp[0].depth);
  std::vector<std::uint16_t> line(static_cast<std::size_t>(frame.width));
  Image<std::uint8_t> image(frame.height, frame.width, 3);
  for (int y = 0; y < frame.height; ++y) {
    for (int c = 0; c < 3; ++c) {
      read_line(frame, c, y, line);
      std::uint8_t* out = image.view().row(y).data() + c;
      for (std::size_t x = 0; x < line.size(); ++x)
        out[3 * x] = reduced[line[x] & (reduced.size() - 1)];
    }
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
  if (is_rgb(d)) return d.comp[0].depth > 8 ? convert_deep_rgb(frame) : convert_rgb(frame);
  note_yuv(frame, matrix(matrix_of(frame)), is_full_range(frame, rules_.full_range), d, notes);
  return convert_yuv(frame);
}

void FrameConverter::prepare(const AVFrame& frame) {
  std::vector<int> key = {frame.width, frame.height, frame.format};
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
  set("dst_format", AV_PIX_FMT_RGB24);
  set("sws_flags", kFlags);
  set("threads", 1);
  av_check(sws_init_context(sws_.get(), nullptr, nullptr), "setting up colour conversion");
  key_ = std::move(key);
}

Image<std::uint8_t> FrameConverter::convert_rgb(const AVFrame& frame) {
  prepare(frame);
  const std::size_t samples = static_cast<std::size_t>(frame.width) * 3;
  const std::size_t stride = (samples + 2 * kRowPadding) / kRowPadding * kRowPadding;
  std::vector<std::uint8_t> pixels(stride * static_cast<std::size_t>(frame.height));
  const std::array<std::uint8_t*, 4> planes = {pixels.data()};
  const std::array<int, 4> strides = {static_cast<int>(stride)};
  const int rows = sws_scale(sws_.get(), frame.data, frame.linesize, 0, frame.height, planes.data(),
                             strides.data());
  if (rows != frame.height)
    fail("converting colour: swscale gave ", rows, " of ", frame.height, " rows");
  Image<std::uint8_t> image(frame.height, frame.width, 3);
  for (int y = 0; y < frame.height; ++y) {
    const auto from = pixels.begin() + static_cast<std::ptrdiff_t>(stride) * y;
    std::copy_n(from, samples, image.view().row(y).begin());
  }
  return image;
}

Image<std::uint8_t> FrameConverter::convert_yuv(const AVFrame& frame) const {
  const AVPixFmtDescriptor& d = describe(frame);
  const auto [across, down] = chroma_position(frame, rules_.centred_chroma);
  const auto plane = [&, across = across, down = down](int component) {
    return ChromaPlane(frame.height, frame.width, {d.log2_chroma_h, down},
                       {d.log2_chroma_w, across}, [&frame, component](int y, auto samples) {
                         read_at_the_top(frame, component, y, samples);
                       });
  };
  ChromaPlane blue = plane(1);
  ChromaPlane red = plane(2);
  const YuvToRgb to_rgb(matrix(matrix_of(frame)).shares, is_full_range(frame, rules_.full_range),
                        d.comp[0].depth);
  std::vector<std::uint16_t> luma(static_cast<std::size_t>(frame.width));
  Image<std::uint8_t> image(frame.height, frame.width, 3);
  for (int y = 0; y < frame.height; ++y) {
    read_at_the_top(frame, 0, y, luma);
    to_rgb.row(luma, blue.row(y), red.row(y), image.view().row(y).data());
  }
  return image;
}

}  // namespace pluvia
