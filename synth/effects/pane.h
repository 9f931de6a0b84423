// SPDX-License-Identifier: Apache-2.0
// The pane as a picture of its own, out of focus: how finely drops are drawn before they are
// blurred. A circle of confusion of c pixels leaves nothing finer than c / 4, so that drops may be
// drawn on pixels of `scale` picture pixels, blurred there by a disc and read back bilinearly. The
// two steps of sampling spread light by a variance of scale^2 / 4, which the disc is made smaller
// by: together they have the disc's variance, c^2 / 16 along each axis. The area of a drop narrower
// than two pane pixels depends on where it lies between them: within 6 % down to a radius of 0.75,
// a quarter at 0.5. What is so small is blurred to a few per cent of coverage.
//
// A margin around the frame holds what blur brings into it from outside.
#pragma once

#include <cstddef>
#include <vector>

#include "core/backend.h"

namespace pluvia::synth {

struct PaneGrid {
  int scale = 1;
  int margin = 0;  ///< pane pixels on each side
  int height = 0;  ///< of the pane's picture, margins included
  int width = 0;

  /// Of a plane of the pane. Planes lie one behind the other: R, G, B times coverage, coverage, and
  /// in formation `physical` R, G, B times coverage over the streaked scene.
  PLUVIA_MEMBER std::ptrdiff_t numbers() const {
    return static_cast<std::ptrdiff_t>(height) * width;
  }
  /// Middle of pane pixel i in pixels of the picture.
  PLUVIA_MEMBER float middle(int i) const {
    return (static_cast<float>(i - margin) + 0.5F) * static_cast<float>(scale);
  }
  /// Where the middle of picture pixel i falls, in pane pixels.
  PLUVIA_MEMBER float place(int i) const {
    return (static_cast<float>(i) + 0.5F) / static_cast<float>(scale) - 0.5F +
           static_cast<float>(margin);
  }
};

/// Of the pane, for levels of that many lanes (effects/light_pyramid.h).
PLUVIA_FUNCTION constexpr int pane_planes(int lanes) { return lanes == 8 ? 7 : 4; }

/// One pixel of the disc.
struct BlurTap {
  int dy = 0;
  int dx = 0;
  float weight = 0;
};

/// A disc on whole pixels, its edge shared out: weights sum to 1, their variance along each axis is
/// the one asked for.
std::vector<BlurTap> disc_taps(double variance);

struct PaneBlur {
  PaneGrid grid;
  std::vector<BlurTap> taps;  ///< a single one: no blur
  int reach = 0;              ///< of the taps, pane pixels

  /// For a picture of that size and a circle of confusion of blur_px pixels.
  static PaneBlur of(int height, int width, float blur_px);
};

}  // namespace pluvia::synth
