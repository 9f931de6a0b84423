// SPDX-License-Identifier: Apache-2.0
// A writer that keeps the content hash of every layer and nothing else.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/clip.h"
#include "core/hash.h"

namespace pluvia {

class HashWriter final : public ClipWriter {
 public:
  /// `finish` puts the hashes into `hashes`, which must live as long.
  HashWriter(const ClipInfo& info, std::map<Layer, std::string>& hashes)
      : layers_(info.layers), out_(hashes) {}

  void add(FrameLayers frame) override {
    for (const Layer layer : layers_.list()) hashes_[layer].update(frame.of(layer));
  }
  void set_frames(const FrameColumns&, std::vector<FrameRow>) override {}
  void set_gt_index(std::vector<int>) override {}
  void set_note(const std::string&, const std::string&) override {}
  void finish() override {
    for (auto& [layer, hash] : hashes_) out_[layer] = hash.hex();
  }

 private:
  LayerSet layers_;
  std::map<Layer, Sha256> hashes_;
  std::map<Layer, std::string>& out_;
};

}  // namespace pluvia
