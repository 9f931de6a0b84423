// SPDX-License-Identifier: Apache-2.0
#include "eval/render/regen.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"
#include "core/json.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "core/text.h"
#include "datasets/store/set_reader.h"
#include "eval/render/hash_writer.h"
#include "eval/render/render_clip.h"

namespace pluvia {
namespace {

namespace fs = std::filesystem;

std::map<Layer, std::string> hashes_of(const PlannedRender& plan, const RenderRequest& request,
                                       Progress& progress) {
  std::map<Layer, std::string> hashes;
  render_clip(
      plan, request,
      [&](const ClipInfo& info) { return std::make_unique<HashWriter>(info, hashes); },
      [&](int done) { progress.add(static_cast<std::uint64_t>(done), plan.id); });
  return hashes;
}

/// The plans that are meant; an Error names an id that is not there.
std::vector<PlannedRender> chosen(std::vector<PlannedRender> plans,
                                  const std::vector<std::string>& wanted) {
  if (wanted.empty()) return plans;
  std::vector<std::string> ids;
  for (const PlannedRender& plan : plans) ids.push_back(plan.id);
  std::vector<PlannedRender> out;
  for (const std::string& id : wanted) {
    const auto at = std::find(ids.begin(), ids.end(), id);
    if (at == ids.end()) {
      fail_usage("--clip ", id, ": there is no such clip", did_you_mean(id, ids), "; there are ",
                 list_some(ids));
    }
    out.push_back(plans[static_cast<std::size_t>(at - ids.begin())]);
  }
  return out;
}

void require_same_footage(const Json& provenance, const std::vector<fs::path>& sources,
                          const fs::path& set) {
  std::vector<std::string> names;
  for (const Json& name : provenance["sources"]) names.push_back(name.get<std::string>());
  std::vector<std::string> given;
  for (const fs::path& source : sources) given.push_back(source.filename().string());
  if (names == given) return;
  fail_usage("regenerating ", set.string(), ": it was rendered over ", list_some(names),
             given.empty() ? "" : ", found " + list_some(given),
             "; say with --source where this footage lies, in this order");
}

RenderRequest request_of(const SetInfo& info, const fs::path& set, const RegenRequest& regen) {
  const Json provenance = parse_json(info.provenance, set.string() + ": provenance");
  if (!provenance.is_object() || provenance.value("made_by", "") != "synth") {
    fail("regenerating ", set.string(), ": it was not rendered by synth");
  }
  if (info.recipe == "{}") {
    fail("regenerating ", set.string(),
         ": it was merged from sets of different recipes or seeds; regenerate each of them");
  }
  const std::string place = set.string() + ": recipe";
  RenderRequest request;
  request.recipe_text = info.recipe;
  Json recipe = parse_json(info.recipe, place);
  recipe["seed"] = provenance.value("seed", std::uint64_t{1});
  request.recipe = synth::Recipe::parse(recipe, place);
  request.clips_given = provenance.value("clips_given", false);
  request.size_given = provenance.value("size_given", false);
  request.threads = regen.threads;
  request.device = regen.device;
  if (provenance.contains("sources")) {
    require_same_footage(provenance, regen.sources, set);
    request.sources = regen.sources;
  }
  if (provenance.contains("depth")) {
    if (regen.depth.empty()) {
      fail_usage("regenerating ", set.string(), ": it was rendered with depth maps '",
                 provenance["depth"].get<std::string>(), "'; give them with --depth");
    }
    request.depth = regen.depth;
  }
  return request;
}

}  // namespace

std::vector<std::string> RegenClip::different() const {
  std::vector<std::string> names;
  std::set<Layer> layers;
  for (const auto& [layer, hash] : expected) layers.insert(layer);
  for (const auto& [layer, hash] : found) layers.insert(layer);
  for (const Layer layer : layers) {
    const auto a = expected.find(layer);
    const auto b = found.find(layer);
    if (a == expected.end() || b == found.end() || a->second != b->second) {
      names.emplace_back(spec(layer).name);
    }
  }
  return names;
}

std::vector<RegenClip> regen_set(const fs::path& set, const RegenRequest& request) {
  const std::shared_ptr<SetReader> reader = SetReader::open(set);
  const RenderRequest render = request_of(reader->info(), set, request);
  std::vector<PlannedRender> stored;
  for (const PlannedRender& plan : plan_render(render)) {
    const auto& rows = reader->info().rows;
    const bool here = std::any_of(rows.begin(), rows.end(),
                                  [&](const IndexRow& row) { return row.clip.id == plan.id; });
    if (here) stored.push_back(plan);
  }
  std::vector<RegenClip> out;
  const std::vector<PlannedRender> plans = chosen(std::move(stored), request.clips);
  Progress progress("rendering again", planned_frames(plans), "frames");
  for (const PlannedRender& plan : plans) {
    out.push_back(
        {plan.id, reader->row(plan.id).content_sha256, hashes_of(plan, render, progress)});
  }
  return out;
}

std::vector<RegenClip> regen_recipe(const RenderRequest& recipe, const RegenRequest& request) {
  const std::vector<PlannedRender> plans = chosen(plan_render(recipe), request.clips);
  Progress progress("rendering twice", 2 * planned_frames(plans), "frames");
  std::vector<RegenClip> out;
  for (const PlannedRender& plan : plans) {
    RegenClip clip{plan.id, hashes_of(plan, recipe, progress), {}};
    set_thread_count(1);
    clip.found = hashes_of(plan, recipe, progress);
    set_thread_count(request.threads);
    out.push_back(std::move(clip));
  }
  return out;
}

}  // namespace pluvia
