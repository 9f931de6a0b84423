// SPDX-License-Identifier: Apache-2.0
#include "eval/derain/array_frames.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/file.h"
#include "core/tensor_file/npy.h"

namespace pluvia {
namespace {

constexpr std::size_t kHeadBytes = 128;  ///< room for any number of frames

std::string shape_text(const NpyHead& head) {
  std::string text;
  for (const std::int64_t size : head.shape)
    text += (text.empty() ? "" : ",") + std::to_string(size);
  return head.dtype + " (" + text + ")";
}

class ArrayIn final : public SequenceIn {
 public:
  explicit ArrayIn(const fs::path& path) : path_(path), file_(Fd::open_read(path)) {
    const std::uint64_t size = file_size(file_, path);
    std::vector<std::byte> start(std::min<std::uint64_t>(size, kMostNpyHeadBytes));
    read_exact(file_, path, 0, start);
    const NpyHead head = parse_npy_head(start, path.string());
    const auto& shape = head.shape;
    if (head.dtype != "f4" || head.big_endian || head.fortran_order || shape.size() != 4 ||
        shape[1] != 3) {
      fail(path.string(), ": is ", shape_text(head), head.fortran_order ? " in Fortran order" : "",
           head.big_endian ? " big-endian" : "",
           ", expected float32 (T,3,H,W) in C order, RGB in 0..1: "
           "np.ascontiguousarray(x, np.float32)");
    }
    constexpr std::int64_t kMostSide = 1 << 20;
    constexpr std::int64_t kMostFrames = 1 << 30;
    if (shape[0] < 1 || shape[0] > kMostFrames || shape[2] < 1 || shape[3] < 1 ||
        shape[2] > kMostSide || shape[3] > kMostSide) {
      fail(path.string(), ": is ", shape_text(head), ", expected at least one frame of one pixel");
    }
    if (size - head.data_offset != head.data_bytes) {
      fail(path.string(), ": holds ", size - head.data_offset, " bytes of data, expected ",
           head.data_bytes, " for ", shape_text(head));
    }
    info_ = {"", static_cast<int>(shape[0]), static_cast<int>(shape[2]), static_cast<int>(shape[3]),
             0};
    offset_ = head.data_offset;
  }

  const SequenceInfo& info() const override { return info_; }

  bool next(PlanarFrame& frame) override {
    if (next_ == info_.frames) return false;
    frame = {3, info_.height, info_.width, {}};
    frame.values.resize(3 * static_cast<std::size_t>(info_.height) *
                        static_cast<std::size_t>(info_.width));
    const std::span<std::byte> bytes = std::as_writable_bytes(std::span(frame.values));
    read_exact(file_, path_, offset_, bytes);
    offset_ += bytes.size();
    for (const float value : frame.values) {
      if (!std::isfinite(value)) {
        fail(path_.string(), ": frame ", next_, " holds ", value, ", expected finite numbers");
      }
      largest_ = std::max(largest_, value);
    }
    ++next_;
    return true;
  }

  std::string frame_name() const override { return numbered(next_ - 1); }

  std::vector<std::string> remarks() const override {
    constexpr float kSurelyCodes = 16;
    if (largest_ < kSurelyCodes) return {};
    return {cat(path_.string(), ": values up to ", largest_,
                ", expected RGB in 0..1: divide code values by 255")};
  }

 private:
  fs::path path_;
  Fd file_;
  SequenceInfo info_;
  std::uint64_t offset_ = 0;
  int next_ = 0;
  float largest_ = 0;
};

class ArrayOut final : public SequenceOut {
 public:
  ArrayOut(const fs::path& path, const SequenceInfo& info)
      : file_(path), height_(info.height), width_(info.width) {
    file_.write(head());
  }

  void add(int t, const std::string& /*name*/, const PlanarFrame& frame) override {
    const std::size_t count =
        3 * static_cast<std::size_t>(frame.height) * static_cast<std::size_t>(frame.width);
    const std::span<const float> values = std::span(frame.values).first(count);
    for (const float value : values) {
      if (!std::isfinite(value)) {
        fail("the method gave ", value, " in frame ", t, ", expected finite numbers");
      }
    }
    file_.write(std::as_bytes(values));
    ++count_;
  }

  void finish() override {
    file_.write_at(0, head());
    file_.finish();
  }

 private:
  std::span<const std::byte> head() {
    head_ = encode_npy_head("f4", {count_, 3, height_, width_}, kHeadBytes);
    return std::as_bytes(std::span(head_));
  }

  NewFile file_;
  std::string head_;
  int count_ = 0;
  int height_;
  int width_;
};

}  // namespace

std::unique_ptr<SequenceIn> open_array(const std::filesystem::path& path) {
  return std::make_unique<ArrayIn>(path);
}

std::unique_ptr<SequenceOut> create_array(const std::filesystem::path& path,
                                          const SequenceInfo& info) {
  return std::make_unique<ArrayOut>(path, info);
}

}  // namespace pluvia
