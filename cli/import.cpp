// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/choice.h"
#include "cli/command.h"
#include "cli/version.h"
#include "core/counted.h"
#include "core/error.h"
#include "core/json.h"
#include "core/progress.h"
#include "core/text.h"
#include "datasets/layouts/layout.h"
#include "datasets/layouts/run_import.h"
#include "datasets/store/set_reader.h"
#include "datasets/store/set_writer.h"

namespace pluvia::cli {
namespace {

constexpr const char* kRainyLeft = "rainy-left";
constexpr const char* kCleanLeft = "clean-left";

struct Options {
  std::string layout;
  std::string dir;
  std::string out;
  std::string title;
  std::string order;  ///< empty: kRainyLeft
  std::map<Layer, std::string> folders;
  ImportOptions import;
  bool dry_run = false;
  bool resume = false;
  bool force = false;
};

std::string summary(const ImportPlan& plan) {
  const bool images = plan.kind == SetKind::kImages;
  return cat(counted(plan.clips.size(), images ? "stack" : "clip"), ", ",
             counted(plan.frames(), images ? "picture" : "frame"), ", ",
             human_bytes(static_cast<double>(plan.raw_bytes())), " uncompressed");
}

/// With the lengths that videos turned out to have.
ImportPlan with_lengths(ImportPlan plan, const std::string& set) {
  const std::shared_ptr<SetReader> reader = SetReader::open(set);
  std::map<std::string, int> lengths;
  for (const IndexRow& row : reader->info().rows) lengths[row.clip.id] = row.clip.frames;
  for (PlannedClip& clip : plan.clips) clip.frames = lengths[clip.id];
  return plan;
}

Json to_json(const ImportPlan& plan) {
  Json out;
  out["layout"] = plan.layout;
  out["kind"] = plan.kind == SetKind::kImages ? "images" : "clips";
  out["recognised"] = plan.recognised;
  out["frames"] = plan.frames();
  out["raw_bytes"] = plan.raw_bytes();
  out["clips"] = Json::array();
  for (const PlannedClip& clip : plan.clips) {
    out["clips"].push_back({{"id", clip.id},
                            {"name", clip.name},
                            {"split", clip.split},
                            {"source", clip.source},
                            {"frames", clip.frames},
                            {"height", clip.height},
                            {"width", clip.width},
                            {"fps", clip.fps},
                            {"layers", split(clip.layer_set().names(), ',')}});
  }
  out["problems"] = Json::array();
  for (const Problem& problem : plan.problems) {
    out["problems"].push_back(
        {{"kind", name_of(problem.kind)}, {"item", problem.item}, {"problem", problem.text}});
  }
  out["warnings"] = plan.warnings;
  return out;
}

void tell(const ImportPlan& plan) {
  const bool all = verbosity() == Verbosity::kVerbose;
  for (const std::string& line : plan.recognised) note(plan.layout + ": " + line);
  constexpr std::size_t kShown = 10;
  for (std::size_t i = 0; i < plan.warnings.size() && (all || i < kShown); ++i)
    warn(plan.warnings[i]);
  if (!all && plan.warnings.size() > kShown) {
    warn(cat(plan.warnings.size() - kShown, " more like these (--verbose lists all)"));
  }
  if (all) {
    for (const Problem& problem : plan.problems) {
      note(cat(name_of(problem.kind), ": ", problem.item, ": ", problem.text));
    }
  }
}

void print_plan(const ImportPlan& plan) {
  constexpr std::size_t kShown = 20;
  const bool all = verbosity() == Verbosity::kVerbose;
  for (std::size_t i = 0; i < plan.clips.size() && (all || i < kShown); ++i) {
    const PlannedClip& clip = plan.clips[i];
    print_line(cat("  ", clip.id, ": ", clip.frames > 0 ? std::to_string(clip.frames) : "?", " x ",
                   clip.width, "x", clip.height, ", ", clip.layer_set().names(),
                   clip.split.empty() ? "" : ", " + clip.split));
  }
  if (!all && plan.clips.size() > kShown)
    print_line(cat("  ... and ", plan.clips.size() - kShown, " more"));
  print_line("would import " + summary(plan));
}

// Everything that decides the content: another file, size or time of writing is another import.
std::string settings_of(const ImportPlan& plan, const Options& options) {
  Json settings;
  settings["layout"] = plan.layout;
  settings["title"] = options.title;
  for (const PlannedClip& clip : plan.clips) {
    Json entry = {{"id", clip.id}, {"split", clip.split}, {"source", clip.source}};
    for (const auto& [layer, source] : clip.layers) {
      Json& files = entry[spec(layer).name];
      files["piece"] = static_cast<int>(source.piece);
      for (const fs::path& file : source.files) {
        std::error_code code;
        const auto written = fs::last_write_time(file, code).time_since_epoch().count();
        files["files"].push_back(
            {file.lexically_proximate(options.dir).string(), fs::file_size(file, code), written});
      }
    }
    settings["clips"].push_back(std::move(entry));
  }
  return canonical_text(settings);
}

SetOptions set_options(const ImportPlan& plan, const Options& options, const Globals& globals) {
  SetOptions set;
  set.kind = plan.kind == SetKind::kImages ? "images" : "clips";
  set.generator = cat("pluvia ", kVersion);
  set.title = options.title.empty() ? folder_name(options.dir) : options.title;
  Json provenance;
  provenance["made_by"] = "import";
  provenance["layout"] = plan.layout;
  provenance["recognised"] = plan.recognised;
  provenance["warnings"] = plan.warnings;
  set.provenance = provenance.dump();
  set.settings = settings_of(plan, options);
  set.resume = options.resume;
  set.force = options.force;
  set.threads = globals.threads;
  return set;
}

// A video or picture that is to be imported is no place to write to.
void refuse_input_as_output(const ImportPlan& plan, const fs::path& out) {
  std::error_code code;
  if (!fs::exists(out, code)) return;
  for (const PlannedClip& clip : plan.clips) {
    for (const auto& [layer, source] : clip.layers) {
      for (const fs::path& file : source.files) {
        if (file.filename() != out.filename() || !fs::equivalent(file, out, code)) continue;
        fail_usage("--out ", out.string(), " is a ", spec(layer).name, " of clip ", clip.id,
                   "; choose another --out");
      }
    }
  }
}

// What readers assumed and changed, for `info`: the clips' own notes have it frame by frame.
std::string notes_text(const SetWriter& writer) {
  constexpr std::size_t kMost = 8;
  Json notes = Json::object();
  for (const auto& [key, values] : writer.clip_notes()) {
    Json list = Json::array();
    for (const std::string& value : values) {
      if (list.size() < kMost) list.push_back(value);
    }
    if (values.size() > kMost) list.push_back(cat("and ", values.size() - kMost, " more"));
    notes[key] = std::move(list);
  }
  return notes.dump();
}

int run_plan(const ImportPlan& plan, const Options& options, const Globals& globals) {
  refuse_input_as_output(plan, options.out);
  SetWriter writer(options.out, set_options(plan, options, globals));
  ImportResult result;
  if (!writer.complete()) {
    writer.require_space(plan.raw_bytes());
    result = run_import(
        plan,
        [&](const ClipInfo& info) {
          return writer.has_clip(info.id) ? std::unique_ptr<ClipWriter>() : writer.begin(info);
        },
        globals.threads);
    writer.add_provenance("read_as", notes_text(writer));
    writer.commit();
  }
  if (result.faint_masks > 0) {
    warn(
        cat("the masks of ", counted(result.faint_masks, "clip"),
            " hold 0 and 1 alone; where a drop covers all a mask is 255 here: multiply them by 255 "
            "and import again"));
  }
  for (const auto& [what, frames] : result.losses) {
    warn(cat(what, " (", counted(frames, "frame"), ")"));
  }
  if (globals.json) {
    Json out = to_json(with_lengths(plan, options.out));
    out["losses"] = result.losses;
    out["out"] = options.out;
    out["imported"] = result.clips;
    out["skipped"] = writer.complete() ? plan.clips.size() : result.skipped;
    print_line(out.dump());
  }
  if (writer.complete()) {
    note(options.out + " is complete already");
  } else {
    note(cat(options.out, ": ", summary(with_lengths(plan, options.out)), ", now ",
             human_bytes(static_cast<double>(fs::file_size(options.out)))));
  }
  return 0;
}

// Two pictures side by side are the only ones with an order.
void require_order_used(const ImportPlan& plan, const std::string& order) {
  if (order.empty()) return;
  for (const std::string& line : plan.recognised) {
    if (line.rfind("rule did", 0) == 0) return;
  }
  fail_usage("--order ", order,
             ": there are no pictures side by side; they are taken so with --rule did");
}

/// Whoever leaves the layout out gives the folder in its place.
std::string layout_problem(const std::string& word) {
  try {
    find_layout(word);
    return "";
  } catch (const Error& error) {
    return cat(error.what(), "; the layout comes first: import LAYOUT DIR");
  }
}

int run(const Options& options, const Globals& globals) {
  const Layout& layout = find_layout(options.layout);
  ImportOptions import = options.import;
  for (const auto& [layer, folder] : options.folders) {
    if (!folder.empty()) import.folders[layer] = folder;
  }
  import.clean_is_left = options.order == kCleanLeft;
  const bool of_pictures = !options.order.empty() || !import.rule.empty();
  if (layout.kind != SetKind::kImages && of_pictures) {
    fail_usage(options.order.empty() ? "--rule" : "--order",
               " is for layout paired-images, not for ", layout.name);
  }
  if (options.out.empty() && !options.dry_run)
    fail_usage("import needs --out SET.h5 (or --dry-run)");
  const ImportPlan plan = plan_import(layout, options.dir, import);
  require_order_used(plan, options.order);
  tell(plan);
  const bool sound = plan.problems.empty() && !plan.clips.empty();
  if (globals.json && (options.dry_run || !sound)) print_line(to_json(plan).dump());
  require_sound(plan, options.dir);
  if (!options.dry_run) return run_plan(plan, options, globals);
  if (!globals.json) print_plan(plan);
  return 0;
}

}  // namespace

Run setup_import(CLI::App& app, const Globals& globals) {
  auto options = std::make_shared<Options>();
  app.add_option("LAYOUT", options->layout, layout_names())
      ->required()
      ->check(CLI::Validator(layout_problem, ""));
  app.add_option("DIR", options->dir, "the data set's folder")->required();
  app.add_option("-o,--out", options->out, "the set to write");
  app.add_option("--title", options->title, "title of the set (default: the folder's name)");
  const Layer layers[] = {Layer::kLq, Layer::kGt, Layer::kStreak, Layer::kMask, Layer::kDrop};
  for (const Layer layer : layers) {
    app.add_option(
        std::string("--") + spec(layer).name, options->folders[layer],
        cat("folder of: ", spec(layer).help, " (in DIR, in its train/ and test/, or a path)"));
  }
  app.add_option("--splits", options->import.splits_file,
                 "JSON {\"train\": [names], \"test\": [names]}");
  app.add_option("--rule", options->import.rule,
                 "paired-images: naming rule (same-stem, rain100-old, rain100-new, rain1400, "
                 "number, did, spa)");
  app.add_option("--order", options->order,
                 "did: which half of a picture is which (default: rainy-left)")
      ->check(one_of({kRainyLeft, kCleanLeft}));
  app.add_flag("--allow-missing", options->import.allow_missing,
               "import what is complete and whole in all layers, warn of the rest");
  app.add_flag("--dry-run", options->dry_run, "say what would be imported, write nothing");
  app.add_flag("--resume", options->resume, "go on with an import that was stopped");
  app.add_flag("--force", options->force, "replace an existing --out when the new one is whole");
  return [options, &globals] { return run(*options, globals); };
}

}  // namespace pluvia::cli
