// SPDX-License-Identifier: Apache-2.0
#include "datasets/layouts/export_set.h"

#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/json.h"
#include "core/pipeline.h"
#include "core/progress.h"
#include "core/text.h"
#include "datasets/file_name.h"
#include "datasets/layouts/export_target.h"
#include "datasets/layouts/frame_record.h"
#include "datasets/media/stills.h"
#include "datasets/pairing.h"

namespace pluvia {
namespace {

constexpr std::byte kBinaryThreshold{128};

void require_plain_name(const std::string& name, const char* what) {
  if (!is_file_name(name))
    fail("its ", what, " name '", name.substr(0, 40), "' cannot be a file name");
}

std::string counted_name(int t, int digits) {
  char text[32];
  std::snprintf(text, sizeof text, "%0*d", digits, t);
  return text;
}

std::vector<std::string> frame_names(const ClipReader& clip, FrameNumbering numbering) {
  constexpr int kUsualDigits = 8;
  FrameColumns columns;
  const std::vector<FrameRow> rows = clip.frame_rows(&columns);
  const auto frames = static_cast<std::size_t>(clip.info().frames);
  std::vector<std::string> names;
  std::unordered_set<std::string> taken;
  for (std::size_t t = 0; t < frames; ++t) {
    const bool counted = numbering.digits > 0 || !columns.name || t >= rows.size();
    const int digits = numbering.digits > 0 ? numbering.digits : kUsualDigits;
    names.push_back(counted ? counted_name(static_cast<int>(t) + numbering.first, digits)
                            : rows[t].name);
    require_plain_name(names.back(), "frame's");
    if (!taken.insert(pairing_key(names.back())).second) {
      fail("two of its frames are called ", names.back());
    }
  }
  return names;
}

// Pictures that share a ground truth keep sharing it when their names say which ("901_1", "901_2":
// ground truth "901"); otherwise each gets its own copy under its own name.
std::vector<std::string> gt_names(const std::vector<std::string>& names,
                                  const std::vector<int>& index) {
  if (index.size() != names.size()) return names;
  std::vector<std::string> shared;
  std::map<std::string, int> row_of;
  std::map<int, std::string> name_of_row;
  for (std::size_t t = 0; t < names.size(); ++t) {
    const std::size_t bar = names[t].find('_');
    const std::string stem = names[t].substr(0, bar);
    const bool counted = bar != std::string::npos && !stem.empty() && bar + 1 < names[t].size() &&
                         stem.find_first_not_of("0123456789") == std::string::npos &&
                         names[t].find_first_not_of("0123456789", bar + 1) == std::string::npos;
    if (!counted || row_of.emplace(pairing_key(stem), index[t]).first->second != index[t] ||
        name_of_row.emplace(index[t], stem).first->second != stem) {
      return names;
    }
    shared.push_back(stem);
  }
  return shared;
}

struct Job {
  const ClipReader* clip;
  Layer layer;
  bool binary;
  int frame;
  fs::path file;  ///< relative
};

class Planner {
 public:
  Planner(const Layout& layout, const ExportContext& context)
      : layout_(layout), context_(context) {}

  void add(const ClipReader& clip) {
    const ClipInfo& info = clip.info();
    require_plain_name(original_name(info), "original");
    const auto group = info.notes.find("group");
    if (group != info.notes.end()) require_plain_name(group->second, "group's");
    const std::vector<std::string> names = frame_names(clip, layout_.numbering);
    const std::vector<std::string> clean = gt_names(names, clip.gt_index());
    for (const Layer layer : info.layers.list())
      add_layer(clip, layer, layer == Layer::kGt ? clean : names);
  }

  std::vector<Job> jobs;
  std::vector<std::string> warnings;

 private:
  void add_layer(const ClipReader& clip, Layer layer, const std::vector<std::string>& names) {
    const ClipInfo& info = clip.info();
    const auto place = layout_.place(info, layer, context_);
    if (!place) {
      if (layer == Layer::kLq || layer == Layer::kGt) {
        fail("layout ", layout_.name, " has no place for split '", info.split,
             "'; export its clips alone with --split, or choose another layout");
      }
      const std::string line =
          cat("layer ", spec(layer).name, info.split.empty() ? "" : " of split ", info.split,
              " has no place in layout ", layout_.name, "; left out");
      if (std::find(warnings.begin(), warnings.end(), line) == warnings.end())
        warnings.push_back(line);
      return;
    }
    std::unordered_set<std::string> written;
    for (int t = 0; t < info.frames; ++t) {
      const std::string& name = names[static_cast<std::size_t>(t)];
      if (!written.insert(name).second) continue;  // a ground truth shared with an earlier frame
      fs::path file = place->folder / (name + ".png");
      if (!taken_.insert(file.string()).second) {
        fail("two pictures of the set would both be written to ", file.string(),
             "; export them apart with --clips, or choose another layout");
      }
      jobs.push_back({&clip, layer, place->binary, t, std::move(file)});
    }
  }

