// SPDX-License-Identifier: Apache-2.0
// What the media tests share: a folder of their own, the ffmpeg program as an oracle, and pictures
// made of a formula.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "core/file.h"
#include "core/image.h"
#include "datasets/media/frame_source.h"

namespace pluvia::testing {

/// A folder that vanishes with the object.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  fs::path operator/(const std::string& name) const { return path_ / name; }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

using Bytes = std::vector<std::byte>;
using Frames = std::vector<Image<std::uint8_t>>;

void write_file(const fs::path& path, const Bytes& bytes);
Bytes read_file(const fs::path& path);

/// Runs the ffmpeg program; a failure of it is a test failure.
void ffmpeg(const std::string& arguments);
/// `file` as the ffmpeg program decodes it through `filter`, as 8-bit RGB frames.
Frames ffmpeg_frames(const fs::path& file, const std::string& filter, int height, int width,
                     const TempFolder& folder);

Frames read_all(const fs::path& path, MediaNotes* notes = nullptr);

/// Largest difference between two pictures of equal size; -1 when their sizes differ.
int max_difference(ImageView<const std::uint8_t> a, ImageView<const std::uint8_t> b);

double mean_difference(ImageView<const std::uint8_t> a, ImageView<const std::uint8_t> b);

/// The text of the Error that `body` throws; a test failure (and "") when it throws none.
std::string error_of(const std::function<void()>& body);

/// Smooth waves with some noise, different for every `seed`.
Image<std::uint8_t> make_picture(int height, int width, int channels, unsigned seed);

}  // namespace pluvia::testing
