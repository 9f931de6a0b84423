// SPDX-License-Identifier: Apache-2.0
// Several scores of a clip look for motion in the same pictures: the warping errors of prediction
// and reference along the reference's motion there and back, tOF along it once more. What one has
// worked out the others find here, as long as one of them holds the pictures.
#pragma once

#include <memory>
#include <vector>

#include "core/image.h"
#include "eval/metrics/optical_flow.h"

namespace pluvia {

/// Of one clip, for one thread at a time.
class FlowMemory {
 public:
  std::shared_ptr<const FlowPicture> picture(ImageView<const double> plane);
  std::shared_ptr<const Image<float>> flow(const std::shared_ptr<const FlowPicture>& from,
                                           const std::shared_ptr<const FlowPicture>& to);
  /// How many flows were worked out.
  int worked_out() const { return worked_out_; }

 private:
  struct Flow {
    std::weak_ptr<const FlowPicture> from;
    std::weak_ptr<const FlowPicture> to;
    std::shared_ptr<const Image<float>> motion;
  };
  void forget();

  std::vector<std::weak_ptr<const FlowPicture>> pictures_;
  std::vector<Flow> flows_;
  int worked_out_ = 0;
};

}  // namespace pluvia
