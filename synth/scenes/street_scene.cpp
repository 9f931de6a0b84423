// SPDX-License-Identifier: Apache-2.0
// A street by day from a moving car and from the pavement, and by night from the car. Traffic keeps
// one speed a lane, so that cars never meet.
#include "synth/scenes/draw.h"
#include "synth/scenes/raster.h"
#include "synth/scenes/scenes.h"

namespace pluvia::synth::scenes {
namespace {

constexpr float kTrafficSpacing = 24;
constexpr float kBehindM = 14;
// Single precision then still places a street's points to a millimetre.
constexpr double kLongestS = 600;
constexpr int kMostSide = 16384;

enum class Kind : std::uint8_t { kDrive, kStand, kNight };

CameraPath path_of(Kind kind, std::uint64_t seed, const Street& street) {
  return kind == Kind::kStand ? CameraPath::stand(seed, static_cast<double>(street.half_road_m))
                              : CameraPath::drive(seed);
}

double reach_of(const SceneInfo& info) { return info.frames / info.fps * 22; }

class StreetScene : public Scene {
 public:
  StreetScene(Kind kind, const SceneRequest& request)
      : kind_(kind),
        seed_(request.seed),
        info_(request.info),
        street_(request.seed, reach_of(request.info), kind == Kind::kNight),
        path_(path_of(kind, request.seed, street_)) {}

  const SceneInfo& info() const override { return info_; }
  double speed_m_s() const override { return path_.speed_m_s; }

  SceneFrame frame(int t) const override {
    PLUVIA_CHECK(t >= 0 && t < info_.frames, t, " of ", info_.frames);
    const double step_s = 1 / info_.fps;
    const double time_s = (t + 0.5) * step_s;
    const CameraState camera = path_.at(time_s, info_.width);
    const View view(camera, info_.height, info_.width);
    const View next(path_.at(time_s + step_s, info_.width), info_.height, info_.width);
    Stage stage{street_, fleet_, kind_ == Kind::kNight, {}, {}, {}};
    const float from = view.position.z - kBehindM;
    add_buildings(stage, from);
    add_trees(stage, from, time_s, step_s);
    add_lamps(stage, from);
    add_signs(stage, from);
    for (const ParkedCar& car : street_.parked) {
      if (car.at.z < from || car.at.z > from + 330) continue;
      add_car(stage, car.at, car.heading, car.hash, {});
    }
    add_traffic(stage, view.position, time_s, step_s);
    add_people(stage, seed_, view.position, time_s, step_s);
    SceneFrame frame = draw_frame(stage, view, next, info_.height, info_.width);
    frame.camera = camera;
    frame.time_s = time_s;
    return frame;
  }

 private:
  void add_traffic(Stage& stage, Vec camera, double time_s, double step_s) const {
    add_lane(stage, -1, camera, time_s, step_s);
    if (kind_ == Kind::kStand) {
      add_lane(stage, 1, camera, time_s, step_s);
      return;
    }
    Draw draw(seed_, Purpose::kTraffic, 1);
    if (!draw.chance(0.65F)) return;
    const double gap = draw.range(14, 40);
    const Wave breathing{0.25 * gap * static_cast<double>(draw.range(0.4F, 1)),
                         static_cast<double>(draw.range(0.03F, 0.07F)),
                         static_cast<double>(draw.range(0, 1))};
    const std::uint32_t hash = draw.word();
    const auto place = [&](double time) {
      return static_cast<float>(path_.forward_m(time) + gap + breathing.value(time));
    };
    const float z = place(time_s);
    add_car(stage, {0.52F * street_.lane_m, 0, z}, 1, hash, {0, 0, place(time_s + step_s) - z});
  }

  void add_lane(Stage& stage, float heading, Vec camera, double time_s, double step_s) const {
    const std::uint32_t lane = heading > 0 ? 2 : 3;
    Draw common(seed_, Purpose::kTraffic, lane);
    const float speed = common.range(6, 13) * heading;
    const float density = common.range(0.25F, 0.75F);
    const float moved = speed * static_cast<float>(time_s);
    const int first = floor_int((camera.z - 60 - moved) / kTrafficSpacing);
    for (int i = first; i < first + 17; ++i) {
      Draw draw(seed_, Purpose::kTraffic,
                64 + 4 * static_cast<std::uint32_t>(i + (1 << 20)) + lane);
      if (!draw.chance(density)) continue;
      const float z = (static_cast<float>(i) + draw.range(-0.3F, 0.3F)) * kTrafficSpacing + moved;
      const Vec at{heading * street_.lane_m * 0.5F + draw.range(-0.15F, 0.15F), 0, z};
      add_car(stage, at, heading, draw.word(), {0, 0, speed * static_cast<float>(step_s)});
    }
  }

  Kind kind_;
  std::uint64_t seed_;
  SceneInfo info_;
  Fleet fleet_;
  Street street_;
  CameraPath path_;
};

std::unique_ptr<Scene> make(Kind kind, const SceneRequest& request) {
  const SceneInfo& info = request.info;
  const auto usable = [](int value, int most) { return value >= 1 && value <= most; };
  const bool timed =
      info.frames >= 1 && info.fps >= 1 && info.fps <= 1000 && info.frames / info.fps <= kLongestS;
  if (!timed || !usable(info.width, kMostSide) || !usable(info.height, kMostSide)) {
    fail("making a built-in scene: ", info.frames, " frames of ", info.width, "x", info.height,
         " at ", info.fps, " per second; expected 1 frame or more, 1 to 1000 per second, at most ",
         kLongestS, " s, sides of 1 to ", kMostSide, " pixels");
  }
  return std::make_unique<StreetScene>(kind, request);
}

}  // namespace

std::unique_ptr<Scene> make_city_drive(const SceneRequest& request) {
  return make(Kind::kDrive, request);
}

std::unique_ptr<Scene> make_night_drive(const SceneRequest& request) {
  return make(Kind::kNight, request);
}

std::unique_ptr<Scene> make_street_view(const SceneRequest& request) {
  return make(Kind::kStand, request);
}

}  // namespace pluvia::synth::scenes
