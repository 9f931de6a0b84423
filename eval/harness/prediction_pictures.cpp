// SPDX-License-Identifier: Apache-2.0
#include "eval/harness/prediction_pictures.h"

#include <algorithm>
#include <map>
#include <utility>

#include "core/counted.h"
#include "core/error.h"
#include "core/hash.h"
#include "core/parallel.h"
#include "core/problems.h"
#include "core/text.h"
#include "datasets/pairing.h"

namespace pluvia {
namespace {

namespace fs = std::filesystem;

/// Pictures of a folder by the key of their name (datasets/pairing.h).
std::map<std::string, fs::path> pictures_by_key(const fs::path& folder,
                                                std::vector<std::string>& problems) {
  std::map<std::string, fs::path> out;
  std::error_code code;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, code)) {
    if (!is_still_name(entry.path())) continue;
    const std::string key = pairing_key(entry.path().stem().string());
    const auto [at, fresh] = out.emplace(key, entry.path());
    if (!fresh) {
      problems.push_back(cat(entry.path().string(), " and ", at->second.filename().string(),
                             " have the same name"));
    }
  }
  if (code) problems.push_back(cat(folder.string(), ": ", code.message()));
  return out;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Where pictures that are there are called as all those that are missing but for some text around:
/// what to rename. `extra` is by the keys of names.
std::string renaming(const std::vector<std::string>& missing,
                     const std::map<std::string, fs::path>& extra) {
  if (missing.empty()) return {};
  const std::string wanted = pairing_key(missing.front());
  for (const auto& [key, path] : extra) {
    for (std::size_t at = key.find(wanted); at != std::string::npos;
         at = key.find(wanted, at + 1)) {
      const std::string before = key.substr(0, at);
      const std::string after = key.substr(at + wanted.size());
      const bool cuts_number = (!before.empty() && is_digit(before.back())) ||
                               (!after.empty() && is_digit(after.front()));
      if (cuts_number || !std::ranges::all_of(missing, [&](const std::string& name) {
            return extra.count(before + pairing_key(name) + after) > 0;
          })) {
        continue;
      }
      return cat("what is missing seems to be there under other names: rename ",
                 path.filename().string(), " to ", missing.front(), path.extension().string(),
                 ", and the others alike");
    }
  }
  return {};
}

/// A folder of another case or spelling, or pictures that lie one level too high. Looked for once:
/// with many clips missing it is the same for all.
void add_missing_folder(const fs::path& folder, bool of_clip, PictureFaults& faults) {
  std::vector<std::string> beside;
  bool pictures = false;
  std::error_code code;
  if (!faults.problems.empty()) {
    faults.problems.push_back("no folder " + folder.string());
    return;
  }
  for (const fs::directory_entry& entry : fs::directory_iterator(folder.parent_path(), code)) {
    if (entry.is_directory(code)) beside.push_back(entry.path().filename().string());
    pictures = pictures || is_still_name(entry.path());
  }
  faults.problems.push_back(
      cat("no folder ", folder.string(), did_you_mean(folder.filename().string(), beside)));
  if (!pictures || !of_clip) return;
  faults.hints.push_back(cat(folder.parent_path().string(),
                             " holds pictures itself, expected a folder for every clip in it, "
                             "CLIP/FRAME.png"));
}

void require_size(const PredictionPicture& picture, int height, int width) {
  if (height == picture.size.height && width == picture.size.width) return;
  fail(picture.file.string(), " is ", width, "x", height, ", the frame ", picture.size.width, "x",
       picture.size.height);
}

std::string problem_of(const PredictionPicture& picture, std::vector<std::string>& losses) {
  try {
    // First, so that nothing is unpacked whose size nobody expects.
    const StillSize size = probe_still(picture.file);
    require_size(picture, size.height, size.width);
    MediaNotes notes;
    check_still(picture.file, picture.colour, &notes);
    losses = lines_of_loss(picture.file, notes);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInput) throw;
    return error.what();
  }
  return {};
}

}  // namespace

std::vector<PredictionPicture> find_pictures(const fs::path& folder, const ScoredClip& clip,
                                             ColorWanted colour, PictureFaults& faults) {
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) {
    add_missing_folder(folder, folder.filename() == clip.id, faults);
    return {};
  }
  std::vector<std::string>& problems = faults.problems;
  std::map<std::string, fs::path> there = pictures_by_key(folder, problems);
  std::vector<PredictionPicture> pictures;
  std::vector<std::string> missing;
  for (const std::string& name : clip.frame_names) {
    const auto found = there.find(pairing_key(name));
    if (found == there.end()) {
      problems.push_back(cat("missing ", (folder / (name + ".png")).string()));
      missing.push_back(name);
      continue;
    }
    pictures.push_back({found->second, colour, {clip.height, clip.width}});
    there.erase(found);
  }
  for (const auto& [key, path] : there) problems.push_back("extra " + path.string());
  const std::string hint = renaming(missing, there);
  if (!hint.empty()) faults.hints.push_back(hint);
  return pictures;
}

Image<std::uint8_t> read_picture(const PredictionPicture& picture) {
  Image<std::uint8_t> image = read_still(picture.file, picture.colour, nullptr);
  require_size(picture, image.height(), image.width());
  return image;
}

std::vector<std::string> check_pictures(const std::vector<PredictionPicture>& pictures,
                                        PictureFaults& faults, const std::function<void()>& done) {
  std::vector<std::string> found(pictures.size());
  std::vector<std::vector<std::string>> losses(pictures.size());
  parallel_for(static_cast<std::int64_t>(pictures.size()), 1,
               [&](std::int64_t begin, std::int64_t end) {
                 for (auto i = static_cast<std::size_t>(begin); std::cmp_less(i, end); ++i) {
                   found[i] = problem_of(pictures[i], losses[i]);
                   done();
                 }
               });
  for (std::string& problem : found) {
    if (!problem.empty()) faults.problems.push_back(std::move(problem));
  }
  std::vector<std::string> lines;
  for (const auto& more : losses) lines.insert(lines.end(), more.begin(), more.end());
  return lines;
}

std::vector<std::string> named_hashes(const std::vector<PredictionPicture>& pictures,
                                      const fs::path& folder) {
  std::vector<std::string> lines(pictures.size());
  parallel_for(static_cast<std::int64_t>(pictures.size()), 1,
               [&](std::int64_t begin, std::int64_t end) {
                 for (auto i = static_cast<std::size_t>(begin); std::cmp_less(i, end); ++i) {
                   const fs::path& file = pictures[i].file;
                   lines[i] = cat(fs::relative(file, folder).string(), " ", sha256_of_file(file));
                 }
               });
  return lines;
}

void refuse_pictures(const std::string& what, const PictureFaults& faults) {
  fail(what, ": ", counted(faults.problems.size(), "problem"), ": ", list_problems(faults.problems),
       faults.hints.empty() ? "" : "; " + faults.hints.front());
}

}  // namespace pluvia
