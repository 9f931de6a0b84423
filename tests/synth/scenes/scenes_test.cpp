// SPDX-License-Identifier: Apache-2.0
// Every scene of the list: determinism, odd sizes, depth and flow against the camera by an
// independent pinhole model in double precision, smoothness in time, natural statistics.
#include "synth/scenes/scenes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "core/error.h"
#include "core/parallel.h"

namespace pluvia::synth::scenes {
namespace {

std::unique_ptr<Scene> make(const SceneEntry& entry, std::uint64_t seed, int width, int height,
                            int frames = 50) {
  return entry.make({seed, {frames, height, width, 25}});
}

template <typename T>
bool same(const Image<T>& a, const Image<T>& b) {
  return a.pixels().size() == b.pixels().size() &&
         std::memcmp(a.pixels().data(), b.pixels().data(), a.pixels().size_bytes()) == 0;
}

bool same(const SceneFrame& a, const SceneFrame& b) {
  return same(a.clean, b.clean) && same(a.depth_m, b.depth_m) && same(a.flow_px, b.flow_px);
}

class EveryScene : public testing::TestWithParam<const SceneEntry*> {
 protected:
  const SceneEntry& entry() const { return *GetParam(); }
};

TEST_P(EveryScene, SameSeedSameBytesNextSeedDiffers) {
  const SceneFrame one = make(entry(), 7, 96, 54)->frame(3);
  EXPECT_TRUE(same(one, make(entry(), 7, 96, 54)->frame(3)));
  EXPECT_FALSE(same(one.clean, make(entry(), 8, 96, 54)->frame(3).clean));
}

TEST_P(EveryScene, ThreadsDoNotShow) {
  const auto scene = make(entry(), 11, 160, 90);
  set_thread_count(1);
  const SceneFrame alone = scene->frame(20);
  set_thread_count(4);
  const SceneFrame together = scene->frame(20);
  set_thread_count(0);
  EXPECT_TRUE(same(alone, together));
}

TEST_P(EveryScene, AnyFrameAloneAndOfAnyLength) {
  const auto scene = make(entry(), 5, 96, 54);
  for (int t = 0; t < 6; ++t) scene->frame(t);
  const SceneFrame after = scene->frame(6);
  EXPECT_TRUE(same(after, make(entry(), 5, 96, 54)->frame(6)));
  EXPECT_TRUE(same(after, make(entry(), 5, 96, 54, 2000)->frame(6)));
}

TEST_P(EveryScene, OddSizes) {
  for (const auto& [width, height] : {std::pair{1, 1}, {1, 40}, {61, 1}, {33, 17}, {7, 130}}) {
    const SceneFrame frame = make(entry(), 2, width, height)->frame(0);
    EXPECT_EQ(frame.clean.width(), width);
    EXPECT_EQ(frame.clean.height(), height);
    for (const float depth : frame.depth_m.pixels()) EXPECT_GT(depth, 0);
    for (const float flow : frame.flow_px.pixels()) EXPECT_TRUE(std::isfinite(flow));
  }
}

TEST_P(EveryScene, RefusesImpossibleRequests) {
  for (const SceneInfo& info :
       {SceneInfo{0, 8, 8, 25}, SceneInfo{1, 0, 8, 25}, SceneInfo{1, 8, 100000, 25},
        SceneInfo{1, 8, 8, 0}, SceneInfo{2000000000, 8, 8, 25}, SceneInfo{1, 8, 8, std::nan("")}}) {
    EXPECT_THROW(entry().make({1, info}), Error);
  }
}

// A point of the street by camera and depth, in world coordinates.
struct Point {
  double x, y, z;
};

Point rotate(const std::array<double, 4>& q, Point p) {
  // p + 2 w (v x p) + 2 v x (v x p)
  const auto [w, x, y, z] = q;
  const Point c{y * p.z - z * p.y, z * p.x - x * p.z, x * p.y - y * p.x};
  const Point d{y * c.z - z * c.y, z * c.x - x * c.z, x * c.y - y * c.x};
  return {p.x + 2 * (w * c.x + d.x), p.y + 2 * (w * c.y + d.y), p.z + 2 * (w * c.z + d.z)};
}

TEST_P(EveryScene, FlowOfWhatStandsFollowsFromDepthAndCameras) {
  const int width = 160;
  const int height = 90;
  int known = 0;
  int agree = 0;
  for (const std::uint64_t seed : {3U, 4U, 5U}) {
    const auto scene = make(entry(), seed, width, height);
    const SceneFrame frame = scene->frame(10);
    const CameraState now = frame.camera;
    const CameraState next = scene->frame(11).camera;
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        const double depth = static_cast<double>(frame.depth_m.view().at(y, x));
        if (!(depth > 3 && depth < 1e6)) continue;
        const Point ray =
            rotate(now.orientation, {(x + 0.5 - width / 2.0) / now.focal_px * depth,
                                     -(y + 0.5 - height / 2.0) / now.focal_px * depth, -depth});
        const Point moved{ray.x + now.position_m[0] - next.position_m[0],
                          ray.y + now.position_m[1] - next.position_m[1],
                          ray.z + now.position_m[2] - next.position_m[2]};
        const auto [qw, qx, qy, qz] = next.orientation;
        const Point seen = rotate({qw, -qx, -qy, -qz}, moved);
        const double u = width / 2.0 + next.focal_px * seen.x / -seen.z;
        const double v = height / 2.0 - next.focal_px * seen.y / -seen.z;
        const double du = u - (x + 0.5) - static_cast<double>(frame.flow_px.view().at(y, x, 0));
        const double dv = v - (y + 0.5) - static_cast<double>(frame.flow_px.view().at(y, x, 1));
        ++known;
        agree += std::hypot(du, dv) < 0.03 ? 1 : 0;
      }
    }
  }
  // The rest are moving cars, people and leaves, and pixels shared by surfaces.
  EXPECT_GT(known, 20000);
  EXPECT_GT(agree, known * 6 / 10);
}

