// SPDX-License-Identifier: Apache-2.0
#include "datasets/preview/preview.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>

#include "core/error.h"
#include "core/file.h"
#include "core/interrupt.h"
#include "core/progress.h"
#include "core/text.h"
#include "datasets/media/stills.h"
#include "datasets/media/video_writer.h"
#include "datasets/preview/thumbnail.h"

namespace pluvia {
namespace {

// IEEE half precision to float; subnormals and infinities included.
float half_to_float(std::uint16_t half) {
  const int exponent = half >> 10 & 0x1F;
  const int mantissa = half & 0x3FF;
  const float sign = (half & 0x8000) != 0 ? -1.0F : 1.0F;
  if (exponent == 31) return mantissa == 0 ? sign * INFINITY : NAN;
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(mantissa), -24);
  return sign * std::ldexp(static_cast<float>(mantissa + 1024), exponent - 25);
}

std::vector<std::byte> read_frame(const ClipReader& clip, Layer layer, int frame) {
  const Window window = {frame, 1, 0, 0, clip.info().height, clip.info().width};
  std::vector<std::byte> raw(window.pixels() * spec(layer).pixel_bytes());
  clip.read(layer, window, raw);
  return raw;
}

std::uint16_t element(const std::vector<std::byte>& raw, std::size_t i) {
  std::uint16_t value;
  std::memcpy(&value, raw.data() + 2 * i, sizeof value);
  return value;
}

std::uint8_t clamp8(float value) {
  return static_cast<std::uint8_t>(std::clamp(value + 0.5F, 0.0F, 255.0F));
}

// Near is bright: 1/(1 + z/10 m). Flow: grey is rest, red and green are right and down.
std::uint8_t visible_value(Layer layer, std::uint16_t raw, std::size_t channel) {
  switch (layer) {
    case Layer::kDepth: {
      const float metres = half_to_float(raw);
      return std::isfinite(metres) ? clamp8(255.0F / (1.0F + std::max(0.0F, metres) / 10.0F))
                                   : std::uint8_t{0};
    }
    case Layer::kFlow: {
      const float pixels = channel < 2 ? half_to_float(raw) : 0.0F;
      return std::isfinite(pixels) ? clamp8(128.0F + 8.0F * pixels) : std::uint8_t{0};
    }
    default:
      return clamp8(128.0F + static_cast<float>(static_cast<std::int16_t>(raw)) / 2.0F);
  }
}

/// Faint streaks would be black on a sheet: a whole gain that brings all but a five hundredth of
/// the numbers to half of the range, 32 at most; 1 where there are none. `middle` is what shows
/// nothing.
int streak_gain(ImageView<const std::uint8_t> picture, int middle) {
  std::array<std::size_t, 256> count{};
  std::size_t all = 0;
  for (int y = 0; y < picture.height(); ++y) {
    for (const std::uint8_t v : picture.row(y)) {
      ++count[static_cast<std::size_t>(std::abs(v - middle))];
      ++all;
    }
  }
  int high = 255;
  for (std::size_t above = 0; high > 1; --high) {
    above += count[static_cast<std::size_t>(high)];
    if (above > all / 500) break;
  }
  if (count[0] == all) return 1;
  const int room = middle == 0 ? 128 : 64;
  return std::clamp(room / high, 1, 32);
}

using LabelledPicture = std::pair<std::string, Image<std::uint8_t>>;

/// A layer under its name; streaks that are amplified say by how much.
LabelledPicture labelled_layer(const ClipReader& clip, Layer layer, int frame, int width) {
  LabelledPicture out(spec(layer).name, visible_layer(clip, layer, frame, width));
  if (layer != Layer::kStreak && layer != Layer::kStreakRgb) return out;
  const int middle = layer == Layer::kStreak ? 0 : 128;
  const int gain = streak_gain(out.second.view(), middle);
  if (gain == 1) return out;
  out.first += cat(" x", gain);
  for (std::uint8_t& v : out.second.pixels()) {
    v = static_cast<std::uint8_t>(std::clamp(middle + (v - middle) * gain, 0, 255));
  }
  return out;
}

}  // namespace

std::vector<int> choose_frames(int frames, int count) {
  std::vector<int> out;
  const int many = std::clamp(count, 1, frames);
  for (int i = 0; i < many; ++i) {
    out.push_back(many == 1
                      ? frames / 2
                      : static_cast<int>(static_cast<std::int64_t>(i) * (frames - 1) / (many - 1)));
  }
  return out;
}

std::vector<std::string> choose_clips(const SetInfo& info, const PreviewOptions& options) {
  if (!options.clips.empty()) return options.clips;
  std::vector<std::string> out;
  if (info.rows.empty()) return out;
  for (const int i : choose_frames(static_cast<int>(info.rows.size()), options.max_clips)) {
    out.push_back(info.rows[static_cast<std::size_t>(i)].clip.id);
  }
  return out;
}

Image<std::uint8_t> visible_layer(const ClipReader& clip, Layer layer, int frame, int width) {
  const std::vector<std::byte> raw = read_frame(clip, layer, frame);
  const int height = clip.info().height;
  const int full = clip.info().width;
  const LayerSpec& about = spec(layer);
  if (about.type == DType::kU8) {
    const auto* pixels = reinterpret_cast<const std::uint8_t*>(raw.data());
    return shrink_to_width({pixels, height, full, about.channels}, width);
  }
  const int channels = about.channels == 1 ? 1 : 3;
  Image<std::uint8_t> shown(height, full, channels);
  const auto stored = static_cast<std::size_t>(about.channels);
  for (std::size_t p = 0; p < static_cast<std::size_t>(height) * static_cast<std::size_t>(full);
       ++p) {
    for (std::size_t c = 0; c < static_cast<std::size_t>(channels); ++c) {
      const std::uint16_t value = element(raw, p * stored + std::min(c, stored - 1));
      shown.pixels()[p * static_cast<std::size_t>(channels) + c] = visible_value(layer, value, c);
    }
  }
  return shrink_to_width(shown.view(), width);
}

