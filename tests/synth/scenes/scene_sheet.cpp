// SPDX-License-Identifier: Apache-2.0
// scene_sheet SCENE WIDTHxHEIGHT COLUMNS SEED,SEED... FRAME,FRAME... OUT.png: a contact sheet of
// seeds by frames, and the time a frame took. For looking at scenes while they are made.
#include <charconv>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "core/error.h"
#include "datasets/media/stills.h"
#include "synth/scenes/scenes.h"

namespace {

std::vector<int> numbers(const std::string& text) {
  std::vector<int> values;
  const char* at = text.data();
  const char* end = at + text.size();
  while (at < end) {
    int value = 0;
    const auto [next, error] = std::from_chars(at, end, value);
    if (error != std::errc{}) pluvia::fail_usage("reading '", text, "': expected numbers");
    values.push_back(value);
    at = next < end ? next + 1 : next;
  }
  return values;
}

void draw(char** arguments) {
  const std::vector<int> size = numbers(arguments[2]);
  const int columns = numbers(arguments[3]).at(0);
  const std::vector<int> seeds = numbers(arguments[4]);
  const std::vector<int> times = numbers(arguments[5]);
  const int width = size.at(0);
  const int height = size.at(1);
  const int count = static_cast<int>(seeds.size() * times.size());
  const int rows = (count + columns - 1) / columns;
  pluvia::Image<std::uint8_t> sheet(rows * height, columns * width, 3);
  for (std::uint8_t& value : sheet.pixels()) value = 0;
  int cell = 0;
  double seconds = 0;
  for (const int seed : seeds) {
    pluvia::synth::scenes::SceneRequest request;
    request.seed = static_cast<std::uint64_t>(seed);
    request.info = {1000, height, width, 25};
    const auto scene = pluvia::synth::scenes::find_scene(arguments[1]).make(request);
    for (const int t : times) {
      const auto begin = std::chrono::steady_clock::now();
      const pluvia::synth::SceneFrame frame = scene->frame(t);
      seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
      const auto into =
          sheet.view().crop(cell / columns * height, cell % columns * width, height, width);
      for (int y = 0; y < height; ++y) {
        const auto row = frame.clean.view().row(y);
        std::copy(row.begin(), row.end(), into.row(y).begin());
      }
      ++cell;
    }
  }
  pluvia::write_png(arguments[6], sheet.view());
  std::printf("%d frames, %.1f ms each\n", count, 1000 * seconds / count);
}

}  // namespace

int main(int count, char** arguments) {
  try {
    if (count != 7) {
      pluvia::fail_usage("usage: scene_sheet SCENE WIDTHxHEIGHT COLUMNS SEEDS FRAMES OUT.png");
    }
    draw(arguments);
    return 0;
  } catch (const pluvia::Error& error) {
    std::fprintf(stderr, "scene_sheet: %s\n", error.what());
    return static_cast<int>(error.kind());
  }
}
