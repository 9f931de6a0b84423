// SPDX-License-Identifier: Apache-2.0
#include "eval/metrics/regions.h"

#include <algorithm>
#include <cstdlib>
#include <map>

#include "core/error.h"
#include "eval/metrics/near_distance.h"

namespace pluvia {
namespace {

void require_size(ImageView<const std::uint8_t> image, int height, int width, const char* what) {
  if (image.empty() || (image.height() == height && image.width() == width)) return;
  fail("regions: the ", what, " is ", image.width(), "x", image.height(), ", the frame ", width,
       "x", height);
}

// 0, 1: inside near the rim, deep; 2, 3, 4: outside near, further, far.
int band_of(bool inside, std::uint16_t squared) {
  if (inside) return squared <= 8 * 8 ? 0 : 1;
  if (squared <= 8 * 8) return 2;
  return squared <= kNearPx * kNearPx ? 3 : 4;
}

bool differs(const RegionSources& sources, int y, int x) {
  for (int c = 0; c < sources.rainy.channels(); ++c) {
    const int d =
        static_cast<int>(sources.rainy.at(y, x, c)) - static_cast<int>(sources.clean.at(y, x, c));
    if (std::abs(d) > kChangeThreshold) return true;
  }
  return false;
}

Image<std::uint8_t> thresholded(ImageView<const std::uint8_t> image, int least, bool above) {
  Image<std::uint8_t> out(image.height(), image.width(), 1);
  for (int y = 0; y < image.height(); ++y) {
    for (int x = 0; x < image.width(); ++x) {
      out.view().at(y, x) = (image.at(y, x) >= least) == above ? 1 : 0;
    }
  }
  return out;
}

}  // namespace

Image<std::uint8_t> Regions::mask_of(const Region& region) const {
  Image<std::uint8_t> mask = labels.clone();
  for (std::uint8_t& v : mask.pixels()) v = region.has_label[v] ? 255 : 0;
  return mask;
}

std::vector<std::string> region_names(bool mask, bool streak, bool rainy) {
  std::vector<std::string> names;
  if (mask) {
    names = {"inside",      "outside",      "rim_in_0_8",   "rim_in_8_up",
             "rim_out_0_8", "rim_out_8_32", "rim_out_32_up"};
  } else if (rainy) {
    names = {"changed", "unchanged"};
  }
  if (streak) {
    names.emplace_back("on_streak");
    names.emplace_back("off_streak");
  }
  return names;
}

RegionWords region_words(const std::string& name) {
  const std::string mask = std::to_string(kMaskThreshold) + " of 255";
  const std::string change = std::to_string(kChangeThreshold) + " of 255";
  const std::string near = std::to_string(kNearPx) + " px";
  const std::map<std::string, RegionWords> words = {
      {"inside", {"inside", "the raindrop mask is at least " + mask}},
      {"outside", {"outside", "the raindrop mask is below " + mask}},
      {"rim_in_0_8", {"in, \u2264 8 px", "inside, at most 8 px from the nearest pixel outside"}},
      {"rim_in_8_up", {"in, > 8 px", "inside, more than 8 px from the nearest pixel outside"}},
      {"rim_out_0_8", {"out, \u2264 8 px", "outside, at most 8 px from the nearest pixel inside"}},
      {"rim_out_8_32", {"out, 8\u201332 px", "outside, more than 8 px and at most " + near}},
      {"rim_out_32_up", {"out, > 32 px", "outside, more than " + near}},
      {"on_streak", {"on streaks", "the streak map is above " + change}},
      {"off_streak", {"off streaks", "the streak map is at most " + change}},
      {"changed", {"changed", "|rainy - truth| > " + change + " in some channel"}},
      {"unchanged", {"unchanged", "|rainy - truth| at most " + change + " in every channel"}}};
  const auto found = words.find(name);
  if (found != words.end()) return found->second;
  std::string title = name;
  std::replace(title.begin(), title.end(), '_', ' ');
  return {title, ""};
}

Regions make_regions(const RegionSources& sources, int height, int width) {
  require_size(sources.mask, height, width, "mask");
  require_size(sources.streak, height, width, "streak map");
  require_size(sources.rainy, height, width, "rainy input");
  const bool mask = !sources.mask.empty();
  const bool streak = !sources.streak.empty();
  const bool rainy = !mask && !sources.rainy.empty();
  Regions regions;
  if (!mask && !streak && !rainy) return regions;
  Image<std::uint16_t> to_inside;
  Image<std::uint16_t> to_outside;
  if (mask) {
    to_inside = near_distances(thresholded(sources.mask, kMaskThreshold, true).view());
    to_outside = near_distances(thresholded(sources.mask, kMaskThreshold, false).view());
  }
  regions.labels = Image<std::uint8_t>(height, width, 1);
  regions.label_count = 10;  // bands (or changed: 0, unchanged: 1) times on or off streaks
  std::size_t i = 0;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x, ++i) {
      int label = 0;
      if (mask) {
        const bool inside = sources.mask.at(y, x) >= kMaskThreshold;
        label = band_of(inside, (inside ? to_outside : to_inside).pixels()[i]);
      } else if (rainy) {
        label = differs(sources, y, x) ? 0 : 1;
      }
      if (streak && sources.streak.at(y, x) > kChangeThreshold) label += 5;
      regions.labels.view().at(y, x) = static_cast<std::uint8_t>(label);
    }
  }
  const auto add = [&](const char* name, const auto& chosen) {
    Region region{name, {}};
    for (int label = 0; label < regions.label_count; ++label) {
      region.has_label.push_back(chosen(label % 5, label / 5));
    }
    regions.list.push_back(std::move(region));
  };
  if (mask) {
    add("inside", [](int band, int) { return band < 2; });
    add("outside", [](int band, int) { return band >= 2; });
    const char* const names[] = {"rim_in_0_8", "rim_in_8_up", "rim_out_0_8", "rim_out_8_32",
                                 "rim_out_32_up"};
    for (int wanted = 0; wanted < 5; ++wanted) {
      add(names[wanted], [wanted](int band, int) { return band == wanted; });
    }
  } else if (rainy) {
    add("changed", [](int band, int) { return band == 0; });
    add("unchanged", [](int band, int) { return band == 1; });
  }
  if (streak) {
    add("on_streak", [](int, int on) { return on == 1; });
    add("off_streak", [](int, int on) { return on == 0; });
  }
  return regions;
}

}  // namespace pluvia
