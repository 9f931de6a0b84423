// SPDX-License-Identifier: Apache-2.0
#include "eval/render/render_clip.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/counted.h"
#include "core/device.h"
#include "core/error.h"
#include "core/half.h"
#include "core/interrupt.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "eval/render/clean_frames.h"
#include "synth/renderer.h"

namespace pluvia {
namespace {

/// One frame on its way.
struct Job {
  synth::SceneFrame clean;
  FrameRow row;
  FrameLayers layers;
};

/// Numbers as float16, in the order of the picture.
std::vector<std::byte> to_half_bytes(const Image<float>& image) {
  std::vector<std::byte> out(image.pixels().size() * 2);
  std::byte* to = out.data();
  for (const float value : image.pixels()) {
    const std::uint16_t half = float_to_half(value);
    std::memcpy(to, &half, sizeof half);
    to += sizeof half;
  }
  return out;
}

/// Depths that mean nothing are infinite in a set.
void make_valid(Image<float>& depth) {
  for (float& z : depth.pixels()) {
    if (!(z > 0)) z = INFINITY;
  }
}

class ClipRun {
 public:
  ClipRun(const PlannedRender& plan, const RenderRequest& request)
      : place_(plan.path.empty() ? plan.id : plan.path.string()),
        request_(request),
        clean_(plan, request),
        params_(request.recipe.rain_of(static_cast<std::uint32_t>(plan.number), plan.variant)),
        rain_(synth::RainParams::of(params_, clean_.speed_m_s()), request.recipe.seed,
              static_cast<std::uint32_t>(plan.number), parse_device(request.device)) {}

  ClipInfo info(const PlannedRender& plan) const {
    ClipInfo info;
    info.id = plan.id;
    info.height = clean_.height();
    info.width = clean_.width();
    info.fps = clean_.fps();
    info.layers = rain_.layers();
    for (const Layer layer : request_.recipe.extra_layers.list()) info.layers.add(layer);
    info.split = plan.split;
    info.source = plan.source;
    info.seed = request_.recipe.seed;
    info.rain = params_.to_json().dump();
    info.camera = clean_.camera_json();
    return info;
  }

  void write(ClipWriter& writer, const FramesDone& done) {
    const int wanted = request_.recipe.frames;
    std::vector<FrameRow> rows;
    std::vector<Job> jobs;
    do {
      throw_if_interrupted();
      take(std::min(wanted - static_cast<int>(rows.size()), 2 * thread_count()),
           static_cast<int>(rows.size()), jobs);
      render(jobs, static_cast<int>(rows.size()));
      for (Job& job : jobs) {
        rows.push_back(std::move(job.row));
        writer.add(std::move(job.layers));
      }
      done(static_cast<int>(jobs.size()));
    } while (!jobs.empty() && static_cast<int>(rows.size()) < wanted);
    for (const auto& [key, value] : clean_.notes()) writer.set_note("source." + key, value);
    if (static_cast<int>(rows.size()) < wanted) {
      warn(cat(place_, ": ", counted(rows.size(), "frame"), ", ", wanted, " were asked for"));
    }
    writer.set_frames({true, true, true}, std::move(rows));
    writer.finish();
  }

 private:
  /// The next frames; footage is read here, since it comes in order only.
  void take(int count, int first, std::vector<Job>& jobs) {
    jobs.clear();
    for (int i = 0; i < count; ++i) {
      Job job;
      if (clean_.scene() == nullptr && !clean_.next(first + i, job.clean)) return;
      job.row.name = clean_.frame_name(first + i);
      jobs.push_back(std::move(job));
    }
  }

  void render(std::vector<Job>& jobs, int first) {
    const auto count = static_cast<std::int64_t>(jobs.size());
    parallel_for(count, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        Job& job = jobs[static_cast<std::size_t>(i)];
        if (clean_.scene() != nullptr) {
          job.clean = clean_.scene()->frame(first + static_cast<int>(i));
        }
        render(job);
      }
    });
  }

  void render(Job& job) const {
    job.layers = rain_.render(job.clean);
    const std::string name = job.row.name;
    job.row = rain_.row(job.clean);
    job.row.name = name;
    const LayerSet& extra = request_.recipe.extra_layers;
    if (extra.has(Layer::kDepth)) {
      make_valid(job.clean.depth_m);
      job.layers.of(Layer::kDepth) = to_half_bytes(job.clean.depth_m);
    }
    if (extra.has(Layer::kFlow)) job.layers.of(Layer::kFlow) = to_half_bytes(job.clean.flow_px);
  }

  std::string place_;
  const RenderRequest& request_;
  CleanFrames clean_;
  Params params_;
  synth::RainRenderer rain_;
};

}  // namespace

void render_clip(const PlannedRender& plan, const RenderRequest& request,
                 const std::function<std::unique_ptr<ClipWriter>(const ClipInfo&)>& begin,
                 const FramesDone& done) {
  const std::string place =
      plan.path.empty() ? "rendering clip " + plan.id : "rendering rain over " + plan.path.string();
  within(place, [&] {
    ClipRun run(plan, request);
    const std::unique_ptr<ClipWriter> writer = begin(run.info(plan));
    run.write(*writer, done);
  });
}

}  // namespace pluvia
