// SPDX-License-Identifier: Apache-2.0
#include "synth/render_clip.h"

#include <string>
#include <utility>
#include <vector>

#include "core/error.h"

namespace pluvia::synth {
namespace {

void check_size(const SceneInfo& info, const Image<std::uint8_t>& clean) {
  if (clean.height() != info.height || clean.width() != info.width) {
    fail("the scene gives a frame of ", clean.width(), "x", clean.height(), "; expected ",
         info.width, "x", info.height, " as at its start");
  }
}

}  // namespace

void render_clip(const Scene& scene, const RainRenderer& rain, ClipWriter& writer) {
  const SceneInfo& info = scene.info();
  std::vector<FrameRow> rows;
  for (int t = 0; t < info.frames; ++t) {
    within("frame " + std::to_string(t), [&] {
      const SceneFrame frame = scene.frame(t);
      check_size(info, frame.clean);
      writer.add(rain.render(frame));
      rows.push_back(rain.row(frame));
    });
  }
  writer.set_frames({.name = false, .time = true, .rendering = true}, std::move(rows));
}

}  // namespace pluvia::synth
