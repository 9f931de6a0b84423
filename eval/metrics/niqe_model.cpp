// SPDX-License-Identifier: Apache-2.0
#include "eval/metrics/niqe_model.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "core/tensor_file/mat.h"
#include "core/tensor_file/npz.h"
#include "eval/metrics/filters.h"
#include "eval/metrics/symmetric_eigen.h"

namespace pluvia {
namespace {

constexpr auto kN = static_cast<std::size_t>(kNiqeFeatures);

const NpyArray& array_of(const std::map<std::string, NpyArray>& arrays,
                         std::initializer_list<const char*> names, std::size_t count) {
  for (const char* name : names) {
    const auto found = arrays.find(name);
    if (found == arrays.end()) continue;
    const NpyArray& array = found->second;
    if (array.dtype != "f8" || static_cast<std::size_t>(array.count()) != count) {
      fail("array '", name, "' has ", array.count(), " elements of type ", array.dtype,
           ", expected ", count, " of f8");
    }
    return array;
  }
  fail("no array '", *names.begin(), "': not a file of NIQE's parameters");
}

bool is_whole(const NiqeFeatures& row) {
  return std::none_of(row.begin(), row.end(), [](double v) { return std::isnan(v); });
}

}  // namespace

NiqeModel read_niqe_model(const std::filesystem::path& path) {
  return within("reading NIQE's parameters from " + path.string(), [&] {
    constexpr std::uint64_t kLimitBytes = 64 << 20;
    const bool is_mat = path.extension() == ".mat";
    const std::map<std::string, NpyArray> arrays =
        is_mat ? read_mat(path, kLimitBytes) : read_npz(path, kLimitBytes);
    const NpyArray& mean = array_of(arrays, {"mu_pris_param", "mu_prisparam"}, kN);
    const NpyArray& covariance = array_of(arrays, {"cov_pris_param", "cov_prisparam"}, kN * kN);
    NiqeModel model;
    std::copy_n(mean.as<double>().begin(), kN, model.mean.begin());
    std::copy_n(covariance.as<double>().begin(), kN * kN, model.covariance.begin());
    const auto finite = [](double v) { return std::isfinite(v); };
    if (!std::all_of(model.mean.begin(), model.mean.end(), finite) ||
        !std::all_of(model.covariance.begin(), model.covariance.end(), finite)) {
      fail("its numbers are not finite");
    }
    return model;
  });
}

void write_niqe_model(const std::filesystem::path& path, const NiqeModel& model) {
  const std::vector<double> taps = gaussian_taps(7, 7.0 / 6);
  std::vector<double> window;
  for (const double v : taps) {
    for (const double h : taps) window.push_back(v * h);
  }
  NpzArrays arrays;
  arrays["mu_pris_param"] = make_npy<double>("f8", {1, kNiqeFeatures}, model.mean);
  arrays["cov_pris_param"] =
      make_npy<double>("f8", {kNiqeFeatures, kNiqeFeatures}, model.covariance);
  arrays["gaussian_window"] = make_npy<double>("f8", {7, 7}, window);
  write_npz(path, arrays, NpzPacking::kDeflated);
}

NiqeModel niqe_statistics(const std::vector<NiqeFeatures>& rows) {
  NiqeModel out;
  for (std::size_t f = 0; f < kN; ++f) {
    double sum = 0;
    int counted = 0;
    for (const NiqeFeatures& row : rows) {
      if (std::isnan(row[f])) continue;
      sum += row[f];
      ++counted;
    }
    out.mean[f] = sum / counted;
  }
  NiqeFeatures mean{};
  int whole = 0;
  for (const NiqeFeatures& row : rows) {
    if (!is_whole(row)) continue;
    ++whole;
    for (std::size_t f = 0; f < kN; ++f) mean[f] += row[f];
  }
  for (double& v : mean) v /= whole;
  for (const NiqeFeatures& row : rows) {
    if (!is_whole(row)) continue;
    for (std::size_t i = 0; i < kN; ++i) {
      for (std::size_t j = 0; j < kN; ++j) {
        out.covariance[i * kN + j] += (row[i] - mean[i]) * (row[j] - mean[j]) / (whole - 1);
      }
    }
  }
  return out;
}

void NiqeFit::add(ImageView<const double> luma) {
  constexpr double kSharpShare = 0.75;
  const NiqeBlocks blocks = niqe_blocks(luma);
  const double most = *std::max_element(blocks.sharpness.begin(), blocks.sharpness.end());
  for (std::size_t i = 0; i < blocks.features.size(); ++i) {
    if (blocks.sharpness[i] > kSharpShare * most && is_whole(blocks.features[i])) {
      rows_.push_back(blocks.features[i]);
    }
  }
}

NiqeModel NiqeFit::model() const {
  if (rows_.size() <= kN) {
    fail("fitting NIQE: ", rows_.size(), " sharp blocks of 96x96 pixels, needs more than ", kN,
         "; give more or larger pictures");
  }
  return niqe_statistics(rows_);
}

double niqe_distance(const NiqeModel& pristine, const NiqeModel& picture) {
  std::vector<double> pooled(kN * kN);
  std::array<double, kN> difference{};
  for (std::size_t i = 0; i < pooled.size(); ++i) {
    pooled[i] = (pristine.covariance[i] + picture.covariance[i]) / 2;
    if (!std::isfinite(pooled[i])) return std::numeric_limits<double>::quiet_NaN();
  }
  for (std::size_t f = 0; f < kN; ++f) difference[f] = pristine.mean[f] - picture.mean[f];
  // The pseudo-inverse: directions without any spread do not count.
  const SymmetricEigen eigen = symmetric_eigen(std::move(pooled), kNiqeFeatures);
  double most = 0;
  for (const double value : eigen.values) most = std::max(most, std::abs(value));
  double sum = 0;
  for (std::size_t k = 0; k < kN; ++k) {
    if (std::abs(eigen.values[k]) <= 1e-15 * most) continue;
    double along = 0;
    for (std::size_t f = 0; f < kN; ++f) along += eigen.vectors[f * kN + k] * difference[f];
    sum += along * along / eigen.values[k];
  }
  return std::sqrt(sum);
}

}  // namespace pluvia