int column_width(const LabelledPicture& labelled) {
  return std::max(labelled.second.width(), text_width(labelled.first, 1));
}

void write_contact_sheet(const SetReader& set, const std::filesystem::path& out,
                         const PreviewOptions& options) {
  constexpr int kGap = 6;
  constexpr int kLine = 14;
  constexpr Rgb kInk = {225, 228, 232};
  constexpr Rgb kQuiet = {150, 156, 164};
  struct Row {
    std::string caption;
    std::vector<LabelledPicture> pictures;
  };
  std::vector<Row> rows;
  int width = 0;
  int height = kGap + 2 * kLine;
  for (const std::string& id : choose_clips(set.info(), options)) {
    throw_if_interrupted();
    const auto clip = set.clip(id);
    const ClipInfo& info = clip->info();
    const int frame = info.frames / 2;
    Row row;
    row.caption = cat(id, "  ", info.width, "x", info.height, "  frame ", frame, " of ",
                      info.frames, info.split.empty() ? "" : "  " + info.split);
    int row_width = kGap;
    int row_height = 0;
    for (const Layer layer : info.layers.list()) {
      row.pictures.push_back(labelled_layer(*clip, layer, frame, options.width));
      row_width += column_width(row.pictures.back()) + kGap;
      row_height = std::max(row_height, row.pictures.back().second.height());
    }
    width = std::max({width, row_width, 2 * kGap + text_width(row.caption, 1)});
    height += 2 * kLine + row_height + kGap;
    rows.push_back(std::move(row));
  }
  const std::string title =
      set.path().filename().string() + (set.info().title.empty() ? "" : ": " + set.info().title);
  width = std::max(width, 2 * kGap + text_width(title, 2));
  Image<std::uint8_t> sheet(height, width, 3);
  std::fill(sheet.pixels().begin(), sheet.pixels().end(), std::uint8_t{24});
  draw_text(sheet.view(), kGap, kGap, title, kInk, 2);
  int y = kGap + 2 * kLine;
  for (const Row& row : rows) {
    draw_text(sheet.view(), y, kGap, row.caption, kInk, 1);
    y += kLine;
    int x = kGap;
    int tallest = 0;
    for (const LabelledPicture& one : row.pictures) {
      draw_text(sheet.view(), y, x, one.first, kQuiet, 1);
      paste(one.second.view(), sheet.view(), y + kLine, x);
      x += column_width(one) + kGap;
      tallest = std::max(tallest, one.second.height());
    }
    y += kLine + tallest + kGap;
  }
  write_png(out, sheet.view());
}

void write_preview_video(const SetReader& set, const std::filesystem::path& out,
                         const PreviewOptions& options) {
  const std::vector<std::string> ids = choose_clips(set.info(), options);
  // One picture holds the frames of every clip, whatever their sizes and layers.
  VideoFormat format{0, 0, set.row(ids.front()).clip.fps};
  std::uint64_t frames = 0;
  for (const std::string& id : ids) {
    const ClipInfo& info = set.row(id).clip;
    const auto layers = static_cast<int>(info.layers.list().size());
    format.height = std::max(format.height, shrunk_height(info.height, info.width, options.width));
    format.width = std::max(format.width, layers * std::min(options.width, info.width));
    frames += static_cast<std::uint64_t>(info.frames);
  }
  format.height += format.height % 2;
  format.width += format.width % 2;
  if (format.fps <= 0) format.fps = 10;
  const std::unique_ptr<VideoWriter> video = create_video(out, format);
  Progress progress("preview", frames, "frames");
  for (const std::string& id : ids) {
    const auto clip = set.clip(id);
    for (int t = 0; t < clip->info().frames; ++t) {
      throw_if_interrupted();
      Image<std::uint8_t> frame(format.height, format.width, 3);
      std::fill(frame.pixels().begin(), frame.pixels().end(), std::uint8_t{24});
      int x = 0;
      for (const Layer layer : clip->info().layers.list()) {
        const Image<std::uint8_t> picture = visible_layer(*clip, layer, t, options.width);
        paste(picture.view(), frame.view(), 0, x);
        x += picture.width();
      }
      video->add(frame.view());
      progress.add(1, id);
    }
  }
  progress.finish();
  video->finish();
}

void write_preview(const std::filesystem::path& set_path, const std::filesystem::path& out,
                   const PreviewOptions& options) {
  std::error_code ignored;
  if (fs::exists(out, ignored) && !options.force)
    fail_usage("--out ", out.string(), " exists; use --force to replace it");
  const std::string end = lower(out.extension().string());
  if (end != ".png" && end != ".html" && end != ".mp4") {
    fail_usage("--out ", out.string(), ": the name must end in .png, .html or .mp4");
  }
  const auto set = SetReader::open(set_path);
  for (const std::string& id : options.clips) set->row(id);
  if (set->info().rows.empty()) fail(set_path.string(), " holds no clips");
  require_file_name(out);
  require_writable_parent(out);
  if (end == ".png") return write_contact_sheet(*set, out, options);
  if (end == ".html") return write_preview_page(*set, out, options);
  write_preview_video(*set, out, options);
}

}  // namespace pluvia
