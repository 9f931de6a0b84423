// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "core/json.h"
#include "core/text.h"
#include "datasets/store/set_reader.h"

namespace pluvia::cli {
namespace {

Json describe(const SetInfo& info) {
  Json out;
  out["format"] = kFormatVersion;
  out["kind"] = info.kind;
  out["formation"] = info.formation;
  out["title"] = info.title;
  out["generator"] = info.generator;
  out["clips"] = Json::array();
  for (const IndexRow& row : info.rows) {
    const ClipInfo& clip = row.clip;
    Json entry;
    entry["id"] = clip.id;
    entry["frames"] = clip.frames;
    entry["height"] = clip.height;
    entry["width"] = clip.width;
    entry["fps"] = clip.fps;
    entry["split"] = clip.split;
    entry["source"] = clip.source;
    entry["seed"] = clip.seed;
    entry["layers"] = Json::array();
    entry["content_sha256"] = Json::object();
    for (const Layer layer : clip.layers.list()) {
      entry["layers"].push_back(spec(layer).name);
      const auto hash = row.content_sha256.find(layer);
      if (hash != row.content_sha256.end())
        entry["content_sha256"][spec(layer).name] = hash->second;
    }
    out["clips"].push_back(std::move(entry));
  }
  out["splits"] = info.splits;
  if (info.splits.empty()) out["splits"] = Json::object();
  out["recipe"] = parse_json(info.recipe, "recipe");
  out["provenance"] = parse_json(info.provenance, "provenance");
  return out;
}

void print_text(const SetInfo& info, const std::string& path, std::size_t limit) {
  std::uint64_t frames = 0;
  double raw = 0;
  for (const IndexRow& row : info.rows) {
    frames += static_cast<std::uint64_t>(row.clip.frames);
    for (const Layer layer : row.clip.layers.list()) {
      raw += static_cast<double>(Window::whole(row.clip).pixels() * spec(layer).pixel_bytes());
    }
  }
  std::printf("%s: Pluvia set, format %d, %s\n", path.c_str(), kFormatVersion, info.kind.c_str());
  if (!info.title.empty()) std::printf("  title      %s\n", info.title.c_str());
  std::printf("  formation  %s\n", info.formation.empty() ? "not stated" : info.formation.c_str());
  std::printf("  written by %s\n", info.generator.c_str());
  std::printf("  content    %zu %s, %llu frames, %s uncompressed\n", info.rows.size(),
              info.kind == "images" ? "stacks" : "clips", static_cast<unsigned long long>(frames),
              human_bytes(raw).c_str());
  for (const auto& [name, ids] : info.splits)
    std::printf("  split      %s: %zu\n", name.c_str(), ids.size());
  std::printf("\n  %-20s %7s %11s %6s  %-8s %s\n", "clip", "frames", "size", "fps", "split",
              "layers");
  for (std::size_t i = 0; i < info.rows.size() && i < limit; ++i) {
    const ClipInfo& clip = info.rows[i].clip;
    const std::string size = std::to_string(clip.width) + "x" + std::to_string(clip.height);
    std::printf("  %-20s %7d %11s %6s  %-8s %s\n", clip.id.c_str(), clip.frames, size.c_str(),
                clip.fps > 0 ? to_text(clip.fps).c_str() : "-",
                clip.split.empty() ? "-" : clip.split.c_str(), clip.layers.names().c_str());
  }
  if (info.rows.size() > limit)
    std::printf("  ... and %zu more (--all lists them)\n", info.rows.size() - limit);
}

}  // namespace

Run setup_info(CLI::App& app, const Globals& globals) {
  struct Options {
    std::string set;
    bool all = false;
  };
  auto options = std::make_shared<Options>();
  app.add_option("SET", options->set, "a Pluvia set (.h5)")->required();
  app.add_flag("--all", options->all, "list every clip");
  return [options, &globals] {
    const std::shared_ptr<SetReader> set = SetReader::open(options->set);
    const SetInfo& info = set->info();
    if (globals.json) {
      print_line(describe(info).dump());
    } else {
      print_text(info, options->set, options->all ? info.rows.size() : 20);
    }
    return 0;
  };
}

}  // namespace pluvia::cli
