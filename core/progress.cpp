// SPDX-License-Identifier: Apache-2.0
#include "core/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "core/text.h"

namespace pluvia {
namespace {

Verbosity current_verbosity = Verbosity::kNormal;

int terminal_width() {
  winsize size = {};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

std::string bar(double share, int width) {
  const int full = static_cast<int>(std::lround(share * width));
  std::string out;
  for (int i = 0; i < width; ++i) out += i < full ? '#' : '.';
  return out;
}

}  // namespace

void set_verbosity(Verbosity verbosity) { current_verbosity = verbosity; }
Verbosity verbosity() { return current_verbosity; }

void note(const std::string& line) {
  if (current_verbosity != Verbosity::kQuiet) std::fprintf(stderr, "%s\n", line.c_str());
}

void warn(const std::string& line) { note("pluvia: note: " + line); }

Progress::Progress(std::string title, std::uint64_t total, std::string unit)
    : title_(std::move(title)),
      total_(total),
      unit_(std::move(unit)),
      start_(Clock::now()),
      last_drawn_(start_),
      terminal_(isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() { finish(); }

void Progress::add(std::uint64_t count, const std::string& item) {
  const std::scoped_lock lock(mutex_);
  done_ += count;
  if (!item.empty()) item_ = item;
  const auto pause = terminal_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(5000);
  if (Clock::now() - last_drawn_ < pause) return;
  draw(false);
}

void Progress::skip(std::uint64_t count) {
  const std::scoped_lock lock(mutex_);
  done_ += count;
  skipped_ += count;
}

void Progress::finish() {
  const std::scoped_lock lock(mutex_);
  if (std::exchange(finished_, true)) return;
  draw(true);
}

void Progress::draw(bool last) {
  last_drawn_ = Clock::now();
  if (current_verbosity == Verbosity::kQuiet) return;
  if (last && terminal_) {
    std::fprintf(stderr, "\r\033[K");
    return;
  }
  if (last) return;
  const double elapsed = std::chrono::duration<double>(last_drawn_ - start_).count();
  const auto fresh = static_cast<double>(done_ - skipped_);
  const double rate = elapsed > 0 ? fresh / elapsed : 0;
  std::string line = title_ + " ";
  std::string tail = std::to_string(done_);
  if (total_ > 0) tail += "/" + std::to_string(total_);
  tail += " " + unit_;
  if (rate > 0) {
    char text[48];
    std::snprintf(text, sizeof text, "  %.*f/s", rate < 10 ? 2 : 0, rate);
    tail += text;
  }
  if (total_ > done_ && rate > 0) {
    tail += "  " + human_seconds(static_cast<double>(total_ - done_) / rate) + " left";
  }
  if (!item_.empty()) tail += "  " + item_;
  // The bar takes what the words leave.
  const int room = terminal_width() - 1 - static_cast<int>(line.size() + tail.size()) - 3;
  if (terminal_ && total_ > 0 && room >= 4) {
    const double share = std::min(1.0, static_cast<double>(done_) / static_cast<double>(total_));
    line += "[" + bar(share, std::min(room, 24)) + "] ";
  }
  line += tail;
  if (terminal_) {
    line.resize(std::min(line.size(), static_cast<std::size_t>(std::max(1, terminal_width() - 1))));
    std::fprintf(stderr, "\r\033[K%s", line.c_str());
    std::fflush(stderr);
  } else {
    std::fprintf(stderr, "%s\n", line.c_str());
  }
}

}  // namespace pluvia
