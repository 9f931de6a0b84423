// SPDX-License-Identifier: Apache-2.0
// For tests: a temporary folder, pictures with known pixels, and clips that live in memory.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/clip.h"
#include "datasets/layouts/layout.h"
#include "datasets/layouts/run_import.h"

namespace pluvia::testing {

class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

struct PictureSize {
  int height = 6;
  int width = 8;
};

/// A PNG (JPEG for .jpg and .jpeg) whose first pixel is `value` in all channels.
void make_picture(const std::filesystem::path& path, int value, PictureSize size = {},
                  int channels = 3);
void make_text(const std::filesystem::path& path, const std::string& text);

/// A clip in memory, reader and stored result of a writer alike.
class MemoryClip : public ClipReader {
 public:
  const ClipInfo& info() const override { return clip_info; }
  void read(Layer layer, const Window& window, std::span<std::byte> out) const override;
  std::vector<FrameRow> frame_rows(FrameColumns* columns) const override;
  std::vector<int> gt_index() const override { return shared; }

  /// The first value of a frame, for files made by make_picture.
  int first_value(Layer layer, int t) const;

  ClipInfo clip_info;
  std::map<Layer, std::vector<std::vector<std::byte>>> frames;  ///< stored rows, gt maybe fewer
  FrameColumns frame_columns;
  std::vector<FrameRow> rows;
  std::vector<int> shared;
  bool finished = false;
};

using MemorySet = std::map<std::string, std::shared_ptr<MemoryClip>>;

/// Runs the plan into memory.
MemorySet import_to_memory(const ImportPlan& plan, int threads = 2, ImportResult* result = nullptr);
/// Plans, requires soundness, runs.
MemorySet import_folder(const std::string& layout, const std::filesystem::path& dir,
                        const ImportOptions& options = {});
/// A clip with pixels that differ everywhere, all five display layers.
std::shared_ptr<MemoryClip> make_clip(const std::string& name, const std::string& split, int seed,
                                      LayerSet layers);

/// What an Error says, or "" when `body` throws none.
std::string error_of(const std::function<void()>& body);

}  // namespace pluvia::testing
