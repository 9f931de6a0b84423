// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "core/counted.h"
#include "core/error.h"
#include "core/json.h"
#include "core/text.h"
#include "datasets/store/set_reader.h"

namespace pluvia::cli {
namespace {

// Written as text at once: a tree of values for 100,000 clips takes a second to build.
std::string clip_text(const IndexRow& row) {
  const ClipInfo& clip = row.clip;
  std::string layers;
  std::string hashes;
  for (const Layer layer : clip.layers.list()) {
    const std::string name = json_quoted(spec(layer).name);
    layers += (layers.empty() ? "" : ",") + name;
    const auto hash = row.content_sha256.find(layer);
    if (hash == row.content_sha256.end()) continue;
    hashes += (hashes.empty() ? "" : ",") + name + ":\"" + hash->second + "\"";
  }
  std::string out = "{\"id\":" + json_quoted(clip.id);
  out += ",\"frames\":" + std::to_string(clip.frames);
  out += ",\"height\":" + std::to_string(clip.height);
  out += ",\"width\":" + std::to_string(clip.width);
  out += ",\"fps\":" + to_text(clip.fps);
  out += ",\"split\":" + json_quoted(clip.split);
  out += ",\"source\":" + json_quoted(clip.source);
  out += ",\"seed\":" + std::to_string(clip.seed);
  return out + ",\"layers\":[" + layers + "],\"content_sha256\":{" + hashes + "}}";
}

std::string describe(const SetInfo& info) {
  std::string clips;
  for (const IndexRow& row : info.rows) clips += (clips.empty() ? "" : ",\n") + clip_text(row);
  const Json splits = info.splits.empty() ? Json::object() : Json(info.splits);
  return cat("{\"format\":", kFormatVersion, ",\"kind\":", json_quoted(info.kind),
             ",\"formation\":", json_quoted(info.formation), ",\"title\":", json_quoted(info.title),
             ",\"generator\":", json_quoted(info.generator), ",\n\"clips\":[", clips,
             "],\n\"splits\":", splits.dump(-1, ' ', false, Json::error_handler_t::replace),
             ",\"recipe\":", parse_json(info.recipe, "attribute recipe").dump(),
             ",\"provenance\":", parse_json(info.provenance, "attribute provenance").dump(), "}");
}

// Matrix, range and depth that an import assumed or changed; layers that say the same share a line.
void print_read_as(const std::string& text) {
  const Json provenance = parse_json(text, "provenance");
  const auto read_as = provenance.find("read_as");
  if (read_as == provenance.end() || !read_as->is_object()) return;
  std::map<std::string, std::string> layers;
  for (const auto& [key, values] : read_as->items()) {
    const std::size_t dot = key.find('.');
    if (dot == std::string::npos || !values.is_array()) continue;
    std::vector<std::string> texts;
    for (const Json& value : values) {
      if (value.is_string()) texts.push_back(one_line(value.get<std::string>()));
    }
    std::string& names = layers[cat(one_line(key.substr(dot + 1)), ": ", join(texts, " | "))];
    names += (names.empty() ? "" : ",") + one_line(key.substr(0, dot));
  }
  for (const auto& [what, names] : layers)
    std::printf("  read as    %s (%s)\n", what.c_str(), names.c_str());
}

/// Fit for a terminal, whatever the file says.
SetInfo shown(const SetInfo& info) {
  const auto clean = [](const std::string& text) { return one_line(text, text.size()); };
  SetInfo out{info.kind,
              clean(info.formation),
              clean(info.title),
              info.recipe,
              info.provenance,
              clean(info.generator),
              {},
              {}};
  for (const auto& [name, ids] : info.splits) out.splits[clean(name)] = ids;
  out.rows.resize(info.rows.size());
  for (std::size_t i = 0; i < out.rows.size(); ++i) {
    out.rows[i].clip = info.rows[i].clip;
    out.rows[i].clip.split = clean(info.rows[i].clip.split);
  }
  return out;
}

/// Of --all: what `info --json` says as well.
void print_more(const SetInfo& info) {
  std::printf("\n  content hashes (SHA-256 of the decoded layers)\n");
  for (const IndexRow& row : info.rows) {
    for (const auto& [layer, hash] : row.content_sha256)
      std::printf("  %-20s %-10s %s\n", row.clip.id.c_str(), spec(layer).name, hash.c_str());
  }
}

void print_text(const SetInfo& info, const std::string& path, bool all) {
  const std::size_t limit = all ? info.rows.size() : 20;
  const auto text_of = [&](const std::string& text) {
    return one_line(text, all ? text.size() : 100);
  };
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
  if (info.recipe != "{}") std::printf("  recipe     %s\n", text_of(info.recipe).c_str());
  if (info.provenance != "{}") std::printf("  provenance %s\n", text_of(info.provenance).c_str());
  std::printf("  content    %s, %s, %s uncompressed\n",
              counted(info.rows.size(), info.kind == "images" ? "stack" : "clip").c_str(),
              counted(frames, "frame").c_str(), human_bytes(raw).c_str());
  for (const auto& [name, ids] : info.splits)
    std::printf("  split      %s: %zu\n", name.c_str(), ids.size());
  print_read_as(info.provenance);
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
  app.add_flag("--all", options->all,
               "list every clip, the content hashes, recipe and provenance in full");
  return [options, &globals] {
    const std::shared_ptr<SetReader> set = SetReader::open(options->set);
    const SetInfo& info = set->info();
    if (globals.json) {
      within(options->set, [&] { print_line(describe(info)); });
      return 0;
    }
    print_text(shown(info), options->set, options->all);
    if (options->all) print_more(info);
    return 0;
  };
}

}  // namespace pluvia::cli
