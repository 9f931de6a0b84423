// SPDX-License-Identifier: Apache-2.0
// Where derained footage goes: a file or a folder that appears whole or not at all.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "eval/derain/sequence.h"

namespace pluvia {

struct PlaceOptions {
  std::string settings;   ///< all that decides the content: guards `resume`
  std::string generator;  ///< what wrote it
  bool force = false;     ///< replace what is there when the new one is whole
  bool resume = false;    ///< sequences that were finished before are not done again
  double fps = 0;         ///< of videos; 0: the input's, else 25
  int crf = 16;           ///< of lossy videos, see datasets/media/video_writer.h
};

class OutputPlace {
 public:
  virtual ~OutputPlace() = default;
  /// A run before this one finished that sequence.
  virtual bool has(const std::string& name) const = 0;
  virtual std::unique_ptr<SequenceOut> begin(const SequenceIn& in) = 0;
  /// Everything is there: gives it its name.
  virtual void commit() = 0;
};

/// `footage` says how many sequences there are, which decides what can hold them.
std::unique_ptr<OutputPlace> open_place(const std::string& path, const Footage& footage,
                                        const PlaceOptions& options);

/// Pictures DIR/<sequence>/<layer>/<frame>.png of what a method predicts beside the clean frame;
/// `layers` as MethodInfo's.
std::unique_ptr<OutputPlace> open_layers_place(
    const std::string& folder, const std::vector<std::pair<std::string, int>>& layers,
    const PlaceOptions& options);

}  // namespace pluvia