  const Layout& layout_;
  const ExportContext& context_;
  std::unordered_set<std::string> taken_;
};

Planner plan_export(std::span<const ClipReader* const> clips, const Layout& layout,
                    const ExportContext& context) {
  Planner planner(layout, context);
  for (const ClipReader* clip : clips) {
    within("exporting clip " + clip->info().id, [&] { planner.add(*clip); });
  }
  return planner;
}

ExportContext context_of(std::span<const ClipReader* const> clips, const std::string& arrangement) {
  ExportContext context;
  context.arrangement = arrangement;
  context.has_splits = std::any_of(clips.begin(), clips.end(), [](const ClipReader* clip) {
    return !clip->info().split.empty();
  });
  return context;
}

std::string record_of(std::span<const ClipReader* const> clips, const Layout& layout,
                      const ExportContext& context, const ExportOptions& options) {
  Json record;
  record["format"] = "pluvia-export";
  record["layout"] = layout.name;
  record["arrangement"] = options.arrangement;
  record["source"] = options.source_text;
  for (const ClipReader* clip : clips) {
    const ClipInfo& info = clip->info();
    Json entry = Json::object({{"id", info.id},
                               {"name", original_name(info)},
                               {"split", info.split},
                               {"source", info.source},
                               {"frames", info.frames},
                               {"height", info.height},
                               {"width", info.width},
                               {"fps", info.fps},
                               {"layers", info.layers.names()}});
    const auto place = layout.place(info, Layer::kLq, context);
    if (place) entry["folder"] = place->folder.generic_string();
    FrameColumns columns;
    const std::vector<FrameRow> rows = clip->frame_rows(&columns);
    if (columns.rendering) {
      entry["seed"] = info.seed;
      entry["rain"] = info.rain;
      entry["camera"] = info.camera;
    }
    if (columns.rendering || columns.time) {
      entry["rows"] = to_record(rows, frame_names(*clip, layout.numbering), columns);
    }
    record["clips"].push_back(std::move(entry));
  }
  return record.dump(1) + "\n";
}

void write_job(const Job& job, const fs::path& root) {
  const ClipInfo& info = job.clip->info();
  const int channels = spec(job.layer).channels;
  Image<std::uint8_t> image(info.height, info.width, channels);
  const std::span<std::byte> bytes = std::as_writable_bytes(image.pixels());
  job.clip->read(job.layer, {job.frame, 1, 0, 0, info.height, info.width}, bytes);
  if (job.binary) {
    for (std::byte& value : bytes)
      value = value >= kBinaryThreshold ? std::byte{255} : std::byte{0};
  }
  write_png(root / job.file, image.view());
}

void make_folders(const std::vector<Job>& jobs, const fs::path& root) {
  std::unordered_set<std::string> made;
  for (const Job& job : jobs) {
    const fs::path folder = root / job.file.parent_path();
    if (!made.insert(folder.string()).second) continue;
    std::error_code code;
    fs::create_directories(folder, code);
    if (code) fail("creating folder ", folder.string(), ": ", code.message());
  }
}

}  // namespace

// Of an export that had come to its end: all is there, or somebody took something out.
void require_all(const std::vector<Job>& jobs, const fs::path& dir) {
  std::vector<std::string> missing;
  std::error_code code;
  for (const Job& job : jobs) {
    if (!fs::exists(dir / job.file, code)) missing.push_back(job.file.string());
  }
  if (missing.empty()) return;
  fail("exporting to ", dir.string(), ": the finished export lacks ", list_some(missing),
       "; write it again with --force");
}

ExportResult export_set(std::span<const ClipReader* const> clips, const Layout& layout,
                        const fs::path& dir, const ExportOptions& options) {
  const ExportContext context = context_of(clips, options.arrangement);
  Planner plan = plan_export(clips, layout, context);
  if (plan.jobs.empty()) fail("exporting to ", dir.string(), ": there are no clips to export");
  ExportTarget target(dir, record_of(clips, layout, context, options), options.resume,
                      options.force);
  ExportResult result;
  result.warnings = std::move(plan.warnings);
  if (target.complete()) {
    require_all(plan.jobs, dir);
    result.skipped = plan.jobs.size();
    return result;
  }
  make_folders(plan.jobs, target.part());
  const int threads = thread_count(options.threads);
  Progress progress("exporting", plan.jobs.size(), "pictures");
  OrderedPipeline pipeline(threads, static_cast<std::size_t>(threads) * 4);
  for (const Job& job : plan.jobs) {
    throw_if_interrupted();
    // write_png renames whole files into place, so a file that is there is a whole one.
    if (target.resumed() && fs::exists(target.part() / job.file)) {
      ++result.skipped;
      progress.skip(1);
      continue;
    }
    pipeline.push(
        [&job, &target] {
          within("exporting clip " + job.clip->info().id, [&] { write_job(job, target.part()); });
        },
        [&result, &progress] {
          ++result.files;
          progress.add(1);
        });
  }
  pipeline.finish();
  progress.finish();
  target.publish_folder();
  return result;
}

std::vector<std::string> planned_files(std::span<const ClipReader* const> clips,
                                       const Layout& layout, const std::string& arrangement) {
  const ExportContext context = context_of(clips, arrangement);
  std::vector<std::string> files;
  for (const Job& job : plan_export(clips, layout, context).jobs)
    files.push_back(job.file.string());
  return files;
}

}  // namespace pluvia
