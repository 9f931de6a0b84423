// SPDX-License-Identifier: Apache-2.0
// Files are hostile here: only plain containers are tried (no playlists, no image sequences, no
// concatenation scripts), and whatever wants to open a second file is refused.
#include "datasets/media/video/decoder.h"

#include <algorithm>
#include <string>

#include "core/counted.h"
#include "datasets/media/video/container_end.h"

namespace pluvia {
namespace {

constexpr const char* kContainers =
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,asf,flv,ogg,gif,yuv4mpegpipe,"
    "nut,mxf,dv,ivf";
// Bounds what is remembered of a stream that never gives a picture.
constexpr std::size_t kMaxEarlyPackets = 1024;

int refuse_to_open(AVFormatContext*, AVIOContext**, const char*, int, AVDictionary**) {
  return AVERROR(EPERM);
}

bool is_interlaced(const AVFrame& frame) {
#ifdef AV_FRAME_FLAG_INTERLACED
  return (frame.flags & AV_FRAME_FLAG_INTERLACED) != 0;
#else
  return frame.interlaced_frame != 0;
#endif
}

}  // namespace

VideoDecoder::VideoDecoder(const std::filesystem::path& path) {
  try {
    within(path.string(), [&] {
      open_input(path);
      open_codec();
    });
  } catch (...) {
    avformat_close_input(&input_);
    avio_closep(&io_);
    throw;
  }
}

VideoDecoder::~VideoDecoder() {
  avformat_close_input(&input_);
  avio_closep(&io_);
}

void VideoDecoder::open_input(const std::filesystem::path& path) {
  // "file:" keeps names like "http:x" or "a%02d.mp4" what they are.
  av_check(avio_open(&io_, ("file:" + path.string()).c_str(), AVIO_FLAG_READ), "opening");
  input_ = avformat_alloc_context();
  if (input_ == nullptr) fail("opening: out of memory");
  input_->pb = io_;
  input_->flags |= AVFMT_FLAG_CUSTOM_IO;
  input_->io_open = refuse_to_open;
  AVDictionary* options = nullptr;
  av_dict_set(&options, "format_whitelist", kContainers, 0);
  // Without a name, formats are told by content alone.
  const int status = avformat_open_input(&input_, "", nullptr, &options);
  av_dict_free(&options);
  if (status < 0) {
    fail("is not a video that Pluvia reads, or its start is damaged (", av_error_text(status),
         "); expected MP4, MOV, MKV, WebM, AVI, MPEG, WMV, FLV, OGV, Y4M or GIF");
  }
  av_check(avformat_find_stream_info(input_, nullptr), "reading the streams of the video");
}

int VideoDecoder::video_streams() const {
  const std::span<AVStream*> all(input_->streams, input_->nb_streams);
  return static_cast<int>(std::count_if(all.begin(), all.end(), [](const AVStream* s) {
    return s->codecpar->codec_type == AVMEDIA_TYPE_VIDEO &&
           (s->disposition & AV_DISPOSITION_ATTACHED_PIC) == 0;
  }));
}

void VideoDecoder::open_codec() {
  const int best = av_find_best_stream(input_, AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  if (best < 0 || video_streams() == 0)
    fail("has no video stream, expected one (is it sound only?)");
  stream_ = input_->streams[best];
  const AVCodecParameters& parameters = *stream_->codecpar;
  check_picture_size(parameters.height, parameters.width);
  decoder_ = avcodec_find_decoder(parameters.codec_id);
  if (decoder_ == nullptr) {
    fail("is coded as ", avcodec_get_name(parameters.codec_id),
         ", for which this machine's libavcodec has no decoder; convert it with another program");
  }
  for (unsigned i = 0; i < input_->nb_streams; ++i) {
    if (static_cast<int>(i) != best) input_->streams[i]->discard = AVDISCARD_ALL;
  }
  codec_ = new_codec_context(decoder_);
  av_check(avcodec_parameters_to_context(codec_.get(), &parameters), "opening the decoder");
  codec_->pkt_timebase = stream_->time_base;
  damage_.watch(*codec_);
  av_check(avcodec_open2(codec_.get(), decoder_, nullptr), "opening the decoder");
  listed_ = expected_ = std::max<std::int64_t>(stream_->nb_frames, 0);
  const int entries = avformat_index_get_entries_count(stream_);
  if (listed_ > 0 && entries > 0 && std::string_view(input_->iformat->name).starts_with("mov")) {
    // Edit lists hide pictures and repeat others; the index has them worked in.
    listed_ = expected_ = entries;
    for (int i = 0; i < entries; ++i) {
      if ((avformat_index_get_entry(stream_, i)->flags & AVINDEX_DISCARD_FRAME) != 0) --expected_;
    }
  }
}

AVRational VideoDecoder::frame_rate() const {
  if (stream_->avg_frame_rate.num > 0 && stream_->avg_frame_rate.den > 0) {
    return stream_->avg_frame_rate;
  }
  return av_guess_frame_rate(input_, stream_, nullptr);
}

std::int64_t VideoDecoder::likely_frames() const {
  const AVRational rate = frame_rate();
  if (expected_ > 0) return expected_;
  if (input_->duration <= 0 || rate.num <= 0 || rate.den <= 0) return 0;
  return av_rescale_q(input_->duration, {1, AV_TIME_BASE}, av_inv_q(rate));
}

std::string VideoDecoder::place(std::int64_t frame) const {
  return expected_ > 0 ? cat("frame ", frame, " of ", expected_) : cat("frame ", frame);
}

bool VideoDecoder::next(AVFrame& frame) {
  while (true) {
    av_frame_unref(&frame);
    const int status = avcodec_receive_frame(codec_.get(), &frame);
    if (status == AVERROR_EOF) {
      check_end();
      return false;
    }
    if (status == AVERROR(EAGAIN)) {
      feed();
      continue;
    }
    const bool damaged = (frame.flags & AV_FRAME_FLAG_CORRUPT) != 0 ||
                         frame.decode_error_flags != 0 || damage_.any();
    if (status < 0 || damaged) {
      fail(place(frames_), " cannot be decoded (",
           status < 0 ? av_error_text(status) : "damaged picture",
           "): the file is damaged or cut short");
    }
    if (frames_ == 0) note_first(frame);
    ++frames_;
    return true;
  }
}

void VideoDecoder::feed() {
  AVPacket* packet = packet_.get();
  while (!flushed_) {
    av_packet_unref(packet);
    const int status = av_read_frame(input_, packet);
    if (status == AVERROR_EOF && io_->error >= 0) {
      flushed_ = true;
      av_check(avcodec_send_packet(codec_.get(), nullptr), "ending the decoder");
      return;
    }
    if (status < 0) {
      fail("reading stops at ", place(packets_), " (",
           av_error_text(io_->error < 0 ? io_->error : status),
           "): the file is damaged or cut short");
    }
    if (packet->stream_index != stream_->index) continue;
    if ((packet->flags & AV_PKT_FLAG_CORRUPT) != 0) {
      fail("the data of ", place(packets_), " are incomplete: the file is damaged or cut short");
    }
    count(*packet);
    if (packet->size == 0) continue;
    const int sent = avcodec_send_packet(codec_.get(), packet);
    if (sent < 0) {
      fail(place(packets_ - 1), " cannot be decoded (", av_error_text(sent),
           "): the file is damaged or cut short");
    }
    return;
  }
}

void VideoDecoder::count(const AVPacket& packet) {
  ++packets_;
  packets_end_ = packet.pos + packet.size;
  if ((packet.flags & AV_PKT_FLAG_DISCARD) != 0 || packet.size == 0) return;
  ++shown_;
  if (frames_ == 0) {
    if (times_before_first_.size() < kMaxEarlyPackets) times_before_first_.push_back(packet.pts);
  } else if (packet.pts != AV_NOPTS_VALUE && packet.pts < first_time_) {
    ++early_;
  }
}

void VideoDecoder::note_first(const AVFrame& frame) {
  first_time_ = frame.pts;
  interlaced_ = is_interlaced(frame);
  if (first_time_ == AV_NOPTS_VALUE) return;
  early_ = std::count_if(times_before_first_.begin(), times_before_first_.end(),
                         [this](std::int64_t t) { return t != AV_NOPTS_VALUE && t < first_time_; });
}

bool VideoDecoder::one_picture_per_packet() const {
  if (interlaced_) return false;  // a field may have its own packet
  const AVCodecDescriptor* d = avcodec_descriptor_get(codec_->codec_id);
  const bool intra = d != nullptr && (d->props & AV_CODEC_PROP_INTRA_ONLY) != 0;
  return intra || codec_->codec_id == AV_CODEC_ID_H264 || codec_->codec_id == AV_CODEC_ID_HEVC;
}

void VideoDecoder::check_end() const {
  if (frames_ == 0) fail("holds no picture that can be decoded, expected at least one frame");
  if (packets_ < listed_) {
    fail("ends after frame ", frames_ - 1, ": its index lists ", counted(expected_, "frame"),
         "; the file is damaged or cut short");
  }
  // Y4M: frames of one size, nothing between them and nothing behind.
  const bool bare = std::string_view(input_->iformat->name) == "yuv4mpegpipe";
  if (bare && avio_size(io_) > packets_end_) {
    fail("ends within frame ", frames_, ": the file is cut short");
  }
  if (one_picture_per_packet() && frames_ + early_ < shown_) {
    fail("gave ", counted(frames_, "frame"), ", but holds ", shown_ - early_,
         ": the file is damaged");
  }
}

}  // namespace pluvia
