// SPDX-License-Identifier: Apache-2.0
// How long work shows itself: a bar with rate and time left on a terminal, a plain line every few
// seconds elsewhere, nothing with --quiet. Always on standard error.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

namespace pluvia {

enum class Verbosity { kQuiet, kNormal, kVerbose };
void set_verbosity(Verbosity verbosity);
Verbosity verbosity();

/// One line on standard error, unless --quiet.
void note(const std::string& line);
/// Likewise, marked as something that the user should know about the result.
void warn(const std::string& line);

class Progress {
 public:
  /// `total` 0: unknown. `unit` is a plural: "frames".
  Progress(std::string title, std::uint64_t total, std::string unit);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void add(std::uint64_t count, const std::string& item = {});
  /// Units that were there before (a resumed run): counted as done, not in the rate.
  void skip(std::uint64_t count);
  /// Erases the bar so that other output can be printed.
  void finish();

 private:
  void draw(bool last);

  using Clock = std::chrono::steady_clock;
  std::mutex mutex_;
  std::string title_;
  std::uint64_t total_;
  std::string unit_;
  std::string item_;
  std::uint64_t done_ = 0;
  std::uint64_t skipped_ = 0;
  Clock::time_point start_;
  Clock::time_point last_drawn_;
  bool terminal_;
  bool finished_ = false;
};

}  // namespace pluvia
