// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/command.h"
#include "core/counted.h"
#include "core/error.h"
#include "core/json.h"
#include "core/progress.h"
#include "core/text.h"
#include "datasets/layouts/export_set.h"
#include "datasets/store/set_reader.h"

namespace pluvia::cli {
namespace {

struct Options {
  std::string set;
  std::string layout;
  std::string out;
  std::string split;
  std::vector<std::string> clips;
  ExportOptions to;
  bool dry_run = false;
};

// The rows that --split and --clips ask for; an unknown name is an error, not an empty export.
std::vector<const IndexRow*> chosen_rows(const SetReader& set, const Options& options) {
  std::vector<std::string> ids;
  std::vector<const IndexRow*> rows;
  const std::set<std::string> wanted(options.clips.begin(), options.clips.end());
  const std::string split = choose_split(set.info(), options.set, options.split, "");
  for (const IndexRow& row : set.info().rows) {
    ids.push_back(row.clip.id);
    if (!split.empty() && row.clip.split != split) continue;
    if (!wanted.empty() && wanted.count(row.clip.id) == 0) continue;
    rows.push_back(&row);
  }
  for (const std::string& id : wanted) {
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) {
      fail_usage(options.set, ": no clip '", id, "'", did_you_mean(id, ids), "; there are ",
                 list_some(ids));
    }
  }
  if (rows.empty()) fail_usage(options.set, ": no clip is chosen by --split and --clips together");
  return rows;
}

void require_kind(const SetReader& set, const Layout& layout, const std::string& path) {
  const SetKind kind = set.info().kind == "images" ? SetKind::kImages : SetKind::kClips;
  if (kind == layout.kind) return;
  std::vector<std::string> fitting;
  for (const Layout* other : all_layouts()) {
    if (other->kind == kind) fitting.emplace_back(other->name);
  }
  fail_usage("layout ", layout.name, " is for ",
             layout.kind == SetKind::kImages ? "single pictures" : "clips", ", but ", path,
             " holds ", kind == SetKind::kImages ? "pictures" : "clips", "; use --layout ",
             join(fitting, " or "));
}

// What --force replaces is gone afterwards, and the set with it.
void refuse_to_bury(const Options& options) {
  std::error_code code;
  const fs::path set = fs::weakly_canonical(options.set, code);
  const fs::path inside = set.lexically_relative(fs::weakly_canonical(fs::path(options.out), code));
  if (code || inside.empty() || *inside.begin() == "..") return;
  fail_usage("exporting to ", options.out, ": it holds ", options.set,
             ", which must not go with it; choose another --out");
}

int run(Options& options, const Globals& globals) {
  const Layout& layout = find_layout(options.layout);
  if (options.out.empty() && !options.dry_run) fail_usage("export needs --out DIR (or --dry-run)");
  if (layout.arrangements().empty() && !options.to.arrangement.empty()) {
    fail_usage("layout ", layout.name, " has no --arrangement");
  }
  if (!options.dry_run) refuse_to_bury(options);
  const std::shared_ptr<SetReader> set = SetReader::open(options.set);
  require_kind(*set, layout, options.set);
  std::vector<std::unique_ptr<ClipReader>> owners;
  std::vector<const ClipReader*> clips;
  for (const IndexRow* row : chosen_rows(*set, options)) {
    owners.push_back(set->clip(row->clip.id));
    clips.push_back(owners.back().get());
    options.to.source_text += row->clip.id + "=" + clip_sha256(row->content_sha256) + " ";
  }
  options.to.threads = globals.threads;
  Json out;
  out["layout"] = layout.name;
  out["clips"] = clips.size();
  if (options.dry_run) {
    const std::vector<std::string> files = planned_files(clips, layout, options.to.arrangement);
    out["files"] = files;
    print_line(globals.json ? out.dump()
                            : cat("would write ", counted(files.size(), "picture"), " of ",
                                  counted(clips.size(), "clip"), ", the first: ", files.front()));
    return 0;
  }
  const ExportResult result = export_set(clips, layout, options.out, options.to);
  for (const std::string& line : result.warnings) warn(line);
  out["out"] = options.out;
  out["files"] = result.files + result.skipped;
  if (globals.json) print_line(out.dump());
  note(cat(options.out, ": ", counted(result.files + result.skipped, "picture"), " of ",
           counted(clips.size(), "clip"), ", layout ", layout.name));
  return 0;
}

}  // namespace

Run setup_export(CLI::App& app, const Globals& globals) {
  auto options = std::make_shared<Options>();
  app.add_option("SET", options->set, "a Pluvia set (.h5)")->required();
  app.add_option("--layout", options->layout, layout_names())->required();
  app.add_option("-o,--out", options->out, "the folder to make");
  app.add_option("--arrangement", options->to.arrangement,
                 "vrds: testlq, test-folder or train-test");
  app.add_option("--split", options->split, "only the clips of this split (default: all)");
  app.add_option("--clips,--clip", options->clips, "only these clips (ids, separated by commas)")
      ->delimiter(',');
  app.add_flag("--dry-run", options->dry_run, "say what would be written, write nothing");
  app.add_flag("--resume", options->to.resume, "go on with an export that was stopped");
  app.add_flag("--force", options->to.force, "replace an earlier export when the new one is whole");
  return [options, &globals] { return run(*options, globals); };
}

}  // namespace pluvia::cli