TEST_P(EveryScene, DepthPutsTheGroundWhereItIs) {
  const int width = 160;
  const int height = 90;
  int ground = 0;
  int sky = 0;
  for (const std::uint64_t seed : {1U, 2U, 6U}) {
    const SceneFrame frame = make(entry(), seed, width, height)->frame(30);
    const CameraState camera = frame.camera;
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        const double depth = static_cast<double>(frame.depth_m.view().at(y, x));
        if (std::isinf(depth)) {
          ++sky;
          continue;
        }
        const Point ray = rotate(camera.orientation,
                                 {(x + 0.5 - width / 2.0) / camera.focal_px * depth,
                                  -(y + 0.5 - height / 2.0) / camera.focal_px * depth, -depth});
        const double up = ray.y + camera.position_m[1];
        // Pixels shared by surfaces are measured beside their middle.
        EXPECT_GT(up, -0.05 - depth / camera.focal_px);
        ground += std::fabs(up) < 0.005 || std::fabs(up - 0.13) < 0.005 ? 1 : 0;
      }
    }
  }
  EXPECT_GT(ground, width * height * 3 / 6);
  EXPECT_GT(sky, width * height * 3 / 50);
}

TEST_P(EveryScene, VelocityIsTheDerivativeOfPosition) {
  const auto scene = entry().make({9, {3000, 2, 2, 1000}});
  const CameraState a = scene->frame(1000).camera;
  const CameraState b = scene->frame(1002).camera;
  const CameraState middle = scene->frame(1001).camera;
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR((b.position_m[i] - a.position_m[i]) / 0.002, middle.velocity_m_s[i], 1e-3);
  }
}

// Mean absolute difference, in code values, between a frame and the next one brought back by flow.
// Moved by flow, the picture must stay; without it, motion shows that the flow does something.
struct Change {
  double warped;
  double unwarped;
};

