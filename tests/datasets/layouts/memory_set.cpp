// SPDX-License-Identifier: Apache-2.0
#include "tests/datasets/layouts/memory_set.h"

#include <stdlib.h>

#include <cstring>
#include <fstream>
#include <functional>

#include "core/error.h"
#include "core/text.h"
#include "datasets/media/stills.h"

namespace pluvia::testing {
namespace {

class MemoryWriter : public ClipWriter {
 public:
  explicit MemoryWriter(std::shared_ptr<MemoryClip> clip) : clip_(std::move(clip)) {}
  void add(FrameLayers frame) override {
    for (const Layer layer : clip_->clip_info.layers.list()) {
      if (!frame.of(layer).empty()) clip_->frames[layer].push_back(std::move(frame.of(layer)));
    }
  }
  void set_frames(const FrameColumns& columns, std::vector<FrameRow> rows) override {
    clip_->frame_columns = columns;
    clip_->rows = std::move(rows);
  }
  void set_gt_index(std::vector<int> index) override { clip_->shared = std::move(index); }
  void set_note(const std::string& key, const std::string& value) override {
    clip_->clip_info.notes[key] = value;
  }
  void finish() override { clip_->finished = true; }

 private:
  std::shared_ptr<MemoryClip> clip_;
};

}  // namespace

TempDir::TempDir() {
  std::string name = (std::filesystem::temp_directory_path() / "pluvia-layouts-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) fail("no temporary folder");
  path_ = name;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void make_picture(const std::filesystem::path& path, int value, PictureSize size, int channels) {
  std::filesystem::create_directories(path.parent_path());
  Image<std::uint8_t> image(size.height, size.width, channels);
  std::fill(image.pixels().begin(), image.pixels().end(), static_cast<std::uint8_t>(value));
  const std::string extension = lower(path.extension().string());
  const bool jpeg = extension == ".jpg" || extension == ".jpeg";
  const std::vector<std::byte> bytes =
      jpeg ? encode_jpeg(image.view(), 100) : encode_png(image.view());
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

void make_text(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

void MemoryClip::read(Layer layer, const Window& window, std::span<std::byte> out) const {
  PLUVIA_CHECK(window.height == clip_info.height && window.width == clip_info.width,
               "whole frames only");
  std::size_t at = 0;
  for (int t = window.first; t < window.first + window.frames; ++t) {
    const auto row = static_cast<std::size_t>(
        layer == Layer::kGt && !shared.empty() ? shared[static_cast<std::size_t>(t)] : t);
    const std::vector<std::byte>& frame = frames.at(layer).at(row);
    std::memcpy(out.data() + at, frame.data(), frame.size());
    at += frame.size();
  }
}

std::vector<FrameRow> MemoryClip::frame_rows(FrameColumns* columns) const {
  *columns = frame_columns;
  return rows;
}

int MemoryClip::first_value(Layer layer, int t) const {
  std::vector<std::byte> out(static_cast<std::size_t>(clip_info.height) *
                             static_cast<std::size_t>(clip_info.width) * spec(layer).pixel_bytes());
  read(layer, {t, 1, 0, 0, clip_info.height, clip_info.width}, out);
  return std::to_integer<int>(out.front());
}

MemorySet import_to_memory(const ImportPlan& plan, int threads, ImportResult* result) {
  MemorySet set;
  const ImportResult done = run_import(
      plan,
      [&](const ClipInfo& info) -> std::unique_ptr<ClipWriter> {
        auto clip = std::make_shared<MemoryClip>();
        clip->clip_info = info;
        set[info.id] = clip;
        return std::make_unique<MemoryWriter>(clip);
      },
      threads);
  if (result != nullptr) *result = done;
  return set;
}

MemorySet import_folder(const std::string& layout, const std::filesystem::path& dir,
                        const ImportOptions& options) {
  const ImportPlan plan = plan_import(find_layout(layout), dir, options);
  require_sound(plan, dir);
  return import_to_memory(plan);
}

std::shared_ptr<MemoryClip> make_clip(const std::string& name, const std::string& split, int seed,
                                      LayerSet layers) {
  auto clip = std::make_shared<MemoryClip>();
  ClipInfo& info = clip->clip_info;
  info.id = safe_id((split.empty() ? "" : split + "_") + name);
  info.frames = 3;
  info.height = 5 + seed % 3;
  info.width = 7;
  info.layers = layers;
  info.split = split;
  info.notes["name"] = name;
  unsigned state = static_cast<unsigned>(seed) * 2654435761U + 1;
  for (const Layer layer : layers.list()) {
    const std::size_t bytes =
        static_cast<std::size_t>(info.height * info.width) * spec(layer).pixel_bytes();
    for (int t = 0; t < info.frames; ++t) {
      std::vector<std::byte> frame(bytes);
      for (std::byte& value : frame) {
        state = state * 1664525U + 1013904223U;
        value = static_cast<std::byte>(state >> 24);
      }
      clip->frames[layer].push_back(std::move(frame));
    }
  }
  clip->frame_columns.name = true;
  for (int t = 0; t < info.frames; ++t) {
    clip->rows.emplace_back();
    clip->rows.back().name = cat(name, "-", 9 + t);
  }
  return clip;
}

std::string error_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace pluvia::testing
