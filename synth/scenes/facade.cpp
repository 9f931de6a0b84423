// SPDX-License-Identifier: Apache-2.0
// Houses: walls of plaster, brick, stone or glass; windows set back behind the facade (the ray goes
// on to the pane, so reveals show and move as they should), shop fronts, doors, shutters; and the
// boxes that stand out from the facade.
#include "synth/scenes/filter.h"
#include "synth/scenes/stage.h"

namespace pluvia::synth::scenes {
namespace {

constexpr float kRecess = 0.16F;

/// Where on the facade a point lies.
struct Place {
  float u;   ///< along the facade from its left end
  float v;   ///< above the pavement
  float wu;  ///< widths of a pixel
  float wv;
  float length;
};

/// What is seen in and behind a pane.
Rgb glass(const Stage& stage, const Hit& hit, std::uint32_t h, float v_in, float detail) {
  const Light& light = stage.street.light;
  const Vec mirrored = reflected(hit.view, hit.n);
  const float facing = std::fabs(dot(hit.view, hit.n));
  const float turned = 1 - facing;
  const float mirror = 0.10F + 0.75F * turned * turned * turned;
  // A room: dark, a curtain or blind in some, a lamp in few.
  const float curtain =
      part(h, 0) < 0.45F ? smooth(part(h, 1) - 0.03F, part(h, 1) + 0.03F, v_in) : 0;
  const Rgb cloth = mix(Rgb{0.42F, 0.40F, 0.36F}, Rgb{0.30F, 0.24F, 0.18F}, part(h, 2));
  Rgb room = Rgb{0.030F, 0.030F, 0.032F} * (0.5F + part(h, 3));
  if (part(h, 3) > 0.93F) room = Rgb{0.55F, 0.40F, 0.22F};
  if (stage.street.night && part(h, 3) > 0.62F) {
    room = mix(Rgb{0.95F, 0.62F, 0.28F}, Rgb{0.70F, 0.68F, 0.60F}, part(h, 1)) * hit.glow *
           (0.35F + 0.9F * part(h, 2));
  }
  room = mix(room, cloth * light.ambient * 0.35F, curtain);
  room = mix(Rgb{0.07F, 0.065F, 0.06F}, room, detail);
  // High panes look over the houses across the street.
  const float above = 0.035F * std::max(hit.p.y - 4, 0.0F);
  // Panes are not quite flat, so each shows another piece of its surroundings.
  const Vec bent{mirrored.x + 0.10F * (part(h, 1) - 0.5F) * detail,
                 mirrored.y + 0.16F * (part(h, 2) - 0.5F) * detail + above, mirrored.z};
  return mix(room, light.surroundings(bent), mirror);
}

Rgb wall_albedo(const Stage& stage, const Building& b, const Place& at) {
  const Textures& noise = stage.street.textures;
  const float w = std::max(at.wv, 0.5F * at.wu);
  const float offset = part(b.hash, 0) * 256;
  const float large = noise.fractal.at(at.u * 7 + offset, at.v * 4, w * 6) - 0.5F;
  const float fine = noise.white.at(at.u * 45, at.v * 45 + offset, w * 45) - 0.5F;
  // Rain carries dirt down in streaks; the foot of the wall is splashed.
  const float streaks =
      noise.fractal.at(at.u * 38 + offset, at.v * 1.6F, std::max(w, at.wu) * 20) - 0.4F;
  float tone = 1 + 0.32F * large + 0.16F * fine - 0.22F * std::max(streaks, 0.0F);
  tone *= 0.84F + 0.16F * smooth(0.0F, 0.9F, at.v);
  Rgb color = b.color * tone;
  if (b.wall == Wall::kBrick) {
    const int course = floor_int(at.v / 0.075F);
    const float shifted = at.u + ((course & 1) != 0 ? 0.11F : 0);
    const float mortar = 1 - (1 - periodic_pulse(at.v, at.wv, 0.075F, 0, 0.011F)) *
                                 (1 - periodic_pulse(shifted, at.wu, 0.22F, 0, 0.011F));
    const std::uint32_t h = cell_hash(course, floor_int(shifted / 0.22F), b.hash);
    color = color * (1 + 0.55F * (part(h, 0) - 0.5F) * resolved(0.1F, w));
    color = mix(color, {0.45F, 0.42F, 0.38F}, mortar * 0.8F);
  } else if (b.wall == Wall::kStone) {
    const int course = floor_int(at.v / 0.42F);
    const float shifted = at.u + ((course & 1) != 0 ? 0.4F : 0);
    const float joint = 1 - (1 - periodic_pulse(at.v, at.wv, 0.42F, 0, 0.016F)) *
                                (1 - periodic_pulse(shifted, at.wu, 0.8F, 0, 0.016F));
    const std::uint32_t h = cell_hash(course, floor_int(shifted / 0.8F), b.hash);
    color = color * ((1 + 0.18F * (part(h, 0) - 0.5F) * resolved(0.4F, w)) * (1 - 0.45F * joint));
  }
  return color;
}

/// A rectangular opening of a cell, filtered: how much of the pixel it takes.
struct Opening {
  float u0, u1, v0, v1;
  float cover(float u, float v, float wu, float wv) const {
    return pulse(u, wu, u0, u1) * pulse(v, wv, v0, v1);
  }
};

/// An opening with its pane, frame and reveal, over what the wall shows there.
Rgb with_opening(const Stage& stage, const Hit& hit, const Opening& o, Vec cell, Place at,
                 std::uint32_t h, Rgb wall, Rgb frame_albedo) {
  const float cover = o.cover(cell.x, cell.y, at.wu, at.wv);
  if (cover <= 0) return wall;
  const Light& light = stage.street.light;
  const float along = std::max(std::fabs(dot(hit.view, hit.n)), 0.05F);
  const float side = hit.face / 2 == 0 ? hit.view.z : hit.view.x;
  const float u = cell.x + side / along * kRecess;
  const float v = cell.y + hit.view.y / along * kRecess;
  const float pane = o.cover(u, v, at.wu, at.wv);
  const float bar = 0.055F;
  const float middle = 0.5F * (o.u0 + o.u1);
  const float upper = mix(o.v0, o.v1, 0.68F);
  const Opening inner{o.u0 + bar, o.u1 - bar, o.v0 + bar, o.v1 - bar};
  float clear = inner.cover(u, v, at.wu, at.wv);
  clear *= 1 - pulse(u, at.wu, middle - 0.03F, middle + 0.03F);
  if ((h & 1U) == 0) clear *= 1 - pulse(v, at.wv, upper - 0.025F, upper + 0.025F);
  const float detail = resolved(0.8F, std::max(at.wu, at.wv));
  const float v_in = (v - o.v0) / (o.v1 - o.v0);
  const Rgb shaded_frame = light.on(frame_albedo, hit.n, 0.3F, 0.5F);
  const Rgb seen = mix(shaded_frame, glass(stage, hit, h, v_in, detail), clear);
  // The reveal: dark above, light on the sill.
  const Rgb reveal = light.on(frame_albedo * 0.8F, hit.n, 0, v < o.v0 ? 0.65F : 0.3F);
  const Rgb inside = mix(reveal, seen, clamp01(pane));
  return mix(wall, inside, cover);
}

Rgb shop_front(const Stage& stage, const Hit& hit, const Building& b, const Place& at, Rgb wall,
               float lit) {
  const Light& light = stage.street.light;
  const float bay = std::max(b.bay_m, 2.0F);
  const int column = floor_int(at.u / bay);
  const std::uint32_t h = cell_hash(column, 900, b.hash);
  const Vec cell{at.u - static_cast<float>(column) * bay, at.v, 0};
  const float top = b.ground_m - 0.95F;
  const Rgb panel = light.on(b.shop_color, hit.n, lit, 0.55F);
  const float front =
      pulse(at.v, at.wv, 0, b.ground_m - 0.2F) * pulse(at.u, at.wu, 0.3F, at.length - 0.3F);
  Rgb color = mix(wall, panel, front);
  const bool door = part(h, 0) < 0.3F;
  const Opening pane{0.14F, bay - 0.14F, door ? 0.12F : 0.55F, top};
  color = with_opening(stage, hit, pane, cell, at, h & ~1U, color, b.shop_color * 1.2F);
  // Goods and lamps behind the lower half of the glass.
  const float v_in = (at.v - pane.v0) / (top - pane.v0);
  const float w = std::max(at.wu, at.wv);
  const float goods = stage.street.textures.white.at(at.u * 2.3F + part(b.hash, 2) * 99,
                                                     at.v * 2.1F, std::max(w * 2.3F, 1.0F));
  const float glow = pane.cover(cell.x, cell.y, at.wu, at.wv) * smooth(0.95F, 0.2F, v_in);
  const Rgb display = mix(Rgb{0.35F, 0.22F, 0.10F}, Rgb{0.12F, 0.20F, 0.26F}, part(b.hash, 3));
  const Rgb shine = stage.street.night ? hit.glow * 3.2F : Rgb{1.1F, 1.1F, 1.1F};
  color = color + display * shine * (glow * (stage.street.night ? goods : goods * goods));
  // The sign: a band with marks that read as lettering.
  const float letters = pulse(at.v, at.wv, top + 0.30F, top + 0.58F) *
                        pulse(at.u, at.wu, at.length * 0.25F, at.length * 0.75F);
  if (letters > 0) {
    const int glyph = floor_int(at.u / 0.26F);
    const std::uint32_t g = cell_hash(glyph, floor_int((at.v - top - 0.30F) / 0.095F), b.hash);
    const float stroke = periodic_pulse(at.u, at.wu, 0.26F, 0.03F, 0.20F) *
                         mix(0.6F, (g & 3U) != 0 ? 1.0F : 0.25F, resolved(0.12F, w));
    const float gap = (cell_hash(glyph, 5, b.hash) & 7U) == 0 ? 0.0F : 1.0F;
    color = mix(color, light.on({0.75F, 0.70F, 0.55F}, hit.n, lit, 0.6F), letters * stroke * gap);
  }
  return color;
}

Rgb upper_floors(const Stage& stage, const Hit& hit, const Building& b, const Place& at, Rgb wall,
                 float lit) {
  const Light& light = stage.street.light;
  const float above = at.v - b.ground_m;
  const int floor = floor_int(above / b.floor_m);
  const int column = floor_int(at.u / b.bay_m);
  if (above < 0 || static_cast<float>(floor + 1) * b.floor_m + b.ground_m > b.height) return wall;
  const std::uint32_t h = cell_hash(column, floor, b.hash);
  const Vec cell{at.u - static_cast<float>(column) * b.bay_m,
                 above - static_cast<float>(floor) * b.floor_m, 0};
  const float half = 0.5F * b.window_w * b.bay_m;
  const float sill = b.wall == Wall::kCurtain ? 0.06F : (1 - b.window_h) * 0.5F * b.floor_m;
  const Opening o{0.5F * b.bay_m - half, 0.5F * b.bay_m + half, sill,
                  sill + b.window_h * b.floor_m};
  Rgb color = wall;
  if (b.wall != Wall::kCurtain) {
    // A surround, a sill that stands out and throws a thin shadow, shutters.
    const Opening around{o.u0 - 0.11F, o.u1 + 0.11F, o.v0 - 0.05F, o.v1 + 0.16F};
    color = mix(color, light.on(b.trim, hit.n, lit, 0.6F),
                0.85F * around.cover(cell.x, cell.y, at.wu, at.wv));
    const Opening ledge{o.u0 - 0.16F, o.u1 + 0.16F, o.v0 - 0.14F, o.v0 - 0.04F};
    color = mix(color, light.on(b.trim * 1.15F, hit.n, lit, 0.8F),
                ledge.cover(cell.x, cell.y, at.wu, at.wv));
    const Opening under{o.u0 - 0.14F, o.u1 + 0.16F, o.v0 - 0.24F, o.v0 - 0.14F};
    color = color * (1 - 0.4F * under.cover(cell.x, cell.y, at.wu, at.wv));
    if (b.shutters) {
      const float slats = 0.8F + 0.2F * periodic_pulse(cell.y, at.wv, 0.07F, 0, 0.045F);
      const Opening left{o.u0 - 0.52F, o.u0 - 0.04F, o.v0, o.v1};
      const Opening right{o.u1 + 0.04F, o.u1 + 0.52F, o.v0, o.v1};
      const Rgb wood = light.on(b.shop_color * (2.2F * slats), hit.n, lit, 0.6F);
      color =
          mix(color, wood,
              left.cover(cell.x, cell.y, at.wu, at.wv) + right.cover(cell.x, cell.y, at.wu, at.wv));
    }
  }
  const Rgb frame = b.wall == Wall::kCurtain ? Rgb{0.10F, 0.10F, 0.11F}
                    : (b.hash & 8U) != 0     ? Rgb{0.66F, 0.65F, 0.62F}
                                             : Rgb{0.12F, 0.10F, 0.09F};
  return with_opening(stage, hit, o, cell, at, h, color, frame);
}

}  // namespace

Rgb shade_facade(const Stage& stage, const Hit& hit) {
  const Street& street = stage.street;
  const Building& b = street.buildings[static_cast<std::size_t>(hit.primitive->item)];
  const bool front = hit.face / 2 == 0;
  if (hit.face / 2 == 1) return street.light.on(b.roof, hit.n, 1, 1);
  Place at{};
  at.v = hit.p.y - 0.1F;
  at.wv = hit.width_y();
  at.u = front ? hit.p.z - b.z0 : std::fabs(hit.p.x) - b.x0;
  at.wu = front ? hit.width_z() : hit.width_x();
  at.length = front ? b.z1 - b.z0 : b.depth;
  const float w = at.wu + at.wv;
  // Light from the sky grows with height between the walls of the street.
  const float open = 0.42F + 0.3F * clamp01(at.v / b.height);
  const float under = b.cornice ? 1 - 0.4F * smooth(0.9F, 0.1F, b.height - at.v) : 1;
  float lit =
      dot(hit.n, street.light.to_sun) > 0 ? street.sun_seen(hit.p + hit.n * 0.05F, w, front) : 0;
  if (b.cornice && b.height - at.v < 0.75F) lit *= 0.25F;
  Rgb color = street.light.on(wall_albedo(stage, b, at), hit.n, lit, open * under);
  if (b.wall != Wall::kCurtain && front) {
    const float band = pulse(at.v, at.wv, b.ground_m - 0.12F, b.ground_m + 0.14F);
    color = mix(color, street.light.on(b.trim, hit.n, lit, open), band);
  }
  // Party walls have no windows; those beside a crossing do.
  const float end = hit.n.z < 0 ? b.z0 - 1 : b.z1 + 1;
  if (!front && !b.background && !street.crossing_at(end)) return color;
  if (at.v < b.ground_m && !b.background) {
    if (b.shop && front) return shop_front(stage, hit, b, at, color, lit);
    const int column = floor_int(at.u / b.bay_m);
    const std::uint32_t h = cell_hash(column, 800, b.hash);
    const Vec cell{at.u - static_cast<float>(column) * b.bay_m, at.v, 0};
    const bool door = column == static_cast<int>(b.hash >> 28) % 4;
    const float half = std::min(0.5F * b.bay_m - 0.1F, door ? 0.6F : 0.7F);
    const Opening o{0.5F * b.bay_m - half, 0.5F * b.bay_m + half, door ? 0.1F : 1.0F, 2.75F};
    const Opening around{o.u0 - 0.14F, o.u1 + 0.14F, o.v0 - 0.1F, o.v1 + 0.2F};
    color = mix(color, street.light.on(b.trim, hit.n, lit, open),
                around.cover(cell.x, cell.y, at.wu, at.wv));
    return with_opening(stage, hit, o, cell, at, h, color, door ? b.shop_color : b.trim);
  }
  return upper_floors(stage, hit, b, at, color, lit);
}

Rgb shade_trim(const Stage& stage, const Hit& hit) {
  const Street& street = stage.street;
  const Primitive& p = *hit.primitive;
  Rgb albedo = p.color;
  const float w = hit.width_x() + hit.width_y() + hit.width_z();
  if (p.material == Material::kAwning) {
    const float stripe = periodic_pulse(hit.p.z, hit.width_z(), 0.5F, 0, 0.25F);
    albedo = mix(p.color, {0.72F, 0.70F, 0.64F}, (p.hash & 1U) != 0 ? stripe : 0.0F);
  } else if (p.material == Material::kRail) {
    const float bars =
        periodic_pulse(hit.face / 2 == 0 ? hit.p.z : hit.p.x,
                       hit.face / 2 == 0 ? hit.width_z() : hit.width_x(), 0.12F, 0, 0.05F);
    albedo = mix(p.color * 2.2F, p.color * 0.6F, bars);
  } else if (p.material == Material::kLampGlass) {
    return p.color * hit.glow;
  } else if (p.material == Material::kBark) {
    const float bark = street.textures.fractal.at((hit.p.x + hit.p.z) * 90, hit.p.y * 18, w * 30);
    albedo = p.color * (0.5F + bark);
  } else {
    const float dirt = street.textures.fractal.at((hit.p.x + hit.p.z) * 12, hit.p.y * 8, w * 8);
    albedo = p.color * (0.8F + 0.4F * dirt);
  }
  const float lit = dot(hit.n, street.light.to_sun) > 0
                        ? street.sun_seen(hit.p + hit.n * 0.05F, w, p.material != Material::kBark)
                        : 0;
  return street.light.on(albedo, hit.n, lit, 0.65F);
}

}  // namespace pluvia::synth::scenes
