// SPDX-License-Identifier: Apache-2.0
// A clip: T frames of equal size in several exactly aligned layers, read by window and crop.
//
// Everything that gives frames is a ClipReader: a clip of a set, a folder, a video, rain rendered
// on the fly over another reader. Everything that takes frames is a ClipWriter.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pluvia {

/// What a frame may consist of; meanings and formation rules in docs/format.md.
enum class Layer : std::uint8_t { kLq, kGt, kStreak, kMask, kDrop, kStreakRgb, kDepth, kFlow };
inline constexpr int kLayerCount = 8;

enum class DType : std::uint8_t { kU8, kI16, kF16 };
std::size_t size_of(DType type);

struct LayerSpec {
  Layer layer;
  const char* name;  ///< name of the data set in the file, key in training code
  DType type;
  int channels;  ///< 1: stored as (T,H,W); more: (T,H,W,C)
  const char* help;

  std::size_t pixel_bytes() const { return size_of(type) * static_cast<std::size_t>(channels); }
};

const LayerSpec& spec(Layer layer);
std::span<const LayerSpec, kLayerCount> all_layers();
std::optional<Layer> layer_by_name(std::string_view name);

/// A set of layers, in the order of the enumeration.
class LayerSet {
 public:
  LayerSet() = default;
  LayerSet(std::initializer_list<Layer> layers) {
    for (const Layer layer : layers) add(layer);
  }
  void add(Layer layer) { bits_ |= bit(layer); }
  bool has(Layer layer) const { return (bits_ & bit(layer)) != 0; }
  bool empty() const { return bits_ == 0; }
  std::vector<Layer> list() const;
  /// "lq,gt,mask"
  std::string names() const;
  bool operator==(const LayerSet&) const = default;

 private:
  static unsigned bit(Layer layer) { return 1U << static_cast<unsigned>(layer); }
  unsigned bits_ = 0;
};

/// One row of a clip's `frames` table. Columns that nobody filled are not stored.
struct FrameRow {
  std::string name;   ///< name of the frame where it came from, without extension
  double time_s = 0;  ///< middle of the exposure
  float exposure_s = 0;
  std::array<float, 3> position_m{};             ///< camera, world coordinates
  std::array<float, 4> orientation{1, 0, 0, 0};  ///< quaternion w, x, y, z: camera to world
  float focal_px = 0;
  float speed_m_s = 0;
  float rain_mm_h = 0;
  std::array<float, 3> wind_m_s{};
  std::int32_t drops_on_glass = 0;
};

/// Which groups of FrameRow's columns carry information.
struct FrameColumns {
  bool name = false;
  bool time = false;
  bool rendering = false;  ///< exposure to drops_on_glass
  bool operator==(const FrameColumns&) const = default;
};

struct ClipInfo {
  std::string id;
  int frames = 0;
  int height = 0;
  int width = 0;
  double fps = 0;  ///< 0 for stacks of unrelated images
  LayerSet layers;
  std::string split;   ///< "train", "test", ... or empty
  std::string source;  ///< what the clean frames came from; never shared by two splits
  std::uint64_t seed = 0;
  std::string rain = "{}";    ///< JSON text: rain parameters as drawn
  std::string camera = "{}";  ///< JSON text: camera parameters as drawn
  /// Further text attributes: original name, what a video reader assumed, ...
  std::map<std::string, std::string> notes;
};

/// Frames [first, first + frames) of the rectangle at (y, x).
struct Window {
  int first = 0;
  int frames = 0;
  int y = 0;
  int x = 0;
  int height = 0;
  int width = 0;

  static Window whole(const ClipInfo& info) {
    return {0, info.frames, 0, 0, info.height, info.width};
  }
  std::size_t pixels() const {
    return static_cast<std::size_t>(frames) * static_cast<std::size_t>(height) *
           static_cast<std::size_t>(width);
  }
  bool inside(const ClipInfo& info) const {
    return first >= 0 && frames >= 0 && y >= 0 && x >= 0 && height >= 0 && width >= 0 &&
           frames <= info.frames - first && height <= info.height - y && width <= info.width - x;
  }
};

class ClipReader {
 public:
  virtual ~ClipReader() = default;
  virtual const ClipInfo& info() const = 0;
  /// Fills `out` with (frames, height, width[, channels]) of one layer. Safe from many threads.
  virtual void read(Layer layer, const Window& window, std::span<std::byte> out) const = 0;
  /// The per-frame table; `columns` says which parts of the rows mean something. May be empty.
  virtual std::vector<FrameRow> frame_rows(FrameColumns* columns) const {
    *columns = {};
    return {};
  }
  /// For stacks of images that share ground truths: which stored gt row belongs to each frame.
  /// Empty: one gt a frame. `read` has this applied already; who copies a set asks, to store each
  /// gt once.
  virtual std::vector<int> gt_index() const { return {}; }
};

/// All layers of one frame, each (height, width[, channels]) and contiguous. A layer that is empty
/// adds no frame to its data set: how a gt shared with an earlier image is left out.
struct FrameLayers {
  std::array<std::vector<std::byte>, kLayerCount> data;
  std::vector<std::byte>& of(Layer layer) { return data[static_cast<std::size_t>(layer)]; }
  const std::vector<std::byte>& of(Layer layer) const {
    return data[static_cast<std::size_t>(layer)];
  }
};

class ClipWriter {
 public:
  virtual ~ClipWriter() = default;
  /// Takes the next frame; may wait until earlier ones have left memory.
  virtual void add(FrameLayers frame) = 0;
  virtual void set_frames(const FrameColumns& columns, std::vector<FrameRow> rows) = 0;
  /// See ClipReader::gt_index; for image sets with shared ground truth only.
  virtual void set_gt_index(std::vector<int> index) = 0;
  /// What was learnt while frames came (a video reader's assumptions), for ClipInfo::notes.
  virtual void set_note(const std::string& key, const std::string& value) = 0;
  /// The clip is complete and durable when this returns.
  virtual void finish() = 0;
};

}  // namespace pluvia
