// SPDX-License-Identifier: Apache-2.0
#include "tests/datasets/media/media_test_util.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>

#include "core/error.h"

namespace pluvia::testing {

TempFolder::TempFolder() {
  std::string name = (fs::temp_directory_path() / "pluvia-media-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) fail("creating ", name);
  path_ = name;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void write_file(const fs::path& path, const Bytes& bytes) {
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()),
            static_cast<std::streamsize>(bytes.size()));
  ASSERT_TRUE(out.flush().good()) << path;
}

Bytes read_file(const fs::path& path) { return read_bytes(path, 1U << 30); }

void ffmpeg(const std::string& arguments) {
  const std::string command = std::string(PLUVIA_FFMPEG) + " -nostdin -v error -y " + arguments;
  ASSERT_EQ(std::system(command.c_str()), 0) << command;
}

Frames ffmpeg_frames(const fs::path& file, const std::string& filter, int height, int width,
                     const TempFolder& folder) {
  const fs::path raw = folder / "oracle.rgb";
  ffmpeg("-i '" + file.string() + "' -map 0:v:0 -fps_mode passthrough " +
         (filter.empty() ? "" : "-vf " + filter) + " -pix_fmt rgb24 -f rawvideo '" + raw.string() +
         "'");
  const Bytes bytes = read_file(raw);
  const std::size_t frame_bytes =
      static_cast<std::size_t>(height) * static_cast<std::size_t>(width) * 3;
  EXPECT_EQ(bytes.size() % frame_bytes, 0U);
  Frames frames;
  for (std::size_t at = 0; at + frame_bytes <= bytes.size(); at += frame_bytes) {
    Image<std::uint8_t> image(height, width, 3);
    std::memcpy(image.pixels().data(), bytes.data() + at, frame_bytes);
    frames.push_back(std::move(image));
  }
  return frames;
}

Frames read_all(const fs::path& path, MediaNotes* notes) {
  const auto source = open_frames(path, ColorWanted::kRgb);
  Frames frames;
  Image<std::uint8_t> frame;
  while (source->next(frame)) frames.push_back(std::move(frame));
  if (notes != nullptr) *notes = source->info().notes;
  return frames;
}

int max_difference(ImageView<const std::uint8_t> a, ImageView<const std::uint8_t> b) {
  if (a.height() != b.height() || a.width() != b.width() || a.channels() != b.channels()) return -1;
  int worst = 0;
  for (int y = 0; y < a.height(); ++y) {
    for (std::size_t i = 0; i < a.row(y).size(); ++i) {
      worst = std::max(worst, std::abs(int{a.row(y)[i]} - int{b.row(y)[i]}));
    }
  }
  return worst;
}

double mean_difference(ImageView<const std::uint8_t> a, ImageView<const std::uint8_t> b) {
  double sum = 0;
  for (int y = 0; y < a.height(); ++y) {
    for (std::size_t i = 0; i < a.row(y).size(); ++i) {
      sum += std::abs(int{a.row(y)[i]} - int{b.row(y)[i]});
    }
  }
  return sum / (static_cast<double>(a.height()) * static_cast<double>(a.row(0).size()));
}

std::string error_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no Error was thrown";
  return "";
}

Image<std::uint8_t> make_picture(int height, int width, int channels, unsigned seed) {
  Image<std::uint8_t> image(height, width, channels);
  std::mt19937 random(seed);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < channels; ++c) {
        const double wave = 110 + 90 * std::sin(0.07 * x + 0.05 * y * (c + 1) + seed);
        image.view().at(y, x, c) = static_cast<std::uint8_t>(wave + random() % 9);
      }
    }
  }
  return image;
}

}  // namespace pluvia::testing
