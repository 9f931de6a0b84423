// SPDX-License-Identifier: Apache-2.0
// What NIQE compares with: mean and covariance of the 36 features of natural pictures.
#pragma once

#include <array>
#include <filesystem>
#include <vector>

#include "core/image.h"

namespace pluvia {

inline constexpr int kNiqeFeatures = 36;
using NiqeFeatures = std::array<double, kNiqeFeatures>;

struct NiqeModel {
  NiqeFeatures mean{};
  std::array<double, kNiqeFeatures * kNiqeFeatures> covariance{};
};

/// From the official files: .mat (mu_prisparam, cov_prisparam) or .npz (mu_pris_param,
/// cov_pris_param).
NiqeModel read_niqe_model(const std::filesystem::path& path);
/// As .npz, readable by the same programs as the official one.
void write_niqe_model(const std::filesystem::path& path, const NiqeModel& model);

/// Features of each 96x96 block of a luma picture (0..255), in rows; sharpness is the mean local
/// deviation of a block.
struct NiqeBlocks {
  std::vector<NiqeFeatures> features;
  std::vector<double> sharpness;
};
NiqeBlocks niqe_blocks(ImageView<const double> luma);

/// Mean and covariance (n - 1) of rows without NaN; the mean of each feature leaves out only its
/// own NaNs.
NiqeModel niqe_statistics(const std::vector<NiqeFeatures>& rows);

/// A model of one's own: statistics of the sharp blocks (above 0.75 of the picture's sharpest) of
/// natural pictures, one picture after the other.
class NiqeFit {
 public:
  void add(ImageView<const double> luma);
  std::size_t blocks() const { return rows_.size(); }
  /// An Error when there are too few blocks for 36 features.
  NiqeModel model() const;

 private:
  std::vector<NiqeFeatures> rows_;
};

/// The distance between a picture's statistics and the model.
double niqe_distance(const NiqeModel& pristine, const NiqeModel& picture);

}  // namespace pluvia
