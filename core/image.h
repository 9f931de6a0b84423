// SPDX-License-Identifier: Apache-2.0
// Pictures in memory: a strided view that owns nothing, and an owner that never copies silently.
// Layout is row-major, channels interleaved, RGB. Sizes are (height, width) in code.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

#include "core/error.h"

namespace pluvia {

/// Meaning of the numbers: display values (sRGB curve) or light (proportional to radiance).
enum class Transfer : std::uint8_t { kSrgb, kLinear };

template <typename T>
class ImageView {
 public:
  ImageView() = default;
  ImageView(T* data, int height, int width, int channels, std::ptrdiff_t row_stride)
      : data_(data), height_(height), width_(width), channels_(channels), row_stride_(row_stride) {}
  ImageView(T* data, int height, int width, int channels)
      : ImageView(data, height, width, channels, std::ptrdiff_t{width} * channels) {}
  /// A view of changing pixels serves wherever a constant one is asked for.
  template <typename U>
  requires(std::is_same_v<const U, T> && !std::is_same_v<U, T>)
      ImageView(const ImageView<U>& other)  // NOLINT(google-explicit-constructor)
      : ImageView(other.data(), other.height(), other.width(), other.channels(),
                  other.row_stride()) {}

  T* data() const { return data_; }
  int height() const { return height_; }
  int width() const { return width_; }
  int channels() const { return channels_; }
  /// Distance between rows, in elements.
  std::ptrdiff_t row_stride() const { return row_stride_; }
  bool empty() const { return height_ == 0 || width_ == 0; }
  bool contiguous() const { return row_stride_ == std::ptrdiff_t{width_} * channels_; }

  std::span<T> row(int y) const {
    return {data_ + y * row_stride_,
            static_cast<std::size_t>(width_) * static_cast<std::size_t>(channels_)};
  }
  T& at(int y, int x, int c = 0) const {
    return data_[y * row_stride_ + std::ptrdiff_t{x} * channels_ + c];
  }
  ImageView crop(int y, int x, int height, int width) const {
    PLUVIA_CHECK(y >= 0 && x >= 0 && y + height <= height_ && x + width <= width_, y, " ", x, " ",
                 height, "x", width, " in ", height_, "x", width_);
    return ImageView(data_ + y * row_stride_ + std::ptrdiff_t{x} * channels_, height, width,
                     channels_, row_stride_);
  }

 private:
  T* data_ = nullptr;
  int height_ = 0;
  int width_ = 0;
  int channels_ = 0;
  std::ptrdiff_t row_stride_ = 0;
};

template <typename T>
class Image {
 public:
  Image() = default;
  Image(int height, int width, int channels, Transfer transfer = Transfer::kSrgb)
      : pixels_(std::make_unique_for_overwrite<T[]>(count(height, width, channels))),
        height_(height),
        width_(width),
        channels_(channels),
        transfer_(transfer) {}
  Image(Image&&) noexcept = default;
  Image& operator=(Image&&) noexcept = default;
  Image(const Image&) = delete;
  Image& operator=(const Image&) = delete;

  int height() const { return height_; }
  int width() const { return width_; }
  int channels() const { return channels_; }
  Transfer transfer() const { return transfer_; }
  bool empty() const { return pixels_ == nullptr; }

  ImageView<T> view() { return {pixels_.get(), height_, width_, channels_}; }
  ImageView<const T> view() const { return {pixels_.get(), height_, width_, channels_}; }
  std::span<T> pixels() { return {pixels_.get(), count(height_, width_, channels_)}; }
  std::span<const T> pixels() const { return {pixels_.get(), count(height_, width_, channels_)}; }

  Image clone() const {
    Image out(height_, width_, channels_, transfer_);
    std::copy(pixels().begin(), pixels().end(), out.pixels().begin());
    return out;
  }

 private:
  static std::size_t count(int height, int width, int channels) {
    PLUVIA_CHECK(height >= 0 && width >= 0 && channels >= 0, height, " ", width, " ", channels);
    return static_cast<std::size_t>(height) * static_cast<std::size_t>(width) *
           static_cast<std::size_t>(channels);
  }

  std::unique_ptr<T[]> pixels_;
  int height_ = 0;
  int width_ = 0;
  int channels_ = 0;
  Transfer transfer_ = Transfer::kSrgb;
};

}  // namespace pluvia
