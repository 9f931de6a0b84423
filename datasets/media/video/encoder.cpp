// SPDX-License-Identifier: Apache-2.0
// RGB to BT.709 limited by swscale for H.264, or to FFV1's own RGB without loss. The file is
// written under a temporary name and renamed once its trailer is on the disk.
#include "datasets/media/video/encoder.h"

extern "C" {
#include <libavutil/opt.h>
}

#include <unistd.h>

#include <array>
#include <cmath>

#include "core/file.h"
#include "core/text.h"
#include "datasets/media/picture.h"
#include "datasets/media/video/av.h"

namespace pluvia {
namespace {

constexpr int kFlags =
    SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP | SWS_BITEXACT;
constexpr double kMaxFps = 1000;

struct Target {
  const char* container;
  bool lossless;
};

Target target_of(const std::filesystem::path& path) {
  const std::string ending = lower(path.extension().string());
  if (ending == ".mp4") return {"mp4", false};
  if (ending == ".mov") return {"mov", false};
  if (ending == ".mkv") return {"matroska", true};
  if (ending == ".avi") return {"avi", true};
  fail_usage("writing ", path.string(), ": no video format ends in '", ending,
             "'; use .mp4 or .mov (H.264), .mkv or .avi (FFV1, lossless)");
}

const AVCodec* find_encoder(bool lossless) {
  const AVCodec* codec =
      lossless ? avcodec_find_encoder(AV_CODEC_ID_FFV1) : avcodec_find_encoder_by_name("libx264");
  if (codec == nullptr && !lossless) codec = avcodec_find_encoder(AV_CODEC_ID_MPEG4);
  if (codec == nullptr) fail("this machine's libavcodec has no encoder for this format");
  return codec;
}

class AvVideoWriter : public VideoWriter {
 public:
  AvVideoWriter(const std::filesystem::path& path, const VideoFormat& format)
      : path_(path), temporary_(path), format_(format), target_(target_of(path)) {
    temporary_ += ".part-" + std::to_string(::getpid());
    try {
      open();
    } catch (...) {
      discard();
      throw;
    }
  }
  ~AvVideoWriter() override { discard(); }
  AvVideoWriter(const AvVideoWriter&) = delete;
  AvVideoWriter& operator=(const AvVideoWriter&) = delete;

  void add(ImageView<const std::uint8_t> image) override {
    PLUVIA_CHECK(!finished_ && image.height() == format_.height && image.width() == format_.width,
                 image.width(), "x", image.height(), " in ", format_.width, "x", format_.height);
    PLUVIA_CHECK(image.channels() == 1 || image.channels() == 3, image.channels());
    within("writing " + path_.string(), [&] {
      av_check(av_frame_make_writable(frame_.get()), "preparing a frame");
      target_.lossless ? pack(image) : convert(image);
      frame_->pts = next_++;
      encode(frame_.get());
    });
  }

  void finish() override {
    PLUVIA_CHECK(!finished_, path_.string());
    if (next_ == 0) fail("writing ", path_.string(), ": there are no frames to write");
    within("writing " + path_.string(), [&] {
      encode(nullptr);
      av_check(av_write_trailer(output_), "ending the file");
      av_check(avio_closep(&output_->pb), "closing the file");
      publish(temporary_, path_);
    });
    finished_ = true;
  }

 private:
  void open() {
    within("writing " + path_.string(), [&] {
      check_picture_size(format_.height, format_.width);
      av_check(avformat_alloc_output_context2(&output_, nullptr, target_.container, nullptr),
               "choosing the container");
      open_codec();
      stream_ = avformat_new_stream(output_, nullptr);
      if (stream_ == nullptr) fail("out of memory");
      av_check(avcodec_parameters_from_context(stream_->codecpar, codec_.get()), "adding a stream");
      stream_->time_base = codec_->time_base;
      stream_->avg_frame_rate = codec_->framerate;
      // The MP4 writer opens its file a second time, by this name, to move the index to the front.
      output_->url = av_strdup(("file:" + temporary_.string()).c_str());
      if (output_->url == nullptr) fail("out of memory");
      av_check(avio_open(&output_->pb, output_->url, AVIO_FLAG_WRITE), "creating the file");
      created_ = true;
      AVDictionary* options = nullptr;
      // The index first: browsers then start to play before the end has come.
      if (!target_.lossless) av_dict_set(&options, "movflags", "+faststart", 0);
      const int status = avformat_write_header(output_, &options);
      av_dict_free(&options);
      av_check(status, "writing the header");
      frame_->format = codec_->pix_fmt;
      frame_->width = format_.width;
      frame_->height = format_.height;
      frame_->colorspace = codec_->colorspace;
      frame_->color_range = codec_->color_range;
      av_check(av_frame_get_buffer(frame_.get(), 0), "allocating a frame");
    });
  }

  void open_codec() {
    const AVCodec* encoder = find_encoder(target_.lossless);
    codec_ = new_codec_context(encoder);
    codec_->width = format_.width;
    codec_->height = format_.height;
    codec_->framerate = av_d2q(format_.fps, 1'001'000);
    codec_->time_base = av_inv_q(codec_->framerate);
    codec_->sample_aspect_ratio = {1, 1};
    AVDictionary* options = nullptr;
    if (target_.lossless) {
      codec_->pix_fmt = AV_PIX_FMT_0RGB32;
      codec_->level = 3;
      codec_->gop_size = 1;
      codec_->slices = 4;
      av_dict_set(&options, "slicecrc", "1", 0);
    } else {
      set_lossy(*encoder, &options);
    }
    if ((output_->oformat->flags & AVFMT_GLOBALHEADER) != 0) {
      codec_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    }
    const int status = avcodec_open2(codec_.get(), encoder, &options);
    av_dict_free(&options);
    av_check(status, "opening the encoder");
  }

