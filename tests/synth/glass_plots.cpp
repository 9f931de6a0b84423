// SPDX-License-Identifier: Apache-2.0
// Plots of the drops on a pane, for the docs: glass_plots FOLDER writes glass-arrivals.svg,
// glass-sizes.svg, glass-water.svg and glass-tracks.svg, and prints what a clip's simulation costs.
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <map>

#include "core/error.h"
#include "synth/effects/glass_drops.h"
#include "synth/rain_params.h"
#include "tests/support/svg_plot.h"

namespace pluvia::synth {
namespace {

using test::SvgPlot;

constexpr PaneSize kPane{60, 33.75};

void write(const std::string& folder, const char* name, const SvgPlot& plot) {
  std::ofstream out(folder + "/" + name);
  out << plot.text();
  if (!out.flush()) fail("writing ", folder, "/", name, ": could not");
}

GlassField field_of(const char* rain_mm_h) {
  Params params(rain_param_table());
  params.set("rain_mm_h", rain_mm_h);
  return RainParams::of(params).glass;
}

void plot_arrivals(const std::string& folder) {
  SvgPlot plot({"Drops that land on a pane seen at 0.3 m (25 mm/h, 30 deg from horizontal)",
                "speed, m/s", "drops per second", 0, 32, 0, 4500});
  const double area = 1.28 * 0.72 * 0.3 * 0.3;
  for (const double least : {0.1, 1.0}) {
    std::vector<double> speeds;
    std::vector<double> rates;
    for (int speed = 0; speed <= 32; ++speed) {
      speeds.push_back(speed);
      rates.push_back(GlassArrivals({25, 0, 30, 1.0 * speed}, least).per_m2_s() * area);
    }
    plot.line(speeds, rates, least < 1 ? "all" : "above 1 mm");
  }
  // Computed apart from this program with the published N0, which is 28.22 / 25 of ours.
  const auto scaled = [](std::vector<double> values) {
    for (double& v : values) v *= 25 / 28.22;
    return values;
  };
  plot.points({0, 15, 30}, scaled({474, 2371, 4268}), "table, all");
  plot.points({0, 15, 30}, scaled({180, 476, 773}), "table, above 1 mm");
  write(folder, "glass-arrivals.svg", plot);
}

/// Number of drops by size, twenty bins a decade, over six panes.
void plot_sizes(const std::string& folder) {
  SvgPlot plot({"Drops on the pane by size (25 mm/h, 60x34 mm, mean of 6)",
                "radius of the foot, log10 mm", "log10 of drops per 0.1 decade", -1.2, 0.7, -1, 2});
  for (const int seconds : {0, 10, 60}) {
    std::map<int, double> bins;
    for (std::uint32_t clip = 0; clip < 6; ++clip) {
      GlassSimulation simulation(field_of("25"), kPane, 1, clip, 0);
      GlassState state = simulation.first();
      while (state.step < seconds * kGlassStepsPerS) simulation.advance(state);
      for (const GlassWater& drop : state.drops) {
        bins[static_cast<int>(std::floor(10 * std::log10(simulation.shape().foot_mm(drop))))] += 1;
      }
    }
    std::vector<double> x;
    std::vector<double> y;
    for (const auto& [bin, count] : bins) {
      x.push_back((bin + 0.5) / 10);
      y.push_back(std::log10(count / 6));
    }
    plot.line(x, y, std::to_string(seconds) + " s");
  }
  write(folder, "glass-sizes.svg", plot);
}

void plot_water(const std::string& folder) {
  SvgPlot plot(
      {"Water on the pane (25 mm/h, 60x34 mm and its margin)", "time, s", "mm^3", 0, 60, 0, 3000});
  GlassSimulation simulation(field_of("25"), kPane, 1, 0, 0);
  GlassState state = simulation.first();
  while (state.step < 0) simulation.advance(state);
  std::vector<double> t;
  std::vector<double> on;
  std::vector<double> arrived;
  std::vector<double> left;
  while (state.step <= 60 * kGlassStepsPerS) {
    if (state.step % 60 == 0) {
      double sum = 0;
      for (const GlassWater& drop : state.drops) sum += static_cast<double>(drop.volume_um3);
      t.push_back(static_cast<double>(state.step) / kGlassStepsPerS);
      on.push_back(sum * 1e-9);
      arrived.push_back(static_cast<double>(state.water.arrived) * 1e-9);
      left.push_back(static_cast<double>(state.water.left) * 1e-9);
    }
    simulation.advance(state);
  }
  plot.line(t, arrived, "arrived");
  plot.line(t, left, "run off");
  plot.line(t, on, "on the pane");
  write(folder, "glass-water.svg", plot);
}

void plot_tracks(const std::string& folder) {
  SvgPlot plot({"Drops after 10 s, and the ways of those that slid (25 mm/h)", "mm", "mm", 0, 60,
                33.75, 0, 640, 400});
  GlassSimulation simulation(field_of("25"), kPane, 1, 0, 0);
  GlassState state = simulation.first();
  std::map<std::uint32_t, std::pair<std::vector<double>, std::vector<double>>> ways;
  while (state.step < 10 * kGlassStepsPerS) {
    simulation.advance(state);
    for (const GlassWater& drop : state.drops) {
      const bool seen = drop.x > 0 && drop.y > 0 && drop.x < kPane.width_mm * kGlassUnitsPerMm &&
                        drop.y < kPane.height_mm * kGlassUnitsPerMm;
      if (state.step < 0 || state.step % 6 != 0 || !drop.sliding || !seen) continue;
      ways[drop.id].first.push_back(drop.x / kGlassUnitsPerMm);
      ways[drop.id].second.push_back(drop.y / kGlassUnitsPerMm);
    }
  }
  for (const auto& [id, way] : ways) plot.track(way.first, way.second);
  for (const GlassWater& drop : state.drops) {
    for (int i = 0; i < drop.parts; ++i) {
      const GlassPart& part = drop.part[static_cast<std::size_t>(i)];
      if (part.radius_mm < 0.2F) continue;
      plot.disc(part.x / kGlassUnitsPerMm, part.y / kGlassUnitsPerMm,
                static_cast<double>(part.radius_mm));
    }
  }
  write(folder, "glass-tracks.svg", plot);
}

void print_cost(const char* name, const Params& params) {
  const auto now = [] { return std::chrono::steady_clock::now(); };
  const auto ms = [](auto from, auto to) {
    return std::chrono::duration<double, std::milli>(to - from).count();
  };
  const Camera camera = Camera::of({}, 720, 1280);
  double in_turn = 1e9;
  double backward = 1e9;
  double again = 1e9;
  std::size_t lobes = 0;
  for (int repeat = 0; repeat < 5; ++repeat) {
    const GlassPane pane(RainParams::of(params).glass, {1, 0});
    const auto start = now();
    for (int t = 0; t < 100; ++t) lobes = pane.at(camera, t / 25.0).lobes.size();
    const auto simulated = now();
    for (int t = 99; t >= 0; --t) pane.at(camera, t / 25.0);
    const auto reversed = now();
    for (int k = 0; k < 100; ++k) pane.at(camera, 4);
    in_turn = std::min(in_turn, ms(start, simulated));
    backward = std::min(backward, ms(simulated, reversed));
    again = std::min(again, ms(reversed, now()));
  }
  std::printf(
      "%s: %zu lobes; 100 frames in turn %.1f ms, then backward %.1f ms; one frame again %.3f ms\n",
      name, lobes, in_turn, backward, again / 100);
}

void run(int argc, char** argv) {
  if (argc != 2) fail_usage("expected FOLDER");
  plot_arrivals(argv[1]);
  plot_sizes(argv[1]);
  plot_water(argv[1]);
  plot_tracks(argv[1]);
  print_cost("vrds", vrds_look());
  print_cost("physical", Params(rain_param_table()));
  Params full(rain_param_table());
  for (const char* pair : {"drops=800", "fine_drops=10", "rain_mm_h=100"}) full.set_pair(pair);
  print_cost("thousands", full);
}

}  // namespace
}  // namespace pluvia::synth

int main(int argc, char** argv) {
  try {
    pluvia::synth::run(argc, argv);
  } catch (const pluvia::Error& error) {
    std::fprintf(stderr, "glass_plots: %s\n", error.what());
    return static_cast<int>(error.kind());
  }
  return 0;
}
