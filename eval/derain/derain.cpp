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

/// Whether `inner` is `outer` or lies in it, by their names with links resolved.
bool lies_in(const fs::path& inner, const fs::path& outer) {
  const auto resolved = [](const fs::path& path) {
    std::error_code ignored;
    const fs::path whole = fs::weakly_canonical(fs::absolute(path), ignored);
    return whole.has_filename() ? whole : whole.parent_path();
  };
  const fs::path a = resolved(inner);
  const fs::path b = resolved(outer);
  return std::mismatch(a.begin(), a.end(), b.begin(), b.end()).second == b.end();
}

/// An output takes the place of all that is in a folder, so nothing that is still needed may be
/// there.
void check_places(const DerainRequest& request) {
  std::error_code ignored;
  if (fs::equivalent(request.input, request.output, ignored)) {
    fail_usage("output ", request.output, " is the input itself");
  }
  if (lies_in(request.input, request.output)) {
    fail_usage("output ", request.output, " holds the input ", request.input,
               ", which would be replaced; choose another output");
  }
  if (request.layers.empty()) return;
  if (lies_in(request.input, request.layers)) {
    fail_usage("--layers ", request.layers, " is or holds the input ", request.input,
               ", which would be replaced; choose another folder");
  }
  if (lies_in(request.layers, request.output) || lies_in(request.output, request.layers)) {
    fail_usage("--layers ", request.layers, " and output ", request.output,
               " lie in one another, expected two places");
  }
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
  check_places(request);
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
    const auto begun = [&](OutputPlace* place) {
      return place != nullptr && !place->has(name) ? place->begin(*in) : nullptr;
    };
    const std::unique_ptr<SequenceOut> out = begun(place_.get());
    const std::unique_ptr<SequenceOut> layers = begun(layers_.get());
    const ApplyPlan plan = in->info().apart ? one_by_one(plan_) : plan_;
    Progress progress("deraining " + (name.empty() ? request_.input : name),
                      calls_of(in->info(), plan), "windows");
    Watched method(method_, progress, name);
    std::vector<std::string> names;
    say_once(window_note(method.info(), in->info().apart ? 1 : in->info().frames));
    const int frames = apply_method(
        method, plan,
        [&](PlanarFrame& frame) {
          if (!in->next(frame)) return false;
          names.push_back(in->frame_name());
          return true;
        },
        [&](int t, const PlanarFrame& frame) {
          const std::string& frame_name = names[static_cast<std::size_t>(t)];
          if (out) out->add(t, frame_name, frame);
          if (layers) layers->add(t, frame_name, frame);
        });
    if (frames == 0) fail(request_.input, name.empty() ? "" : " " + name, ": has no frames");
    if (out) out->finish();
    if (layers) layers->finish();
    for (const std::string& remark : in->remarks()) warn(remark);
    outcome_.frames += frames;
    outcome_.seconds += method.seconds;
  }

  void say_once(const std::string& line) {
    if (line.empty() || line == said_) return;
    note(line);
    said_ = line;
  }

  Method& method_;
  const DerainRequest& request_;
  Footage footage_;
  ApplyPlan plan_;
  PlaceOptions options_;
  std::unique_ptr<OutputPlace> place_;
  std::unique_ptr<OutputPlace> layers_;
  DerainOutcome outcome_;
  std::string said_;
};

}  // namespace

DerainOutcome derain(Method& method, const DerainRequest& request) {
  check(method, request);
  return Run(method, request).all();
}

}  // namespace pluvia
