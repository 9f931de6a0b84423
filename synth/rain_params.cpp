// SPDX-License-Identifier: Apache-2.0
#include "synth/rain_params.h"

#include <utility>

#include "core/error.h"
#include "core/exact_math.h"

namespace pluvia::synth {
namespace {

constexpr auto kNumber = ParamKind::kNumber;
constexpr auto kInteger = ParamKind::kInteger;
constexpr auto kFlag = ParamKind::kFlag;
constexpr auto kChoice = ParamKind::kChoice;

// clang-format off
constexpr Param kTable[] = {
    {"formation", kChoice, "", "how layers make up a frame", "physical", 0, 0, "physical|vrds"},
    {"streaks", kFlag, "", "resolved streaks are drawn", "true"},
    {"veil", kFlag, "", "physical: rain too fine to draw and mist are there", "true"},
    {"drops_on", kFlag, "", "drops on the glass are there", "true"},
    {"drops_still", kFlag, "", "drops stay as they are at the clip's start", "false"},
    {"rain_mm_h", kNumber, "mm/h", "rain rate", "25", 0, 200},
    {"gamma_mu", kNumber, "", "shape of the drop sizes; 0 is Marshall-Palmer", "0", 0, 5},
    {"min_width_px", kNumber, "px", "narrowest streak drawn, in a frame 1280 wide", "0.5", 0.2, 4},
    {"near_m", kNumber, "m", "nothing falls nearer than this", "0.5", 0.05, 20},
    {"wind_m_s", kNumber, "m/s", "wind", "0", 0, 25},
    {"wind_direction_deg", kNumber, "deg", "where it blows to; 0 is to the right (+x), 90 ahead (-z)", "0", -360, 360},
    {"gust_m_s", kNumber, "m/s", "standard deviation of gusts", "0", 0, 5},
    {"gust_period_s", kNumber, "s", "period of gusts", "4", 1, 10},
    {"drift", kNumber, "", "sideways speed over fall speed", "0.05", 0, 0.35},
    {"directions", kInteger, "", "azimuths that streaks lean to", "1", 1, 6},
    {"lean_deg", kNumber, "deg", "how far they lean", "0", 0, 30},
    {"ego_motion", kNumber, "", "share of the camera's motion that rain shows", "1", 0, 1},
    {"oscillation", kNumber, "", "ripple of brightness along a streak", "0.2", 0, 0.5},
    {"streak_variety", kNumber, "", "spread of brightness among streaks", "0.15", 0, 1},
    {"opacity_gain", kNumber, "", "of streaks; 1 is physical", "1", 0, 100},
    {"streak_brightness", kNumber, "", "vrds: display value of a full streak", "0.8", 0.05, 1},
    {"sky_fade", kNumber, "", "vrds: how far a bright scene weakens streaks", "0", 0, 1},
    {"exposure_ms", kNumber, "ms", "exposure", "8", 0.1, 50},
    {"aperture_mm", kNumber, "mm", "diameter of the lens opening", "1.5", 0, 30},
    {"focus_m", kNumber, "m", "distance in focus; 0 is infinity", "0", 0, 1000},
    {"sky_gain", kNumber, "", "light of clipped highlights", "2", 1, 20},
    {"q_ext", kNumber, "", "extinction efficiency of drops", "1.5", 1, 2},
    {"mist_per_km", kNumber, "/km", "extinction by mist", "0", 0, 30},
    {"drops", kInteger, "", "drops on the glass at first; 0: no glass", "80", 0, 5000},
    {"fine_drops", kNumber, "", "and so many smaller ones for each", "5", 0, 30},
    {"drop_least_mm", kNumber, "mm", "smallest radius of a drop's foot", "0.3", 0.05, 5},
    {"drop_most_mm", kNumber, "mm", "largest radius of a drop's foot", "2.2", 0.1, 8},
    {"drop_size_power", kNumber, "", "radii follow r^-power", "1.8", 0, 5},
    {"glass_m", kNumber, "m", "camera to glass", "0.06", 0.02, 1},
    {"pane_tilt_deg", kNumber, "deg", "the glass from the horizontal", "45", 10, 90},
    {"glass_speed_m_s", kNumber, "m/s", "speed of the glass into rain and wind; -1: the camera's", "-1", -1, 60},
    {"arrival_gain", kNumber, "", "drops that land; 1 is physical", "1", 0, 5},
    {"contact_deg", kNumber, "deg", "contact angle of drops at rest", "50", 10, 85},
    {"contact_receding_deg", kNumber, "deg", "angle at which their upper edge lets go", "46", 1, 85},
    {"drop_life_s", kNumber, "s", "a drop with a foot of 1 mm dries within", "3000", 1, 100000},
    {"slide_mm_s", kNumber, "mm/s", "speed of drops that slide; 0: none does", "40", 0, 300},
    {"trails", kFlag, "", "sliding drops leave beads", "true"},
    {"drop_stretch", kNumber, "", "how much longer than wide drops get", "0.5", 0, 2},
    {"noise_shot", kNumber, "", "variance of noise per changed light", "0", 0, 0.01},
    {"noise_read", kNumber, "", "standard deviation of noise", "0", 0, 0.05},
};

constexpr std::pair<const char*, const char*> kVrds[] = {
    {"formation", "vrds"}, {"rain_mm_h", "75"}, {"min_width_px", "0.6"}, {"near_m", "1.2"},
    {"drift", "0.02"}, {"directions", "3"}, {"lean_deg", "10"}, {"ego_motion", "0.05"},
    {"opacity_gain", "50"}, {"streak_brightness", "0.88"}, {"sky_fade", "0.9"}, {"exposure_ms", "28"},
    {"aperture_mm", "0.6"}, {"sky_gain", "2"}, {"drops", "90"}, {"drop_most_mm", "2.3"}, {"arrival_gain", "0.1"}, {"oscillation", "0.3"}, {"streak_variety", "0.7"},
};
// clang-format on

}  // namespace

std::span<const Param> rain_param_table() { return kTable; }

Params vrds_look() {
  Params params(kTable);
  for (const auto& [name, text] : kVrds) params.set(name, text);
  return params;
}

RainParams RainParams::of(const Params& params, double camera_m_s) {
  const auto number = [&](const char* name) { return params.number(name); };
  const double glass_m_s = number("glass_speed_m_s");
  RainParams out;
  out.physical = params.text("formation") == "physical";
  const exact::SinCos wind = exact::sin_cos_turns(number("wind_direction_deg") / 360);
  const exact::SinCos lean = exact::sin_cos_turns(number("lean_deg") / 360);
  const double speed = number("wind_m_s");
  out.rain = {number("rain_mm_h"),
              number("gamma_mu"),
              number("min_width_px"),
              number("near_m"),
              {speed * wind.cos, 0, -speed * wind.sin},
              number("gust_m_s"),
              number("gust_period_s"),
              number("drift"),
              static_cast<int>(params.integer("directions")),
              lean.sin / lean.cos,
              number("ego_motion"),
              number("oscillation"),
              number("streak_variety")};
  out.streaks = params.flag("streaks");
  out.drops_still = params.flag("drops_still");
  out.glass = {static_cast<int>(params.integer("drops")),
               number("fine_drops"),
               number("glass_m"),
               number("drop_least_mm"),
               number("drop_most_mm"),
               number("drop_size_power"),
               number("drop_life_s"),
               number("slide_mm_s"),
               params.flag("trails"),
               number("drop_stretch"),
               number("arrival_gain"),
               {number("contact_deg"), number("contact_receding_deg"), number("pane_tilt_deg"),
                glass_m_s < 0 ? camera_m_s : glass_m_s},
               number("rain_mm_h"),
               number("gamma_mu")};
  if (!params.flag("drops_on")) out.glass.drops = 0;
  if (out.glass.least_mm > out.glass.most_mm) {
    fail_usage("drop_least_mm=", out.glass.least_mm, ": expected at most drop_most_mm, which is ",
               out.glass.most_mm);
  }
  if (out.glass.law.receding_deg > out.glass.law.contact_deg) {
    fail_usage("contact_receding_deg=", out.glass.law.receding_deg,
               ": expected at most contact_deg, which is ", out.glass.law.contact_deg);
  }
  out.lens = {number("exposure_ms") * 1e-3, number("aperture_mm") * 1e-3, number("focus_m")};
  out.tone = {static_cast<float>(number("opacity_gain")),
              static_cast<float>(number("streak_brightness")),
              static_cast<float>(number("sky_fade"))};
  out.sky_gain = static_cast<float>(number("sky_gain"));
  const bool veil = params.flag("veil");
  out.q_ext = veil ? number("q_ext") : 0;
  out.mist_per_km = veil ? number("mist_per_km") : 0;
  out.noise_shot = static_cast<float>(number("noise_shot"));
  out.noise_read = static_cast<float>(number("noise_read"));
  return out;
}

}  // namespace pluvia::synth
