// SPDX-License-Identifier: Apache-2.0
// Small plots for the docs as SVG, the same bytes on every machine: axes with round ticks, lines,
// points, circles and a legend. Places are rounded to a hundredth of a pixel.
//
//   SvgPlot plot({"arrivals", "speed, m/s", "drops per second", 0, 30, 0, 4500});
//   plot.line(speeds, rates, "all");
//   write_text("docs/images/arrivals.svg", plot.text());
#pragma once

#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

namespace pluvia::test {

struct PlotFrame {
  std::string title;
  std::string x_name;
  std::string y_name;
  double x_low = 0;
  double x_high = 1;
  double y_low = 0;
  double y_high = 1;
  int width = 560;
  int height = 340;
};

class SvgPlot {
 public:
  explicit SvgPlot(PlotFrame frame) : frame_(std::move(frame)) {
    label(frame_.width / 2.0, 20, frame_.title, "middle", 14);
    label((left() + right()) / 2, frame_.height - 8, frame_.x_name, "middle", 12);
    body_ += "<g transform='rotate(-90)'>";
    label(-(top() + bottom()) / 2, 14, frame_.y_name, "middle", 12);
    body_ += "</g>\n";
    add_ticks();
    body_ += "<rect x='" + number(left()) + "' y='" + number(top()) + "' width='" +
             number(right() - left()) + "' height='" + number(bottom() - top()) +
             "' fill='none' stroke='#444'/>\n";
  }

  void line(const std::vector<double>& x, const std::vector<double>& y, const std::string& name) {
    const std::string colour = next_colour(name, true);
    std::string path;
    for (std::size_t i = 0; i < x.size(); ++i) {
      path += (i == 0 ? "M" : " L") + number(at_x(x[i])) + " " + number(at_y(y[i]));
    }
    body_ += "<path d='" + path + "' clip-path='url(#in)' fill='none' stroke='" + colour +
             "' stroke-width='1.6'/>\n";
  }

  void points(const std::vector<double>& x, const std::vector<double>& y, const std::string& name) {
    const std::string colour = next_colour(name, false);
    for (std::size_t i = 0; i < x.size(); ++i) {
      body_ += dot(at_x(x[i]), at_y(y[i]), 3.5, "fill='none' stroke='" + colour + "'");
    }
  }

  /// A thin grey line without a name.
  void track(const std::vector<double>& x, const std::vector<double>& y) {
    std::string path;
    for (std::size_t i = 0; i < x.size(); ++i) {
      path += (i == 0 ? "M" : " L") + number(at_x(x[i])) + " " + number(at_y(y[i]));
    }
    body_ += "<path d='" + path +
             "' clip-path='url(#in)' fill='none' stroke='#c33' stroke-opacity='0.6'/>\n";
  }

  /// A disc whose radius is in units of x.
  void disc(double x, double y, double radius) {
    const double r = radius * (right() - left()) / (frame_.x_high - frame_.x_low);
    body_ += dot(at_x(x), at_y(y), r, "fill='#3572b0' fill-opacity='0.35'");
  }

  std::string text() const {
    return "<svg xmlns='http://www.w3.org/2000/svg' width='" + std::to_string(frame_.width) +
           "' height='" + std::to_string(frame_.height) +
           "' font-family='sans-serif'>\n<rect width='100%' height='100%' fill='white'/>\n" +
           "<clipPath id='in'><rect x='" + number(left()) + "' y='" + number(top()) + "' width='" +
           number(right() - left()) + "' height='" + number(bottom() - top()) + "'/></clipPath>\n" +
           body_ + "</svg>\n";
  }

 private:
  double left() const { return 64; }
  double right() const { return frame_.width - 16; }
  double top() const { return 32; }
  double bottom() const { return frame_.height - 46; }
  double at_x(double x) const {
    return left() + (x - frame_.x_low) / (frame_.x_high - frame_.x_low) * (right() - left());
  }
  double at_y(double y) const {
    return bottom() - (y - frame_.y_low) / (frame_.y_high - frame_.y_low) * (bottom() - top());
  }

  static std::string number(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.2f", std::round(value * 100) / 100);
    return text;
  }

  static std::string dot(double x, double y, double radius, const std::string& style) {
    return "<circle clip-path='url(#in)' cx='" + number(x) + "' cy='" + number(y) + "' r='" +
           number(radius) + "' " + style + "/>\n";
  }

  void label(double x, double y, const std::string& text, const char* anchor, int size) {
    body_ += "<text x='" + number(x) + "' y='" + number(y) + "' text-anchor='" + anchor +
             "' font-size='" + std::to_string(size) + "'>" + text + "</text>\n";
  }

  /// Some five ticks at 1, 2 or 5 times a power of ten.
  static double tick_step(double span) {
    double step = 1;
    while (step * 5 > std::abs(span)) step /= 10;
    while (step * 50 < std::abs(span)) step *= 10;
    return step * 20 < std::abs(span) ? step * 5 : (step * 8 < std::abs(span) ? step * 2 : step);
  }

  static std::string tick_text(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.6g", value);
    return text;
  }

  void add_ticks() {
    const auto each = [](double a, double b, auto&& visit) {
      const double low = std::min(a, b);
      const double high = std::max(a, b);
      const double step = tick_step(high - low);
      for (double k = std::ceil(low / step); k * step <= high * (1 + 1e-9); ++k) visit(k * step);
    };
    each(frame_.x_low, frame_.x_high, [&](double x) {
      body_ += "<path d='M" + number(at_x(x)) + " " + number(bottom()) + " v5' stroke='#444'/>\n";
      label(at_x(x), bottom() + 18, tick_text(x), "middle", 11);
    });
    each(frame_.y_low, frame_.y_high, [&](double y) {
      body_ += "<path d='M" + number(left()) + " " + number(at_y(y)) + " h" +
               number(right() - left()) + "' stroke='#ddd'/>\n";
      label(left() - 6, at_y(y) + 4, tick_text(y), "end", 11);
    });
  }

  /// Colours by turns, and the name's line in the legend.
  std::string next_colour(const std::string& name, bool as_line) {
    static const char* const colours[] = {"#3572b0", "#c8553d", "#3a8f5c", "#7a5195", "#b8860b"};
    const std::string colour = colours[series_ % 5];
    const double y = top() + 16 + 16 * series_++;
    const double x = right() - 150;
    body_ += as_line ? "<path d='M" + number(x) + " " + number(y - 4) + " h18' stroke='" + colour +
                           "' stroke-width='1.6'/>\n"
                     : dot(x + 9, y - 4, 3.5, "fill='none' stroke='" + colour + "'");
    label(x + 24, y, name, "start", 11);
    return colour;
  }

  PlotFrame frame_;
  std::string body_;
  int series_ = 0;
};

}  // namespace pluvia::test
