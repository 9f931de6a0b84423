// SPDX-License-Identifier: Apache-2.0
#include "eval/render/depth_maps.h"

#include <optional>

#include "core/error.h"
#include "core/half.h"
#include "core/text.h"
#include "datasets/media/stills.h"

namespace pluvia {
namespace {

namespace fs = std::filesystem;

constexpr float kPngUnitsPerMetre = 256;

float element(const NpyArray& array, std::size_t i) {
  if (array.dtype == "f4") return array.as<float>()[i];
  if (array.dtype == "f8") return static_cast<float>(array.as<double>()[i]);
  return half_to_float(array.as<std::uint16_t>()[i]);
}

void check_dtype(const NpyArray& array, const fs::path& path) {
  if (array.dtype != "f2" && array.dtype != "f4" && array.dtype != "f8") {
    fail("depth map ", path.string(), " holds ", array.dtype, ", expected f2, f4 or f8 in metres");
  }
}

void check_size(const fs::path& path, StillSize found, int height, int width) {
  if (found.height == height && found.width == width) return;
  fail("depth map ", path.string(), " is ", found.width, "x", found.height, ", the frame ", width,
       "x", height);
}

Image<float> from_array(const NpyArray& array, std::size_t first, int height, int width) {
  Image<float> out(height, width, 1, Transfer::kLinear);
  std::size_t i = first;
  for (float& z : out.pixels()) z = element(array, i++);
  return out;
}

Image<float> read_array(const fs::path& path, int height, int width) {
  const NpyArray array = read_npy(path);
  check_dtype(array, path);
  const std::size_t rank = array.shape.size();
  if (rank != 2 && !(rank == 3 && array.shape[2] == 1)) {
    fail("depth map ", path.string(), " has ", rank, " dimensions, expected (height, width)");
  }
  check_size(path, {static_cast<int>(array.shape[0]), static_cast<int>(array.shape[1])}, height,
             width);
  return from_array(array, 0, height, width);
}

Image<float> read_picture(const fs::path& path, int height, int width) {
  const Image<std::uint16_t> raw = read_png_16_bits(path);
  check_size(path, {raw.height(), raw.width()}, height, width);
  Image<float> out(height, width, 1, Transfer::kLinear);
  std::size_t i = 0;
  for (float& z : out.pixels()) z = static_cast<float>(raw.pixels()[i++]) / kPngUnitsPerMetre;
  return out;
}

/// The digits at the end of a name, as frames are numbered; nothing when there are none.
std::optional<std::int64_t> number_of(const std::string& name) {
  std::size_t first = name.size();
  while (first > 0 && name[first - 1] >= '0' && name[first - 1] <= '9') --first;
  return parse_int(name.substr(first));
}

bool is_map(const fs::path& path) {
  const std::string ending = lower(path.extension().string());
  return ending == ".png" || ending == ".npy";
}

}  // namespace

DepthMaps::DepthMaps(const fs::path& folder, const std::string& clip, bool only_source) {
  const fs::path file = folder / (clip + ".npy");
  std::error_code ignored;
  if (fs::is_regular_file(file, ignored)) {
    place_ = file;
    stack_ = read_npy(file);
    check_dtype(stack_, file);
    if (stack_.shape.size() != 3) {
      fail("depth maps ", file.string(), " have ", stack_.shape.size(),
           " dimensions, expected (frames, height, width)");
    }
    return;
  }
  place_ = folder / clip;
  if (!fs::is_directory(place_, ignored) && only_source) place_ = folder;
  if (!fs::is_directory(place_, ignored)) {
    fail("no depth maps for '", clip, "': neither a folder ", place_.string(), " nor a file ",
         file.string());
  }
  for (const fs::directory_entry& entry : fs::directory_iterator(place_, ignored)) {
    if (!is_map(entry.path())) continue;
    const std::string name = entry.path().stem().string();
    by_name_[name] = entry.path();
    if (const auto number = number_of(name)) by_number_[*number] = entry.path();
  }
  if (by_name_.empty()) fail("no depth maps (.png, .npy) in ", place_.string());
}

fs::path DepthMaps::find(const std::string& frame, int number) const {
  if (const auto named = by_name_.find(frame); named != by_name_.end()) return named->second;
  const auto wanted = number_of(frame).value_or(number);
  const auto numbered = by_number_.find(wanted);
  if (numbered == by_number_.end()) {
    fail("no depth map for frame '", frame, "' in ", place_.string(), " (", by_name_.size(),
         " maps there)");
  }
  return numbered->second;
}

Image<float> DepthMaps::read(const std::string& frame, int number, int height, int width) const {
  if (stack_.shape.empty()) {
    const fs::path path = find(frame, number);
    return lower(path.extension().string()) == ".npy" ? read_array(path, height, width)
                                                      : read_picture(path, height, width);
  }
  check_size(place_, {static_cast<int>(stack_.shape[1]), static_cast<int>(stack_.shape[2])}, height,
             width);
  if (number >= stack_.shape[0]) {
    fail("no depth map for frame ", number, ": ", place_.string(), " holds ", stack_.shape[0]);
  }
  const std::size_t pixels = static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
  return from_array(stack_, static_cast<std::size_t>(number) * pixels, height, width);
}

}  // namespace pluvia
