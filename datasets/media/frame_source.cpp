// SPDX-License-Identifier: Apache-2.0
// Folders and lists of pictures as frames; videos go to the video module.
#include "datasets/media/frame_source.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "datasets/media/picture.h"
#include "datasets/media/video/module.h"

namespace pluvia {
namespace {

/// Reads each picture when it is asked for: a folder may hold more than memory does.
class StillSequence : public FrameSource {
 public:
  StillSequence(std::vector<fs::path> files, ColorWanted wanted)
      : files_(std::move(files)), wanted_(wanted) {
    const StillSize size = probe_still(files_.front());
    info_.frames = static_cast<int>(files_.size());
    info_.height = size.height;
    info_.width = size.width;
  }

  const SourceInfo& info() const override { return info_; }

  bool next(Image<std::uint8_t>& frame) override {
    if (next_ == files_.size()) return false;
    const fs::path& file = files_[next_];
    Image<std::uint8_t> image = read_still(file, wanted_, &info_.notes);
    if (image.height() != info_.height || image.width() != info_.width) {
      fail(file.string(), ": is ", image.width(), "x", image.height(), " pixels, expected ",
           info_.width, "x", info_.height, " as in ", files_.front().filename().string(),
           ": all frames of a clip have one size");
    }
    frame = std::move(image);
    ++next_;
    return true;
  }

  std::string frame_name() const override {
    PLUVIA_CHECK(next_ > 0, next_);
    return files_[next_ - 1].stem().string();
  }

  double frame_time_s() const override { return 0; }

 private:
  std::vector<fs::path> files_;
  ColorWanted wanted_;
  std::size_t next_ = 0;
  SourceInfo info_;
};

/// "frame_007" and "frame_7" are the same frame twice.
std::string without_leading_zeros(const std::string& stem) {
  std::string out;
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  for (std::size_t i = 0; i < stem.size(); ++i) {
    const bool number_starts = digit(stem[i]) && (i == 0 || !digit(stem[i - 1]));
    if (number_starts) {
      while (stem[i] == '0' && i + 1 < stem.size() && digit(stem[i + 1])) ++i;
    }
    out += stem[i];
  }
  return out;
}

void refuse_duplicates(const fs::path& folder, const std::vector<fs::path>& files) {
  std::map<std::string, fs::path> seen;
  for (const fs::path& file : files) {
    const auto [entry, added] = seen.emplace(without_leading_zeros(file.stem().string()), file);
    if (added) continue;
    fail(folder.string(), ": ", entry->second.filename().string(), " and ",
         file.filename().string(), " are the same frame; keep one of them");
  }
}

}  // namespace

std::vector<fs::path> all_stills(const fs::path& folder) {
  std::error_code code;
  fs::directory_iterator entries(folder, code);
  if (code) fail("opening folder ", folder.string(), ": ", code.message());
  std::vector<fs::path> files;
  for (; entries != fs::directory_iterator(); entries.increment(code)) {
    const fs::path& path = entries->path();
    // Hidden files are droppings of file managers ("._0001.png").
    if (path.filename().string().starts_with('.') || !is_still_name(path)) continue;
    std::error_code ignored;
    if (!fs::is_directory(path, ignored)) files.push_back(path);
  }
  if (code) fail("reading folder ", folder.string(), ": ", code.message());
  std::sort(files.begin(), files.end(), [](const fs::path& a, const fs::path& b) {
    return natural_less(a.filename().string(), b.filename().string());
  });
  return files;
}

std::vector<fs::path> list_stills(const fs::path& folder) {
  std::vector<fs::path> files = all_stills(folder);
  refuse_duplicates(folder, files);
  return files;
}

std::unique_ptr<FrameSource> open_frame_list(std::vector<fs::path> files, ColorWanted wanted) {
  PLUVIA_CHECK(!files.empty(), files.size());
  return std::make_unique<StillSequence>(std::move(files), wanted);
}

std::unique_ptr<FrameSource> open_frames(const fs::path& path, ColorWanted wanted) {
  std::error_code code;
  const fs::file_status status = fs::status(path, code);
  if (!fs::exists(status)) {
    fail("opening ", path.string(), ": ", code ? code.message() : "No such file or directory");
  }
  if (fs::is_directory(status)) {
    std::vector<fs::path> files = list_stills(path);
    if (files.empty()) {
      fail(path.string(),
           ": no pictures in this folder, expected frames as PNG, JPEG, BMP, TIFF or WebP");
    }
    return open_frame_list(std::move(files), wanted);
  }
  if (!fs::is_regular_file(status)) fail(path.string(), ": is neither a file nor a folder");
  if (is_still_name(path)) return open_frame_list({path}, wanted);
  return video_module().open(path, wanted);
}

bool is_video_name(const fs::path& path) {
  static constexpr std::array<std::string_view, 16> kEndings = {
      ".mp4", ".m4v", ".mkv",  ".mov", ".avi", ".webm", ".mpg", ".mpeg",
      ".ts",  ".mts", ".m2ts", ".wmv", ".flv", ".ogv",  ".y4m", ".gif"};
  const std::string ending = lower(path.extension().string());
  return std::find(kEndings.begin(), kEndings.end(), ending) != kEndings.end();
}

}  // namespace pluvia
