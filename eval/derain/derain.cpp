// SPDX-License-Identifier: Apache-2.0
#include "eval/derain/derain.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "core/progress.h"

namespace pluvia {
namespace {

/// Counts calls for the progress bar and takes the time.
class Watched final : public Method {
 public:
  Watched(Method& method, Progress& progress, const std::string& item)
      : method_(method), progress_(progress), item_(item) {}
  const MethodInfo& info() const override { return method_.info(); }
  void derain(const FramesView<const float>& rainy, const FramesView<float>& clean) override {
    const auto start = std::chrono::steady_clock::now();
    method_.derain(rainy, clean);
    seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    progress_.add(1, item_);
  }
  double seconds = 0;

 private:
  Method& method_;
  Progress& progress_;
  std::string item_;
};

std::size_t calls_of(const SequenceInfo& info, const ApplyPlan& plan) {
  const auto pieces = [](int total, const Cut& cut) {
    return cover(total, cut.size == 0 ? total : cut.size, cut.size == 0 ? 0 : cut.overlap).size();
  };
  if (info.frames == 0) return 0;
  return pieces(info.frames, plan.frames.cut) * pieces(info.height, plan.rows.cut) *
         pieces(info.width, plan.columns.cut);
}

void check(const Method& method, const DerainRequest& request) {
  const MethodInfo& info = method.info();
  if (info.sees_truth) {
    fail_usage(info.name,
               " is an upper bound that sees the truth; real footage has none. Use it "
               "with eval");
  }
  if (!request.layers.empty() && info.layers.empty()) {
    fail_usage("--layers: ", info.name, " predicts nothing but the clean frame");
  }
  std::error_code ignored;
  if (fs::equivalent(request.input, request.output, ignored)) {
    fail_usage("output ", request.output, " is the input itself");
  }
}

PlaceOptions place_options(const DerainRequest& request, const Footage& footage) {
  PlaceOptions options = request.place;
  Json settings = parse_json(options.settings, "settings");
  std::error_code ignored;
  settings["input"] = fs::weakly_canonical(request.input, ignored).string();
  settings["sequences"] = footage.names;
  settings["tile"] = to_text(request.tiling);
  settings["tile_px"] = request.tile_px;
  options.settings = settings.dump();
  return options;
}

class Run {
 public:
  Run(Method& method, const DerainRequest& request)
      : method_(method),
        request_(request),
        footage_(open_footage(request.input, request.clip)),
        plan_(plan_of(method.info(), request.tiling, request.tile_px)),
        options_(place_options(request, footage_)),
        place_(open_place(request.output, footage_, options_)) {
    if (!request.layers.empty()) {
      layers_ = open_layers_place(request.layers, method.info().layers, options_);
    }
  }

  DerainOutcome all() {
    for (std::size_t i = 0; i < footage_.names.size(); ++i) {
      const std::string& name = footage_.names[i];
      ++outcome_.sequences;
      if (place_->has(name) && (!layers_ || layers_->has(name))) continue;
      sequence(i);
    }
    place_->commit();
    if (layers_) layers_->commit();
    return outcome_;
  }

 private:
  void sequence(std::size_t i) {
    const std::unique_ptr<SequenceIn> in = footage_.open(i);
    const std::string& name = in->info().name;
    const std::unique_ptr<SequenceOut> out = place_->begin(*in);
    const std::unique_ptr<SequenceOut> layers = layers_ ? layers_->begin(*in) : nullptr;
    Progress progress("deraining " + (name.empty() ? request_.input : name),
                      calls_of(in->info(), plan_), "windows");
    Watched method(method_, progress, name);
    std::vector<std::string> names;
    const int frames = apply_method(
        method, plan_,
        [&](PlanarFrame& frame) {
          if (!in->next(frame)) return false;
          names.push_back(in->frame_name());
          return true;
        },
        [&](int t, const PlanarFrame& frame) {
          const std::string& frame_name = names[static_cast<std::size_t>(t)];
          out->add(t, frame_name, frame);
          if (layers) layers->add(t, frame_name, frame);
        });
    if (frames == 0) fail(request_.input, name.empty() ? "" : " " + name, ": has no frames");
    out->finish();
    if (layers) layers->finish();
    outcome_.frames += frames;
    outcome_.seconds += method.seconds;
  }

  Method& method_;
  const DerainRequest& request_;
  Footage footage_;
  ApplyPlan plan_;
  PlaceOptions options_;
  std::unique_ptr<OutputPlace> place_;
  std::unique_ptr<OutputPlace> layers_;
  DerainOutcome outcome_;
};

}  // namespace

DerainOutcome derain(Method& method, const DerainRequest& request) {
  check(method, request);
  return Run(method, request).all();
}

}  // namespace pluvia