Change change_of(const SceneFrame& now, const SceneFrame& next) {
  const int width = now.clean.width();
  const int height = now.clean.height();
  double warped = 0;
  double unwarped = 0;
  int count = 0;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const float u = static_cast<float>(x) + now.flow_px.view().at(y, x, 0);
      const float v = static_cast<float>(y) + now.flow_px.view().at(y, x, 1);
      if (!(u >= 0 && v >= 0 && u < static_cast<float>(width - 1) &&
            v < static_cast<float>(height - 1))) {
        continue;
      }
      const int x0 = static_cast<int>(u);
      const int y0 = static_cast<int>(v);
      const float tx = u - static_cast<float>(x0);
      const float ty = v - static_cast<float>(y0);
      const auto green = [&](int gy, int gx) {
        return static_cast<float>(next.clean.view().at(gy, gx, 1));
      };
      const float there = (1 - ty) * ((1 - tx) * green(y0, x0) + tx * green(y0, x0 + 1)) +
                          ty * ((1 - tx) * green(y0 + 1, x0) + tx * green(y0 + 1, x0 + 1));
      const auto here = static_cast<float>(now.clean.view().at(y, x, 1));
      warped += static_cast<double>(std::fabs(there - here));
      unwarped += static_cast<double>(std::fabs(green(y, x) - here));
      ++count;
    }
  }
  return {warped / count, unwarped / count};
}

TEST_P(EveryScene, NothingPopsOrFlickers) {
  double warped = 0;
  double unwarped = 0;
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U}) {
    const auto scene = make(entry(), seed, 256, 144);
    SceneFrame now = scene->frame(20);
    for (int t = 21; t < 25; ++t) {
      SceneFrame next = scene->frame(t);
      const Change change = change_of(now, next);
      EXPECT_LT(change.warped, 7) << "seed " << seed << " frame " << t;
      warped += change.warped / 16;
      unwarped += change.unwarped / 16;
      now = std::move(next);
    }
  }
  RecordProperty("warped", std::to_string(warped));
  EXPECT_LT(warped, 5);
  EXPECT_LT(warped, 0.8 * unwarped);
}

TEST_P(EveryScene, LooksLikePhotographsInItsStatistics) {
  double saturated = 0;
  double between_clips = 0;
  double last = -1;
  const int clips = 8;
  for (int seed = 20; seed < 20 + clips; ++seed) {
    const SceneFrame frame = make(entry(), static_cast<std::uint64_t>(seed), 192, 108)->frame(5);
    double sum = 0;
    double squares = 0;
    double edges = 0;
    const auto view = frame.clean.view();
    for (int y = 0; y < 108; ++y) {
      for (int x = 0; x < 192; ++x) {
        const double v = view.at(y, x, 1);
        sum += v;
        squares += v * v;
        saturated += v == 0 || v == 255 ? 1 : 0;
        if (x > 0) edges += std::abs(v - view.at(y, x - 1, 1));
      }
    }
    const double n = 192 * 108;
    const double mean = sum / n;
    EXPECT_GT(mean, 55) << seed;
    EXPECT_LT(mean, 190) << seed;
    EXPECT_GT(std::sqrt(squares / n - mean * mean), 25) << seed;
    EXPECT_GT(edges / n, 3) << seed;
    EXPECT_LT(edges / n, 25) << seed;
    if (last >= 0) between_clips += std::fabs(mean - last);
    last = mean;
  }
  EXPECT_LT(saturated / (192 * 108 * clips), 0.12);
  EXPECT_GT(between_clips / (clips - 1), 3);
}

INSTANTIATE_TEST_SUITE_P(Scenes, EveryScene, testing::ValuesIn([] {
                           std::vector<const SceneEntry*> entries;
                           for (const SceneEntry& entry : all_scenes()) entries.push_back(&entry);
                           return entries;
                         }()),
                         [](const auto& test) {
                           std::string name = test.param->name;
                           std::erase(name, '-');
                           return name;
                         });

TEST(FindScene, NamesWhatThereIs) {
  EXPECT_STREQ(find_scene("city-drive").name, "city-drive");
  try {
    find_scene("city-dive");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("city-drive"), std::string::npos);
  }
}

}  // namespace
}  // namespace pluvia::synth::scenes
