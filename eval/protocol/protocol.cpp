// SPDX-License-Identifier: Apache-2.0
#include "eval/protocol/protocol.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "core/counted.h"
#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/manifest.h"
#include "core/text.h"
#include "eval/metrics/metrics.h"
#include "eval/metrics/regions.h"

namespace pluvia {
namespace {

template <typename T>
struct Word {
  const char* name;
  T value;
};

constexpr Word<Averaging> kAveragings[] = {{"frames", Averaging::kFrames},
                                           {"clips", Averaging::kClips},
                                           {"pooled-mse", Averaging::kPooledMse}};
constexpr Word<Crop> kCrops[] = {{"border", Crop::kBorder}, {"tecogan", Crop::kTecogan}};
constexpr Word<IdenticalRule> kIdenticalRules[] = {{"exclude", IdenticalRule::kExclude},
                                                   {"include", IdenticalRule::kInclude}};

std::string text_at(const Json& object, const char* key, const std::string& fallback) {
  if (!object.contains(key)) return fallback;
  if (!object[key].is_string())
    fail("'", key, "': expected a text, found ", object[key].type_name());
  return object[key].get<std::string>();
}

int whole_at(const Json& object, const char* key, int fallback, int low, int high) {
  if (!object.contains(key)) return fallback;
  const Json& value = object[key];
  if (!value.is_number_integer() || value.get<std::int64_t>() < low ||
      value.get<std::int64_t>() > high) {
    fail("'", key, "': expected a whole number from ", low, " to ", high, ", found ", value.dump());
  }
  return static_cast<int>(value.get<std::int64_t>());
}

template <typename T, std::size_t n>
T word_at(const Json& object, const char* key, const Word<T> (&words)[n]) {
  const std::string text = text_at(object, key, words[0].name);
  std::vector<std::string> names;
  for (const Word<T>& word : words) {
    if (text == word.name) return word.value;
    names.emplace_back(word.name);
  }
  fail("'", key, "': unknown word '", text, "'", did_you_mean(text, names),
       "; known: ", join(names, ", "));
}

template <typename T, std::size_t n>
const char* word_of(T value, const Word<T> (&words)[n]) {
  for (const Word<T>& word : words) {
    if (word.value == value) return word.name;
  }
  return "";
}

std::vector<std::string> texts_at(const Json& object, const char* key) {
  if (!object.contains(key)) return {};
  if (!object[key].is_array()) fail("'", key, "': expected a list of texts");
  std::vector<std::string> out;
  for (const Json& item : object[key]) {
    if (!item.is_string()) fail("'", key, "': expected a list of texts");
    out.push_back(item.get<std::string>());
  }
  return out;
}

ProtocolMetric metric_of(const Json& entry, Color fallback) {
  if (!entry.is_object()) fail("expected an object such as {\"metric\": \"psnr\"}");
  if (!entry.contains("metric")) fail("no key 'metric'");
  const Metric& metric = metric_by_name(text_at(entry, "metric", ""));
  std::vector<std::string> known = {"metric", "name", "color"};
  Json params = Json::object();
  for (const Param& row : metric.params) known.emplace_back(row.name);
  require_known_keys(entry, known, metric.name);
  for (const auto& [key, value] : entry.items()) {
    if (key != "metric" && key != "name" && key != "color") params[key] = value;
  }
  ProtocolMetric out{&metric, text_at(entry, "name", metric.name), fallback, Params(metric.params)};
  if (entry.contains("color")) out.color = color_by_name(text_at(entry, "color", ""));
  out.params.set_all(params, metric.name);
  return out;
}

/// KEY_REGION is the name of KEY's score in a region.
void require_no_region_keys(const std::set<std::string>& keys) {
  std::vector<std::string> regions = region_names(true, true, false);
  for (const std::string& more : region_names(false, false, true)) regions.push_back(more);
  for (const std::string& key : keys) {
    for (const std::string& region : regions) {
      if (keys.count(key + "_" + region) == 0) continue;
      fail("'metrics': '", key, "_", region, "' is the name of '", key, "' in region '", region,
           "'; call it something else");
    }
  }
}

Cut cut_of(const Json& object, const char* size, const char* overlap) {
  const Cut cut{whole_at(object, size, 0, 0, 1 << 20), whole_at(object, overlap, 0, 0, 1 << 20)};
  if (cut.overlap >= cut.size && cut.size > 0) {
    fail("'", overlap, "' is ", cut.overlap, ", must be less than '", size, "', ", cut.size);
  }
  return cut;
}

Inference inference_of(const Json& object) {
  require_known_keys(object,
                     {"window_frames", "window_overlap", "tile_rows", "tile_columns",
                      "tile_overlap", "blend", "save"},
                     "inference");
  Inference out;
  out.plan.frames = cut_of(object, "window_frames", "window_overlap");
  out.plan.rows = cut_of(object, "tile_rows", "tile_overlap");
  out.plan.columns = cut_of(object, "tile_columns", "tile_overlap");
  constexpr Word<int> kBlends[] = {{"cut-half-overlap", 0}, {"mean", 0}};
  constexpr Word<int> kSaves[] = {{"round-half-even", 0}, {"truncate", 0}};
  word_at(object, "blend", kBlends);
  word_at(object, "save", kSaves);
  out.blend = text_at(object, "blend", kBlends[0].name);
  out.save = text_at(object, "save", kSaves[0].name);
  return out;
}

Protocol from_json(const Json& json) {
  require_known_keys(json,
                     {"name", "title", "note", "used_by", "color", "crop", "crop_border",
                      "skip_frames", "metrics", "average", "identical", "inference"},
                     "protocol");
  Protocol out;
  out.name = text_at(json, "name", "");
  out.title = text_at(json, "title", "");
  out.note = text_at(json, "note", "");
  out.used_by = texts_at(json, "used_by");
  out.crop = word_at(json, "crop", kCrops);
  out.crop_border_px = whole_at(json, "crop_border", 0, 0, 4096);
  if (out.crop != Crop::kBorder && out.crop_border_px > 0) {
    fail("'crop_border' does not go with 'crop': \"", word_of(out.crop, kCrops), "\"");
  }
  out.skip_frames = whole_at(json, "skip_frames", 0, 0, 1000);
  out.averaging = word_at(json, "average", kAveragings);
  out.identical = word_at(json, "identical", kIdenticalRules);
  const Color color = color_by_name(text_at(json, "color", "rgb"));
  if (!json.contains("metrics") || !json["metrics"].is_array() || json["metrics"].empty()) {
    fail("'metrics': expected a list of at least one metric");
  }
  std::set<std::string> keys;
  for (const Json& entry : json["metrics"]) {
    const std::string place = cat("metrics[", out.metrics.size(), "]");
    out.metrics.push_back(within(place, [&] { return metric_of(entry, color); }));
    const std::string& key = out.metrics.back().key;
    // In results these stand beside the scores.
    const bool taken = key == "name" || key == "clip" || key == "identical";
    if (key.empty() || taken || one_line(key) != key) {
      fail(place, ": '", one_line(key), "' cannot name a score");
    }
    if (!keys.insert(key).second) {
      fail(place, ": a second score '", key, "'; give it another \"name\"");
    }
  }
  require_no_region_keys(keys);
  if (json.contains("inference")) {
    out.inference = within("inference", [&] { return inference_of(json["inference"]); });
  }
  return out;
}

/// Of a file of parameters counts what it holds, not where it lies.
Json content_of(const Params& params) {
  Json out = params.to_json();
  if (!out.contains("model") || out["model"] == "") return out;
  out["model"] = "sha256:" + sha256_of_file(params.text("model"));
  return out;
}

Json inference_json(const Inference& inference) {
  return {{"window_frames", inference.plan.frames.size},
          {"window_overlap", inference.plan.frames.overlap},
          {"tile_rows", inference.plan.rows.size},
          {"tile_columns", inference.plan.columns.size},
          {"tile_overlap", inference.plan.rows.overlap},
          {"blend", inference.blend},
          {"save", inference.save}};
}

}  // namespace

bool Protocol::needs_reference() const {
  return std::any_of(metrics.begin(), metrics.end(),
                     [](const ProtocolMetric& entry) { return entry.metric->needs_reference; });
}

Rect Protocol::part(int height, int width) const {
  if (crop == Crop::kTecogan) {
    const int rows = (height - 16) / 32 * 32;
    const int columns = (width - 16) / 32 * 32;
    if (rows <= 0 || columns <= 0) {
      fail("TecoGAN's crop leaves nothing of ", width, "x", height, "; it needs 48 pixels a side");
    }
    return {(height - rows) / 2, (width - columns) / 2, rows, columns};
  }
  const Rect inner{crop_border_px, crop_border_px, height - 2 * crop_border_px,
                   width - 2 * crop_border_px};
  if (inner.height <= 0 || inner.width <= 0) {
    fail("a border of ", crop_border_px, " pixels leaves nothing of ", width, "x", height);
  }
  return inner;
}

void Protocol::require_frames(int n) const {
  if (n > 2 * skip_frames) return;
  fail("the protocol leaves out ", counted(skip_frames, "frame"), " at both ends, which is all of ",
       n);
}

Json Protocol::definition() const {
  Json out;
  Json list = Json::array();
  for (const ProtocolMetric& entry : metrics) {
    Json item{{"metric", entry.metric->name}, {"name", entry.key}, {"color", name_of(entry.color)}};
    const Json params = content_of(entry.params);
    for (const auto& [key, value] : params.items()) item[key] = value;
    list.push_back(std::move(item));
  }
  out["metrics"] = std::move(list);
  out["crop_border"] = crop_border_px;
  // Later additions are written where they say something: hashes of older protocols stay.
  if (crop != Crop::kBorder) out["crop"] = word_of(crop, kCrops);
  if (skip_frames > 0) out["skip_frames"] = skip_frames;
  out["average"] = word_of(averaging, kAveragings);
  out["identical"] = word_of(identical, kIdenticalRules);
  if (inference) out["inference"] = inference_json(*inference);
  return out;
}

std::string Protocol::sha256() const { return sha256_hex(canonical_text(definition())); }

Protocol parse_protocol(std::string_view text, const std::string& place) {
  return within(place, [&] { return from_json(parse_json(text, "the file")); });
}

Protocol load_protocol(const std::string& name_or_path) {
  const fs::path path = find_manifest("protocols", name_or_path);
  Protocol protocol = parse_protocol(read_text(path, 1 << 20), path.string());
  if (protocol.name.empty()) protocol.name = path.stem().string();
  return protocol;
}

std::vector<Protocol> shipped_protocols() {
  std::vector<Protocol> out;
  for (const std::string& name : manifest_names("protocols")) out.push_back(load_protocol(name));
  if (out.empty()) fail("listing the protocols: ", manifests_missing());
  return out;
}

}  // namespace pluvia