  void set_lossy(const AVCodec& encoder, AVDictionary** options) {
    const bool odd = format_.width % 2 + format_.height % 2 > 0;
    const bool h264 = encoder.id == AV_CODEC_ID_H264;
    codec_->pix_fmt = odd && h264 ? AV_PIX_FMT_YUV444P : AV_PIX_FMT_YUV420P;
    codec_->colorspace = AVCOL_SPC_BT709;
    codec_->color_range = AVCOL_RANGE_MPEG;
    codec_->color_primaries = AVCOL_PRI_BT709;
    codec_->color_trc = AVCOL_TRC_BT709;
    codec_->chroma_sample_location = AVCHROMA_LOC_LEFT;
    if (h264) {
      av_dict_set_int(options, "crf", format_.crf, 0);
      av_dict_set(options, "preset", "medium", 0);
    } else {
      codec_->flags |= AV_CODEC_FLAG_QSCALE;
      codec_->global_quality = FF_QP2LAMBDA * 2;
    }
    make_converter(odd && h264);
  }

  void make_converter(bool full_chroma) {
    sws_.reset(sws_alloc_context());
    if (sws_ == nullptr) fail("starting swscale: out of memory");
    const auto set = [this](const char* name, std::int64_t value) {
      av_check(av_opt_set_int(sws_.get(), name, value, 0), name);
    };
    set("srcw", format_.width);
    set("srch", format_.height);
    set("src_format", AV_PIX_FMT_RGB24);
    set("dstw", format_.width);
    set("dsth", format_.height);
    set("dst_format", codec_->pix_fmt);
    set("sws_flags", kFlags);
    set("threads", 1);
    if (!full_chroma) {
      set("dst_h_chr_pos", 0);
      set("dst_v_chr_pos", 128);
    }
    av_check(sws_init_context(sws_.get(), nullptr, nullptr), "setting up colour conversion");
    const int* table = sws_getCoefficients(SWS_CS_ITU709);
    av_check(sws_setColorspaceDetails(sws_.get(), table, 1, table, 0, 0, 1 << 16, 1 << 16),
             "setting up colour conversion");
  }

  void convert(ImageView<const std::uint8_t> image) {
    const auto width = static_cast<std::size_t>(image.width());
    // swscale reads whole vectors beyond the last pixel.
    rgb_.resize(width * static_cast<std::size_t>(image.height()) * 3 + 64);
    std::uint8_t* to = rgb_.data();
    for (int y = 0; y < image.height(); ++y) {
      for (int x = 0; x < image.width(); ++x, to += 3) {
        for (int c = 0; c < 3; ++c) to[c] = image.at(y, x, image.channels() == 3 ? c : 0);
      }
    }
    const std::array<const std::uint8_t*, 4> planes = {rgb_.data()};
    const std::array<int, 4> strides = {image.width() * 3};
    sws_scale(sws_.get(), planes.data(), strides.data(), 0, image.height(), frame_->data,
              frame_->linesize);
  }

  void pack(ImageView<const std::uint8_t> image) {
    for (int y = 0; y < image.height(); ++y) {
      auto* to = reinterpret_cast<std::uint32_t*>(frame_->data[0] +
                                                  std::ptrdiff_t{y} * frame_->linesize[0]);
      for (int x = 0; x < image.width(); ++x) {
        const std::uint32_t red = image.at(y, x, 0);
        const bool grey = image.channels() == 1;
        const std::uint32_t green = grey ? red : image.at(y, x, 1);
        const std::uint32_t blue = grey ? red : image.at(y, x, 2);
        to[x] = (red << 16U) | (green << 8U) | blue;
      }
    }
  }

  void encode(const AVFrame* frame) {
    av_check(avcodec_send_frame(codec_.get(), frame), "encoding");
    while (true) {
      const int status = avcodec_receive_packet(codec_.get(), packet_.get());
      if (status == AVERROR(EAGAIN) || status == AVERROR_EOF) return;
      av_check(status, "encoding");
      packet_->duration = 1;
      av_packet_rescale_ts(packet_.get(), codec_->time_base, stream_->time_base);
      packet_->stream_index = stream_->index;
      av_check(av_interleaved_write_frame(output_, packet_.get()), "writing a frame");
    }
  }

  void discard() {
    if (output_ != nullptr && output_->pb != nullptr) avio_closep(&output_->pb);
    avformat_free_context(output_);
    output_ = nullptr;
    if (created_ && !finished_) ::unlink(temporary_.c_str());
  }

  std::filesystem::path path_;
  std::filesystem::path temporary_;
  VideoFormat format_;
  Target target_;
  AVFormatContext* output_ = nullptr;
  AVStream* stream_ = nullptr;
  CodecPtr codec_;
  SwsPtr sws_;
  FramePtr frame_ = new_frame();
  PacketPtr packet_ = new_packet();
  std::vector<std::uint8_t> rgb_;
  std::int64_t next_ = 0;
  bool created_ = false;
  bool finished_ = false;
};

}  // namespace

std::unique_ptr<VideoWriter> make_video_writer(const std::filesystem::path& path,
                                               const VideoFormat& format) {
  if (!(format.fps > 0 && format.fps <= kMaxFps)) {
    fail_usage("writing ", path.string(), ": ", format.fps,
               " frames per second, expected more than 0", " and at most ", kMaxFps);
  }
  PLUVIA_CHECK(format.crf >= 0 && format.crf <= 51, format.crf);
  return std::make_unique<AvVideoWriter>(path, format);
}

}  // namespace pluvia
