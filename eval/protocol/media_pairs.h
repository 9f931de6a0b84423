// SPDX-License-Identifier: Apache-2.0
// What belongs to what, when two pictures, folders, videos or arrays are scored against each other.
// Pictures of folders are paired by name (datasets/pairing.h), folders inside them by relative
// path, never by their place in a listing. Frames of a video or array are named by their number
// from 0; a folder beside one must be numbered without gaps from 0 or from 1. Everything that is
// wrong is collected, so that it can be said at once.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "eval/protocol/score.h"

namespace pluvia {

struct PairPaths {
  std::filesystem::path reference;
  std::filesystem::path prediction;
  // Each may be empty, a folder like the reference's, or one picture for every frame.
  std::filesystem::path mask;
  std::filesystem::path streak;
  std::filesystem::path rainy;
};

/// One side of a clip: pictures in the clip's order, or a stream (a video or a .npy array).
struct MediaSide {
  std::vector<std::filesystem::path> stills;
  std::filesystem::path stream;

  bool empty() const { return stills.empty() && stream.empty(); }
};

struct MediaClip {
  std::string name;                 ///< relative path; empty when there is but one
  std::vector<std::string> frames;  ///< names; empty when both sides are streams
  MediaSide reference;
  MediaSide prediction;
  // Like the frames, or a single picture for all, or none.
  std::vector<std::filesystem::path> masks;
  std::vector<std::filesystem::path> streaks;
  std::vector<std::filesystem::path> rainy;
};

struct MediaPlan {
  std::vector<MediaClip> clips;
  std::vector<std::string> problems;
};

/// Lists, pairs and compares sizes by headers alone. An Error where nothing can be paired at all.
MediaPlan plan_media(const PairPaths& paths);

/// A frame in memory with what it is scored in.
struct LoadedFrame {
  std::string name;
  Image<std::uint8_t> reference_u8, prediction_u8, mask, streak, rainy;
  Image<double> reference_real, prediction_real;
  Regions regions;

  FramePair pair() const;
};

/// A clip in batches, in order; pictures are decoded on all threads.
class MediaReader {
 public:
  /// The clip must outlive the reader.
  explicit MediaReader(const MediaClip& clip);
  ~MediaReader();
  /// At most `most` frames; none at the end. What cannot be read goes to `problems`, and the frame
  /// is left out. `notes` collects what readers changed ("alpha", "bit_depth").
  std::vector<LoadedFrame> next(int most, std::vector<std::string>& problems,
                                std::vector<std::string>& notes);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pluvia
