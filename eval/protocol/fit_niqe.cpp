// SPDX-License-Identifier: Apache-2.0
#include "eval/protocol/fit_niqe.h"

#include "core/error.h"
#include "core/interrupt.h"
#include "datasets/media/frame_source.h"
#include "datasets/media/stills.h"
#include "eval/metrics/niqe_model.h"

namespace pluvia {

std::size_t fit_niqe(const std::filesystem::path& folder, Color luma,
                     const std::filesystem::path& out) {
  NiqeFit fit;
  const auto files = list_stills(folder);
  if (files.empty()) fail("fitting NIQE: ", folder.string(), " holds no pictures");
  for (const auto& file : files) {
    throw_if_interrupted();
    within(file.string(), [&] {
      const Image<std::uint8_t> picture = read_still(file, ColorWanted::kRgb, nullptr);
      fit.add(to_color(std::as_const(picture).view(), luma).view());
    });
  }
  write_niqe_model(out, fit.model());
  return fit.blocks();
}

}  // namespace pluvia
