// SPDX-License-Identifier: Apache-2.0
// Plots of the rain's laws for the docs: rain_plots FOLDER writes rain-sizes.svg, rain-length.svg,
// rain-veil.svg and rain-optics.svg. Lines are formulas, points come from the renderer's own code.
#include <cmath>
#include <cstdio>
#include <fstream>
#include <map>

#include "core/error.h"
#include "synth/effects/glass_optics.h"
#include "synth/effects/streaks.h"
#include "synth/effects/veil.h"
#include "synth/fall_speed.h"
#include "tests/support/svg_plot.h"

namespace pluvia::synth {
namespace {

using test::SvgPlot;

constexpr double kFocalPx = 1290;

void write(const std::string& folder, const char* name, const SvgPlot& plot) {
  std::ofstream out(folder + "/" + name);
  out << plot.text();
  if (!out.flush()) fail("writing ", folder, "/", name, ": could not");
}

Camera camera() {
  CameraState state;
  state.focal_px = kFocalPx;
  return Camera::of(state, 720, 1280);
}

RainField rain(double rate) {
  RainField field;
  field.rate_mm_h = rate;
  field.min_width_px = 1;
  field.near_m = 0.2;
  field.drift = 0;
  return field;
}

/// Drops in view by diameter: those of at least one pixel lie within D f / 1 px, so their number is
/// N(D) times a volume that grows with D^3.
void plot_sizes(const std::string& folder) {
  SvgPlot plot({"Streaks at least 1 px wide in view, 25 mm/h, f 1290 px, 200 frames",
                "diameter, mm", "streaks a frame per 0.25 mm", 0, 6, 0, 130});
  const DropSizes sizes(25, 0);
  const double pyramid = 1280.0 * 720 / (3 * kFocalPx * kFocalPx);
  std::vector<double> x;
  std::vector<double> y;
  for (double d = 0.4; d <= 6; d += 0.05) {
    const double reach = d * 1e-3 * kFocalPx;
    x.push_back(d);
    y.push_back(0.25 * sizes.density(d) * pyramid * (reach * reach * reach - 0.008));
  }
  plot.line(x, y, "N(D) times the volume");
  std::map<int, double> bins;
  for (int t = 0; t < 200; ++t) {
    for (const Streak& s : streaks_of(rain(25), {3, 0}, camera(), {1e-4, 0, 0}, t)) {
      bins[static_cast<int>(s.diameter_mm * 4)] += 1.0 / 200;
    }
  }
  x.clear();
  y.clear();
  for (const auto& [bin, count] : bins) {
    x.push_back((bin + 0.5) / 4);
    y.push_back(count);
  }
  plot.points(x, y, "drawn");
  write(folder, "rain-sizes.svg", plot);
}

void plot_length(const std::string& folder) {
  SvgPlot plot({"Length of streaks, still camera, exposure 4 ms", "f v T / z, px",
                "drawn length, px", 0, 60, 0, 60});
  plot.line({0, 60}, {0, 60}, "formula");
  std::vector<double> x;
  std::vector<double> y;
  for (const Streak& s : streaks_of(rain(25), {5, 0}, camera(), {0.004, 0, 0}, 1)) {
    x.push_back(kFocalPx * fall_speed_m_s(s.diameter_mm) * 0.004 / static_cast<double>(s.depth_m));
    y.push_back(std::hypot(static_cast<double>(s.x1 - s.x0), static_cast<double>(s.y1 - s.y0)));
    if (x.back() > 60) x.pop_back(), y.pop_back();
  }
  plot.points(x, y, "drawn (a class of diameters falls at one speed)");
  write(folder, "rain-length.svg", plot);
}

void plot_veil(const std::string& folder) {
  SvgPlot plot({"Share of light that passes the drops too fine to draw", "depth, m", "transmission",
                0, 500, 0.4, 1});
  for (const double rate : {5.0, 25.0, 100.0}) {
    const DropSizes sizes(rate, 0);
    const Veil veil(sizes, {1.5, 0, 1, kFocalPx});
    std::vector<double> x;
    std::vector<double> formula;
    std::vector<double> points_x;
    std::vector<double> points_y;
    double depth_sum = 0;
    for (int z = 1; z <= 500; ++z) {
      // Drops narrower than 1 px at this depth: D < z / f.
      depth_sum += 1.5 * sizes.extinction_per_m((z - 0.5) / kFocalPx * 1e3);
      x.push_back(z);
      formula.push_back(std::exp(-depth_sum));
      if (z % 50 == 0) {
        points_x.push_back(z);
        points_y.push_back(static_cast<double>(veil.transmission(static_cast<float>(z))));
      }
    }
    const std::string name = std::to_string(static_cast<int>(rate)) + " mm/h";
    plot.line(x, formula, name + ", integral");
    plot.points(points_x, points_y, name + ", table of the renderer");
  }
  write(folder, "rain-veil.svg", plot);
}

void plot_optics(const std::string& folder) {
  SvgPlot plot({"Light bent by the face of a drop on glass, sight square on",
                "slope of the face, deg", "deviation, deg", 0, 50, 0, 45});
  constexpr double kDegree = 3.14159265358979323846 / 180;
  std::vector<double> x;
  std::vector<double> y;
  for (double slope = 0; slope <= 48.5; slope += 0.25) {
    x.push_back(slope);
    y.push_back(std::asin(1.333 * std::sin(slope * kDegree)) / kDegree - slope);
  }
  plot.line(x, y, "asin(n sin slope) - slope");
  x.clear();
  y.clear();
  for (double slope = 0; slope < 50; slope += 2.5) {
    const Refraction r = through_drop({0, 0, 1}, static_cast<float>(std::tan(slope * kDegree)), 0);
    if (r.transmitted <= 0) continue;
    x.push_back(slope);
    y.push_back(std::atan2(std::abs(static_cast<double>(r.direction.x)),
                           static_cast<double>(r.direction.z)) /
                kDegree);
  }
  plot.points(x, y, "renderer (beyond 48.6 deg nothing passes)");
  write(folder, "rain-optics.svg", plot);
}

}  // namespace
}  // namespace pluvia::synth

int main(int count, char** words) {
  if (count != 2) {
    std::fprintf(stderr, "usage: rain_plots FOLDER\n");
    return 2;
  }
  pluvia::synth::plot_sizes(words[1]);
  pluvia::synth::plot_length(words[1]);
  pluvia::synth::plot_veil(words[1]);
  pluvia::synth::plot_optics(words[1]);
  return 0;
}
