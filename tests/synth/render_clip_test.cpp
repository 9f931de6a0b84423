// SPDX-License-Identifier: Apache-2.0
// A scene into a writer: every frame once and in order, rows that say what the camera and rain did.
#include "synth/render_clip.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "core/error.h"
#include "tests/synth/test_scene.h"

namespace pluvia::synth {
namespace {

class Street : public Scene {
 public:
  explicit Street(int odd_frame = -1) : odd_frame_(odd_frame) {}
  const SceneInfo& info() const override { return info_; }
  SceneFrame frame(int t) const override {
    return street_like(info_.height, t == odd_frame_ ? 5 : info_.width, (t + 0.5) / info_.fps);
  }

 private:
  SceneInfo info_{4, 40, 64, 25};
  int odd_frame_;
};

class Memory : public ClipWriter {
 public:
  void add(FrameLayers frame) override { frames.push_back(std::move(frame)); }
  void set_frames(const FrameColumns& given, std::vector<FrameRow> table) override {
    columns = given;
    rows = std::move(table);
  }
  void set_gt_index(std::vector<int>) override { FAIL(); }
  void set_note(const std::string&, const std::string&) override { FAIL(); }
  void finish() override { FAIL(); }

  std::vector<FrameLayers> frames;
  FrameColumns columns;
  std::vector<FrameRow> rows;
};

TEST(RenderClip, FramesAndRows) {
  Params params = vrds_look();
  params.set("wind_m_s", "3");
  const RainRenderer rain(RainParams::of(params), 8, 2);
  Memory memory;
  render_clip(Street(), rain, memory);
  ASSERT_EQ(memory.frames.size(), 4U);
  ASSERT_EQ(memory.rows.size(), 4U);
  EXPECT_TRUE(memory.columns.time && memory.columns.rendering && !memory.columns.name);
  EXPECT_EQ(memory.frames[2].data, rain.render(Street().frame(2)).data);
  const FrameRow& row = memory.rows[2];
  EXPECT_DOUBLE_EQ(row.time_s, 0.1);
  EXPECT_FLOAT_EQ(row.exposure_s, 0.028F);
  EXPECT_FLOAT_EQ(row.focal_px, 64);
  EXPECT_FLOAT_EQ(row.speed_m_s, 10);
  EXPECT_FLOAT_EQ(row.rain_mm_h, 75);
  EXPECT_FLOAT_EQ(row.wind_m_s[0], 3);
  EXPECT_FLOAT_EQ(row.position_m[2], -1);
  EXPECT_GT(row.drops_on_glass, 0);
}

TEST(RenderClip, AFrameOfAnotherSizeIsRefusedByNumber) {
  Memory memory;
  try {
    render_clip(Street(3), RainRenderer(RainParams::of(vrds_look()), 8, 2), memory);
    ADD_FAILURE() << "rendered";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("frame 3: "), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace pluvia::synth
