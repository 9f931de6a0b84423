// SPDX-License-Identifier: Apache-2.0
#include "eval/derain/picture_folder.h"

#include <optional>

#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/pipeline.h"
#include "core/text.h"
#include "datasets/media/stills.h"

namespace pluvia {
namespace {

constexpr std::size_t kFramesInFlight = 4;

/// Frames of one sequence; PNGs are packed by all threads.
class FolderOut final : public SequenceOut {
 public:
  FolderOut(fs::path folder, fs::path final_folder, std::vector<PicturePlanes> planes)
      : folder_(std::move(folder)),
        final_(std::move(final_folder)),
        planes_(std::move(planes)),
        pipeline_(thread_count(0), kFramesInFlight) {
    for (const PicturePlanes& plane : planes_) {
      fs::create_directories(plane.folder.empty() ? folder_ : folder_ / plane.folder);
    }
  }

  void add(int t, const std::string& name, const PlanarFrame& frame) override {
    for (const PicturePlanes& plane : planes_) {
      auto image = std::make_shared<Image<std::uint8_t>>(
          to_codes(frame, plane.first, plane.channels, ToCode::kRoundHalfEven, t));
      const fs::path file = folder_ / plane.folder / (name + ".png");
      pipeline_.push([image, file] { write_png(file, image->view()); }, [] {});
    }
  }

  void finish() override {
    pipeline_.finish();
    if (folder_ != final_) publish(folder_, final_);
  }

 private:
  fs::path folder_;
  fs::path final_;
  std::vector<PicturePlanes> planes_;
  OrderedPipeline pipeline_;
};

/// A folder that --force may replace holds pictures and folders of pictures, nothing else.
void require_only_pictures(const fs::path& folder) {
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_directory() || is_still_name(entry.path())) continue;
    fail_usage("--force: ", folder.string(), " holds ", entry.path().filename().string(),
               ", which is no frame; it will not be removed, choose another output");
  }
}

class FolderPlace final : public OutputPlace {
 public:
  FolderPlace(fs::path path, std::vector<PicturePlanes> planes, const PlaceOptions& options)
      : path_(path.has_filename() ? std::move(path) : path.parent_path()),
        planes_(std::move(planes)) {
    parts_ = path_;
    parts_ += ".parts";
    done_ = parts_ / "done";
    check_target(options);
    if (complete_) return;
    require_writable_parent(path_);
    open_parts(options);
  }

  ~FolderPlace() override {
    std::error_code ignored;
    const bool worth_resuming =
        several_ && fs::exists(done_, ignored) && !fs::is_empty(done_, ignored);
    if (!complete_ && !worth_resuming) fs::remove_all(parts_, ignored);
  }

  bool has(const std::string& name) const override {
    std::error_code ignored;
    return complete_ || (!name.empty() && fs::is_directory(done_ / name, ignored));
  }

  std::unique_ptr<SequenceOut> begin(const SequenceIn& in) override {
    const std::string& name = in.info().name;
    if (name.empty()) {
      fs::remove_all(done_);
      return std::make_unique<FolderOut>(done_, done_, planes_);
    }
    fs::path unfinished = parts_ / ("unfinished-" + name);
    fs::remove_all(unfinished);
    several_ = true;
    return std::make_unique<FolderOut>(unfinished, done_ / name, planes_);
  }

  void commit() override {
    if (complete_) return;
    std::error_code ignored;
    if (fs::exists(path_, ignored) && !fs::is_empty(path_)) {
      exchange_folders(done_, path_);
    } else {
      publish(done_, path_);
    }
    fs::remove_all(parts_);
    complete_ = true;
  }

 private:
  /// What is there is replaced with --force only, and by --resume of a run that had it.
  void check_target(const PlaceOptions& options) {
    std::error_code ignored;
    if (!fs::exists(path_, ignored)) return;
    if (!fs::is_directory(path_, ignored)) {
      fail_usage("output ", path_.string(), " is a file, expected a folder or no such thing");
    }
    if (fs::is_empty(path_)) return;
    if (options.force) return require_only_pictures(path_);
    if (!options.resume) {
      fail_usage("output ", path_.string(),
                 " exists; use --force to replace it or --resume to go on with it");
    }
    complete_ = !fs::exists(parts_, ignored);
    if (!complete_) require_only_pictures(path_);
  }

  /// The lock comes first: what lies in the folder may be another run's.
  void open_parts(const PlaceOptions& options) {
    const fs::path settings = parts_ / "settings.txt";
    const fs::path lock = parts_ / "lock";
    std::error_code ignored;
    const bool begun = fs::exists(settings, ignored);
    if (!begun && fs::exists(parts_, ignored) && !fs::exists(lock, ignored)) {
      fail(parts_.string(), ": is in the way and was not made by derain; remove it");
    }
    fs::create_directories(parts_);
    lock_.emplace(lock);
    const std::string hash = sha256_hex(options.settings);
    if (begun && options.resume && read_text(settings) != hash) {
      fail("--resume: ", parts_.string(),
           " was started with other settings; use --force to begin anew");
    }
    if (!options.resume) {
      for (const fs::directory_entry& entry : fs::directory_iterator(parts_)) {
        if (entry.path() != lock) fs::remove_all(entry.path());
      }
    }
    // What an earlier run left was worth keeping, and is again if this one stops before its first.
    several_ = begun && options.resume;
    fs::create_directories(done_);
    write_text(settings, hash);
  }

  fs::path path_;
  fs::path parts_;
  fs::path done_;
  std::vector<PicturePlanes> planes_;
  std::optional<LockFile> lock_;
  bool several_ = false;  ///< sequences have names, so finished ones can be told
  bool complete_ = false;
};

}  // namespace

std::unique_ptr<OutputPlace> open_picture_folder(const std::filesystem::path& path,
                                                 std::vector<PicturePlanes> planes,
                                                 const PlaceOptions& options) {
  return std::make_unique<FolderPlace>(path, std::move(planes), options);
}

}  // namespace pluvia
