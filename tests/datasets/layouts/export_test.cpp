// SPDX-License-Identifier: Apache-2.0
// Every layout of the list: what is written comes back bit for bit. And the folder as a whole.
#include <gtest/gtest.h>

#include <fstream>

#include "core/error.h"
#include "core/file.h"
#include "datasets/layouts/export_set.h"
#include "datasets/media/stills.h"
#include "tests/datasets/layouts/memory_set.h"

namespace pluvia {
namespace {

using testing::error_of;
using testing::import_folder;
using testing::make_clip;
using testing::make_picture;
using testing::make_text;
using testing::MemoryClip;
using testing::MemorySet;
using testing::TempDir;

using Clips = std::vector<std::shared_ptr<MemoryClip>>;

const LayerSet kDisplayLayers = {Layer::kLq, Layer::kGt, Layer::kStreak, Layer::kMask,
                                 Layer::kDrop};

std::vector<const ClipReader*> readers(const Clips& clips) {
  std::vector<const ClipReader*> out;
  for (const auto& clip : clips) out.push_back(clip.get());
  return out;
}

// Training clips with every layer that the layout can hold, a test clip of the same name without.
Clips sample(const Layout& layout) {
  const bool images = layout.kind == SetKind::kImages;
  const LayerSet test_layers = {Layer::kLq, Layer::kGt};
  ClipInfo train;
  train.split = "train";
  LayerSet layers;
  for (const Layer layer : kDisplayLayers.list()) {
    if (layout.place(train, layer, {"", true})) layers.add(layer);
  }
  return {make_clip(images ? "7x6" : "000", "train", 1, layers),
          make_clip(images ? "7x7" : "010", "train", 2, layers),
          make_clip(images ? "7x5" : "000", "test", 3, test_layers)};
}

std::vector<std::byte> binary(std::vector<std::byte> values) {
  for (std::byte& value : values)
    value = std::byte{value >= std::byte{128} ? std::uint8_t{255} : std::uint8_t{0}};
  return values;
}

// What a reader that counts asks for, written out by hand.
std::string expected_name(const std::string& layout, const std::string& original, std::size_t t) {
  const std::string number = std::to_string(t);
  const auto padded = [&](std::size_t digits) {
    return std::string(digits - number.size(), '0') + number;
  };
  if (layout == "vrds") return padded(8);
  if (layout == "lwdds") return padded(6);
  if (layout == "rainvidss") return padded(4);
  if (layout == "rainsynall100") return std::to_string(t + 1);
  return original;
}

void expect_equal(const MemoryClip& before, const MemoryClip& after, const std::string& layout,
                  bool binary_mask) {
  EXPECT_EQ(after.clip_info.layers, before.clip_info.layers);
  ASSERT_EQ(after.clip_info.frames, before.clip_info.frames);
  for (const Layer layer : before.clip_info.layers.list()) {
    for (std::size_t t = 0; t < before.frames.at(layer).size(); ++t) {
      std::vector<std::byte> expected = before.frames.at(layer)[t];
      if (layer == Layer::kMask && binary_mask) expected = binary(std::move(expected));
      EXPECT_EQ(after.frames.at(layer)[t], expected)
          << before.clip_info.id << " " << spec(layer).name << t;
    }
  }
  for (std::size_t t = 0; t < before.rows.size(); ++t)
    EXPECT_EQ(after.rows[t].name, expected_name(layout, before.rows[t].name, t));
}

TEST(EveryLayout, WriteThenReadIsBitEqual) {
  for (const Layout* layout : all_layouts()) {
    std::vector<std::string> arrangements = layout->arrangements();
    if (arrangements.empty()) arrangements.emplace_back();
    for (const std::string& arrangement : arrangements) {
      SCOPED_TRACE(std::string(layout->name) + " " + arrangement);
      const TempDir dir;
      const Clips clips = sample(*layout);
      ExportOptions options;
      options.arrangement = arrangement;
      export_set(readers(clips), *layout, dir / "out", options);
      EXPECT_FALSE(fs::exists(dir / "out.part"));
      const MemorySet set = import_folder(layout->name, dir / "out");
      ASSERT_EQ(set.size(), clips.size());
      const auto place = layout->place(clips[0]->clip_info, Layer::kMask, {arrangement, true});
      for (const auto& clip : clips) {
        const auto found = std::find_if(set.begin(), set.end(), [&](const auto& entry) {
          const ClipInfo& info = entry.second->clip_info;
          return info.split == clip->clip_info.split &&
                 info.notes.at("name") == clip->clip_info.notes.at("name");
        });
        ASSERT_NE(found, set.end()) << clip->clip_info.id;
        expect_equal(*clip, *found->second, layout->name, place && place->binary);
      }
    }
  }
}

TEST(EveryLayout, HoldsInputAndGroundTruthOfBothSplits) {
  for (const Layout* layout : all_layouts()) {
    for (const char* split : {"train", "test"}) {
      ClipInfo clip;
      clip.split = split;
      EXPECT_TRUE(layout->place(clip, Layer::kLq, {"", true})) << layout->name << " " << split;
      EXPECT_TRUE(layout->place(clip, Layer::kGt, {"", true})) << layout->name << " " << split;
    }
  }
}

TEST(EveryLayout, RefusesATruncatedPictureByName) {
  for (const Layout* layout : all_layouts()) {
    SCOPED_TRACE(layout->name);
    const TempDir dir;
    const Clips clips = sample(*layout);
    export_set(readers(clips), *layout, dir / "out", {});
    const std::string victim = planned_files(readers(clips), *layout, "").at(4);
    fs::resize_file(dir / ("out/" + victim), 50);
    const std::string error = error_of([&] { import_folder(layout->name, dir / "out"); });
    EXPECT_NE(error.find(victim), std::string::npos) << error;
  }
}

TEST(Export, NamesBinaryMasksAndDefaults) {
  const TempDir dir;
  const auto clip = make_clip("clip", "train", 5, kDisplayLayers);
  clip->frame_columns.name = false;
  export_set(readers({clip}), find_layout("vrds"), dir / "out", {});
  const auto mask = read_still(dir / "out/01drop/clip/00000002.png", ColorWanted::kGrey, nullptr);
  for (const std::uint8_t value : mask.pixels()) EXPECT_TRUE(value == 0 || value == 255);
  EXPECT_TRUE(fs::exists(dir / "out/mstreak/clip/00000000.png"));
  EXPECT_TRUE(fs::exists(dir / "out/pluvia-export.json"));
}

TEST(Export, FrameRatesComeBack) {
  const TempDir dir;
  const auto clip = make_clip("clip", "train", 5, kDisplayLayers);
  clip->clip_info.fps = 29.97;
  export_set(readers({clip}), find_layout("paired"), dir / "out", {});
  EXPECT_EQ(import_folder("paired", dir / "out").begin()->second->clip_info.fps, 29.97);
  // A file of somebody else's under that name is of no consequence.
  for (const char* text : {"{\"clips\": 3}", "[1]", "no JSON"}) {
    write_text(dir / "out/pluvia-export.json", text);
    EXPECT_EQ(import_folder("paired", dir / "out").begin()->second->clip_info.fps, 0) << text;
  }
}

TEST(Export, RenderedFramesKeepTheirCamerasAndRain) {
  const TempDir dir;
  const auto clip = make_clip("clip", "train", 5, kDisplayLayers);
  clip->frame_columns = {true, true, true};
  clip->clip_info.seed = 18446744073709551615U;
  clip->clip_info.rain = R"({"rain_mm_h":41.5})";
  for (std::size_t t = 0; t < 3; ++t) {
    FrameRow& row = clip->rows[t];
    row.time_s = 0.1 + static_cast<double>(t) / 30;
    row.exposure_s = 0.0083F;
    row.position_m = {1.1F, 1.4F, -0.7F * static_cast<float>(t)};
    row.orientation = {0.8F, 0.6F, 0, 0};
    row.focal_px = 812.3F;
    row.wind_m_s = {0.1F, 0, 3.3F};
    row.drops_on_glass = 40 + static_cast<int>(t);
  }
  for (const char* layout : {"paired", "vrds"}) {
    const auto out = dir / layout;
    export_set(readers({clip}), find_layout(layout), out, {});
    const MemorySet back = import_folder(layout, out);
    const MemoryClip& got = *back.begin()->second;
    EXPECT_EQ(got.frame_columns, clip->frame_columns);
    EXPECT_EQ(got.clip_info.seed, clip->clip_info.seed);
    EXPECT_EQ(got.clip_info.rain, clip->clip_info.rain);
    ASSERT_EQ(got.rows.size(), 3U);
    for (std::size_t t = 0; t < 3; ++t) {
      EXPECT_EQ(got.rows[t].time_s, clip->rows[t].time_s);
      EXPECT_EQ(got.rows[t].position_m, clip->rows[t].position_m);
      EXPECT_EQ(got.rows[t].orientation, clip->rows[t].orientation);
      EXPECT_EQ(got.rows[t].focal_px, clip->rows[t].focal_px);
      EXPECT_EQ(got.rows[t].wind_m_s, clip->rows[t].wind_m_s);
      EXPECT_EQ(got.rows[t].drops_on_glass, clip->rows[t].drops_on_glass);
    }
  }
  // A frame that the record does not know: pictures alone.
  fs::copy_file(dir / "paired/train/lq/clip/clip-9.png", dir / "paired/train/lq/clip/clip-7.png");
  for (const char* layer : {"gt", "streak", "mask", "drop"}) {
    const auto folder = dir / (std::string("paired/train/") + layer + "/clip");
    if (fs::exists(folder)) fs::copy_file(folder / "clip-9.png", folder / "clip-7.png");
  }
  EXPECT_FALSE(import_folder("paired", dir / "paired").begin()->second->frame_columns.rendering);
}

TEST(Export, FrameRatesComeBackToClipsWithoutASplit) {
  const TempDir dir;
  const auto clip = make_clip("clip", "", 5, kDisplayLayers);
  clip->clip_info.fps = 24;
  export_set(readers({clip}), find_layout("vrds"), dir / "out", {});
  EXPECT_EQ(import_folder("vrds", dir / "out").begin()->second->clip_info.fps, 24);
}

TEST(Export, SharedGroundTruthStaysShared) {
  const TempDir dir;
  const auto clip = make_clip("7x6", "test", 1, {Layer::kLq, Layer::kGt});
  clip->frames.at(Layer::kGt).pop_back();
  clip->shared = {0, 0, 1};
  clip->rows[0].name = "901_1";
  clip->rows[1].name = "901_2";
  clip->rows[2].name = "902_1";
  export_set(readers({clip}), find_layout("paired-images"), dir / "out", {});
  EXPECT_TRUE(fs::exists(dir / "out/test/target/901.png"));
  const MemorySet set = import_folder("paired-images", dir / "out");
  EXPECT_EQ(set.begin()->second->shared, clip->shared);
  expect_equal(*clip, *set.begin()->second, "paired-images", false);
  // Names that do not say who shares: each picture gets its own copy.
  clip->rows[1].name = "other";
  export_set(readers({clip}), find_layout("paired-images"), dir / "copies", {});
  EXPECT_TRUE(fs::exists(dir / "copies/test/target/other.png"));
}

TEST(Export, HostileNamesDoNotLeaveTheFolder) {
  const TempDir dir;
  for (const char* bad : {"../up", "/abs", "..", "", "a\nb", ".hidden"}) {
    auto clip = make_clip("ok", "train", 1, {Layer::kLq, Layer::kGt});
    clip->rows[1].name = bad;
    EXPECT_NE(error_of([&] {
                export_set(readers({clip}), find_layout("paired"), dir / "out", {});
              }).find("cannot be a file name"),
              std::string::npos)
        << bad;
    clip = make_clip("ok", "train", 1, {Layer::kLq, Layer::kGt});
    clip->clip_info.notes["name"] = bad;
    EXPECT_NE(error_of([&] {
                export_set(readers({clip}), find_layout("paired"), dir / "out", {});
              }).find("cannot be a file name"),
              std::string::npos)
        << bad;
  }
  EXPECT_TRUE(fs::is_empty(dir.path()));
}

TEST(Export, NoPlaceForASplitOrALayer) {
  const TempDir dir;
  const auto odd = make_clip("a", "val", 1, {Layer::kLq, Layer::kGt});
  EXPECT_NE(error_of([&] {
              export_set(readers({odd}), find_layout("vrds"), dir / "out", {});
            }).find("no place for split 'val'"),
            std::string::npos);
  const auto flow = make_clip("a", "train", 1, {Layer::kLq, Layer::kGt, Layer::kStreakRgb});
  const ExportResult result = export_set(readers({flow}), find_layout("vrds"), dir / "out", {});
  ASSERT_EQ(result.warnings.size(), 1U);
  EXPECT_NE(result.warnings[0].find("streak_rgb"), std::string::npos);
}

// A reader that fails at one frame, like a damaged chunk.
class Failing : public MemoryClip {
 public:
  explicit Failing(const MemoryClip& other) : MemoryClip(other) {}
  void read(Layer layer, const Window& window, std::span<std::byte> out) const override {
    if (layer == Layer::kGt && window.first == 2) fail("chunk 17 is damaged");
    MemoryClip::read(layer, window, out);
  }
};

TEST(Export, AppearsWholeOrNotAtAllAndCanBeResumed) {
  const TempDir dir;
  const auto clip = make_clip("a", "train", 1, {Layer::kLq, Layer::kGt});
  const Failing failing(*clip);
  const std::vector<const ClipReader*> broken = {&failing};
  const Layout& layout = find_layout("paired");
  const std::string error = error_of([&] { export_set(broken, layout, dir / "out", {}); });
  EXPECT_NE(error.find("chunk 17"), std::string::npos);
  EXPECT_FALSE(fs::exists(dir / "out"));
  EXPECT_NE(error_of([&] { export_set(broken, layout, dir / "out", {}); }).find("--resume"),
            std::string::npos);
  ExportOptions resume;
  resume.resume = true;
  const ExportResult result = export_set(readers({clip}), layout, dir / "out", resume);
  EXPECT_GT(result.skipped, 0U);
  EXPECT_EQ(result.skipped + result.files, 6U);
  expect_equal(*clip, *import_folder("paired", dir / "out").begin()->second, "paired", false);
}

TEST(Export, ResumeRefusesOtherSettings) {
  const TempDir dir;
  const auto clip = make_clip("a", "train", 1, {Layer::kLq, Layer::kGt});
  const Failing failing(*clip);
  const std::vector<const ClipReader*> broken = {&failing};
  error_of([&] { export_set(broken, find_layout("paired"), dir / "out", {}); });
  ExportOptions resume;
  resume.resume = true;
  EXPECT_NE(error_of([&] {
              export_set(readers({clip}), find_layout("vrds"), dir / "out", resume);
            }).find("other settings"),
            std::string::npos);
}

TEST(Export, ForceReplacesOnlyAnEarlierExport) {
  const TempDir dir;
  const Layout& layout = find_layout("paired");
  const auto one = make_clip("one", "train", 1, {Layer::kLq, Layer::kGt});
  const auto two = make_clip("two", "train", 2, {Layer::kLq, Layer::kGt});
  export_set(readers({one}), layout, dir / "out", {});
  EXPECT_NE(error_of([&] { export_set(readers({two}), layout, dir / "out", {}); }).find("--force"),
            std::string::npos);
  ExportOptions force;
  force.force = true;
  export_set(readers({two}), layout, dir / "out", force);
  EXPECT_FALSE(fs::exists(dir / "out/train/lq/one"));
  EXPECT_TRUE(fs::exists(dir / "out/train/lq/two"));
  make_text(dir / "home/letter.txt", "dear");
  EXPECT_NE(error_of([&] {
              export_set(readers({two}), layout, dir / "home", force);
            }).find("not a folder"),
            std::string::npos);
  EXPECT_TRUE(fs::exists(dir / "home/letter.txt"));
  make_text(dir / "fresh.part/letter.txt", "dear");
  EXPECT_FALSE(error_of([&] { export_set(readers({two}), layout, dir / "fresh", {}); }).empty());
  EXPECT_TRUE(fs::exists(dir / "fresh.part/letter.txt"));
}

}  // namespace
}  // namespace pluvia
