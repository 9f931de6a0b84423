// SPDX-License-Identifier: Apache-2.0
#include "eval/metrics/flow_memory.h"

namespace pluvia {

void FlowMemory::forget() {
  std::erase_if(pictures_, [](const auto& picture) { return picture.expired(); });
  std::erase_if(flows_, [](const Flow& flow) { return flow.from.expired() || flow.to.expired(); });
}

std::shared_ptr<const FlowPicture> FlowMemory::picture(ImageView<const double> plane) {
  forget();
  for (const auto& known : pictures_) {
    const std::shared_ptr<const FlowPicture> picture = known.lock();
    if (picture != nullptr && picture->is_of(plane)) return picture;
  }
  auto made = std::make_shared<const FlowPicture>(plane);
  pictures_.push_back(made);
  return made;
}

std::shared_ptr<const Image<float>> FlowMemory::flow(const std::shared_ptr<const FlowPicture>& from,
                                                     const std::shared_ptr<const FlowPicture>& to) {
  forget();
  for (const Flow& known : flows_) {
    if (known.from.lock() == from && known.to.lock() == to) return known.motion;
  }
  flows_.push_back({from, to, std::make_shared<const Image<float>>(optical_flow(*from, *to))});
  ++worked_out_;
  return flows_.back().motion;
}

}  // namespace pluvia
