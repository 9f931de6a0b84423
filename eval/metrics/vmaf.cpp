// SPDX-License-Identifier: Apache-2.0
// VMAF (Li, Aaron, Katsavounidis, Moorthy, Manohara, "Toward a practical perceptual video quality
// metric", 2016), made for compression: by another program, an ffmpeg that has libvmaf, and by its
// default model. It is given the frames as they are; it converts them to luma by BT.601 of limited
// range, as it would read a folder of PNG files. Equal videos do not score 100.
#include <array>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "core/shell.h"
#include "core/text.h"
#include "eval/metrics/color.h"
#include "eval/metrics/metrics.h"

namespace pluvia {
namespace {

constexpr std::array<Param, 1> kParams = {{
    {"pool", ParamKind::kChoice, "", "what is said of the frames' scores", "mean", 0, 0,
     "mean|harmonic_mean|min"},
}};

/// Ready for a shell that is in another folder.
std::string program() {
  const char* const named = std::getenv("PLUVIA_FFMPEG");
  const fs::path file = named != nullptr ? named : "ffmpeg";
  return shell_quoted(file.has_parent_path() ? fs::absolute(file).string() : file.string());
}

std::string lacks() {
  const std::string line = program() + " -hide_banner -filters 2>/dev/null | grep -q ' libvmaf '";
  if (run_by_shell(line) == 0) return {};
  return "an ffmpeg with libvmaf (`ffmpeg -filters` lists it); PLUVIA_FFMPEG=FILE names one";
}

std::string version() {
  const WorkFolder folder;
  const fs::path file = folder.path() / "version";
  run_by_shell(program() + " -version > " + shell_quoted(file.string()) + " 2>/dev/null");
  return read_text(file);
}

/// Frames one after the other, as bytes.
class RawVideo {
 public:
  explicit RawVideo(fs::path file) : file_(std::move(file)), out_(file_, std::ios::binary) {}

  void add(ImageView<const double> frame) {
    const Image<std::uint8_t> bytes = to_u8(frame);
    const auto pixels = bytes.pixels();
    out_.write(reinterpret_cast<const char*>(pixels.data()),
               static_cast<std::streamsize>(pixels.size()));
  }
  void finish() {
    if (out_.is_open()) out_.close();
    if (!out_) fail("writing ", file_.string(), ": ", system_error_text(errno));
  }

 private:
  fs::path file_;
  std::ofstream out_;
};

class Vmaf : public ClipScorer {
 public:
  explicit Vmaf(const Params& params)
      : pool_(params.text("pool")),
        reference_(folder_.path() / "reference.raw"),
        prediction_(folder_.path() / "prediction.raw") {}

  void add(const MetricInput& frame) override {
    check_metric_input(frame);
    refuse_holes(frame, "vmaf");
    size_.check(frame, "vmaf");
    format_ = cat("-f rawvideo -pix_fmt ", frame.reference.channels() == 3 ? "rgb24" : "gray",
                  " -s ", frame.reference.width(), "x", frame.reference.height());
    reference_.add(frame.reference);
    prediction_.add(frame.prediction);
    ++frames_;
  }

  double score() const override {
    if (frames_ == 0) return std::numeric_limits<double>::quiet_NaN();
    reference_.finish();
    prediction_.finish();
    const std::string line =
        cat("cd ", shell_quoted(folder_.path().string()), " && ", program(), " -v error ", format_,
            " -i prediction.raw ", format_, " -i reference.raw -filter_complex ",
            "'[0]format=yuv444p[p];[1]format=yuv444p[r];[p][r]libvmaf=log_fmt=json:log_path=log'",
            " -f null - > /dev/null");
    const int status = run_by_shell(line);
    if (status != 0) fail("vmaf: ", program(), " ended with status ", status, ", expected 0");
    const Json log = parse_json(read_text(folder_.path() / "log"), "the log of libvmaf");
    const std::size_t scored = log.at("frames").size();
    if (scored != frames_) fail("vmaf: ", scored, " frames were scored, expected ", frames_);
    return log.at("pooled_metrics").at("vmaf").at(pool_).get<double>();
  }

 private:
  std::string pool_;
  std::string format_;
  std::size_t frames_ = 0;
  OneSize size_;
  WorkFolder folder_;
  mutable RawVideo reference_;
  mutable RawVideo prediction_;
};

std::unique_ptr<ClipScorer> make(const Params& params) { return std::make_unique<Vmaf>(params); }

}  // namespace

Metric metric_vmaf() {
  Metric metric{"vmaf", "", "VMAF by ffmpeg and libvmaf", 100, true, kParams};
  metric.clips = &make;
  metric.takes_masks = false;
  metric.lacks = &lacks;
  metric.version = &version;
  return metric;
}

}  // namespace pluvia
