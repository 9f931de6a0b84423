// SPDX-License-Identifier: Apache-2.0
// Footage in and out of `derain`, whatever kind of file it is: sequences of frames, one after the
// other. A video, a picture, a folder of frames and an array are one sequence without a name; a set
// and a folder of folders are several, each with its own.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "eval/apply/planar.h"

namespace pluvia {

class ClipReader;

struct SequenceInfo {
  std::string name;  ///< empty when there is only one
  int frames = 0;    ///< 0: not known before the end
  int height = 0;
  int width = 0;
  double fps = 0;      ///< 0: unknown
  bool apart = false;  ///< pictures that have nothing to do with each other
};

class SequenceIn {
 public:
  virtual ~SequenceIn() = default;
  virtual const SequenceInfo& info() const = 0;
  /// The next frame, RGB, or false after the last.
  virtual bool next(PlanarFrame& frame) = 0;
  /// Of the frame that `next` gave last: its file's name without extension, or its number.
  virtual std::string frame_name() const = 0;
  /// What reading changed or may be wrong, for the user; known after the last frame.
  virtual std::vector<std::string> remarks() const { return {}; }
  /// The clip of a set that this is, or null.
  virtual const ClipReader* clip() const { return nullptr; }
};

class SequenceOut {
 public:
  /// Without finish(), nothing is left behind under the final name.
  virtual ~SequenceOut() = default;
  /// Frame t, in order. Of more planes than three, the first three are the picture.
  virtual void add(int t, const std::string& name, const PlanarFrame& frame) = 0;
  virtual void finish() = 0;
};

enum class FootageKind : std::uint8_t { kPicture, kVideo, kFolder, kSet, kArray };
const char* to_text(FootageKind kind);

/// What a path is by its name alone: an existing folder, or by its extension.
FootageKind kind_of(const std::string& path);

/// All sequences of an input.
struct Footage {
  FootageKind kind = FootageKind::kFolder;
  std::vector<std::string> names;
  std::function<std::unique_ptr<SequenceIn>(std::size_t)> open;
};

/// `clip`: only this one of several; empty: all.
Footage open_footage(const std::string& path, const std::string& clip);

/// "00000012": how frames without names are called.
std::string numbered(int t);

}  // namespace pluvia
