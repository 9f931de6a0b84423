// SPDX-License-Identifier: Apache-2.0
#include "eval/harness/prediction_pictures.h"

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
                                             ColorWanted colour,
                                             std::vector<std::string>& problems) {
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) {
    problems.push_back("no folder " + folder.string());
    return {};
  }
  std::map<std::string, fs::path> there = pictures_by_key(folder, problems);
  std::vector<PredictionPicture> pictures;
  for (const std::string& name : clip.frame_names) {
    const auto found = there.find(pairing_key(name));
    if (found == there.end()) {
      problems.push_back(cat("missing ", (folder / (name + ".png")).string()));
      continue;
    }
    pictures.push_back({found->second, colour, {clip.height, clip.width}});
    there.erase(found);
  }
  for (const auto& [key, path] : there) problems.push_back("extra " + path.string());
  return pictures;
}

Image<std::uint8_t> read_picture(const PredictionPicture& picture) {
  Image<std::uint8_t> image = read_still(picture.file, picture.colour, nullptr);
  require_size(picture, image.height(), image.width());
  return image;
}

std::vector<std::string> check_pictures(const std::vector<PredictionPicture>& pictures,
                                        std::vector<std::string>& problems,
                                        const std::function<void()>& done) {
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
    if (!problem.empty()) problems.push_back(std::move(problem));
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

void refuse_pictures(const std::string& what, const std::vector<std::string>& problems) {
  fail(what, ": ", counted(problems.size(), "problem"), ": ", list_problems(problems));
}

}  // namespace pluvia
