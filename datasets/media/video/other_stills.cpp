// SPDX-License-Identifier: Apache-2.0
#include "datasets/media/video/other_stills.h"

#include <cstring>
#include <optional>

#include "datasets/media/exif.h"
#include "datasets/media/video/color.h"

namespace pluvia {
namespace {

std::uint32_t little_endian32(std::span<const std::byte> data, std::size_t offset) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) {
    value = (value << 8U) | std::to_integer<std::uint32_t>(data[offset + i]);
  }
  return value;
}

// The decoders paint what they have: a file that says it is longer must not reach them.
void refuse_cut_still(std::span<const std::byte> data, OtherStill format) {
  if (data.size() < 26) fail("ends at byte ", data.size(), ": it is cut short");
  std::uint64_t end = 0;
  if (format == OtherStill::kBmp) end = little_endian32(data, 2);
  if (format == OtherStill::kWebp) end = std::uint64_t{little_endian32(data, 4)} + 8;
  // Byte 20 holds the flags of an extended WebP (RFC 9649 section 2.7); 2 is "animation".
  const bool extended = format == OtherStill::kWebp && std::memcmp(&data[12], "VP8X", 4) == 0;
  if (extended && (data[20] & std::byte{2}) != std::byte{0}) {
    fail("is an animated WebP, expected one picture; convert it to PNG frames first");
  }
  if (end > data.size()) {
    fail("is cut short: it has ", data.size(), " bytes, its header says ", end);
  }
}

// What libavcodec's decoder takes for something else (JPEG inside comes out black), or whose
// colours are a guess, is refused by name.
void refuse_odd_tiff(const TiffFacts& facts) {
  constexpr std::uint32_t kOldJpeg = 6;
  constexpr std::uint32_t kJpeg = 7;
  constexpr std::uint32_t kFloat = 3;
  constexpr std::uint32_t kCmyk = 5;
  constexpr std::uint32_t kLab = 8;
  if (facts.compression == kOldJpeg || facts.compression == kJpeg) {
    fail("is a TIFF with JPEG data inside, expected another compression; convert it first");
  }
  if (facts.sample_format == kFloat) {
    fail("is a TIFF of floating point numbers, expected 8 or 16 bits; convert it first");
  }
  if (facts.photometric == kCmyk || facts.photometric >= kLab) {
    fail("is a TIFF in ", facts.photometric == kCmyk ? "CMYK" : "CIE Lab or a colour filter's",
         " values, expected grey or RGB; convert it with its profile first");
  }
  if (facts.further_picture) {
    fail("is a TIFF of several pictures, expected one; convert it to PNG frames first");
  }
}

std::span<const std::byte> webp_exif(std::span<const std::byte> data) {
  std::size_t offset = 12;
  while (offset + 8 <= data.size()) {
    const std::size_t length = little_endian32(data, offset + 4);
    if (length > data.size() - offset - 8) return {};
    if (std::memcmp(data.data() + offset, "EXIF", 4) == 0) return data.subspan(offset + 8, length);
    offset += 8 + length + length % 2;
  }
  return {};
}

Orientation find_orientation(std::span<const std::byte> data, OtherStill format) {
  if (format == OtherStill::kTiff) return read_exif_orientation(data);
  if (format == OtherStill::kWebp) return read_exif_orientation(webp_exif(data));
  return {};
}

AVCodecID codec_of(OtherStill format) {
  if (format == OtherStill::kBmp) return AV_CODEC_ID_BMP;
  return format == OtherStill::kTiff ? AV_CODEC_ID_TIFF : AV_CODEC_ID_WEBP;
}

FramePtr decode_one(std::span<const std::byte> data, OtherStill format) {
  const AVCodec* decoder = avcodec_find_decoder(codec_of(format));
  if (decoder == nullptr) fail("this machine's libavcodec has no decoder for it");
  DamageCounter damage;
  const CodecPtr codec = new_codec_context(decoder);
  damage.watch(*codec);
  codec->thread_count = 1;
  av_check(avcodec_open2(codec.get(), decoder, nullptr), "opening the decoder");
  const PacketPtr packet = new_packet();
  // A copy, because decoders read some bytes beyond the end.
  av_check(av_new_packet(packet.get(), static_cast<int>(data.size())), "decoding");
  std::memcpy(packet->data, data.data(), data.size());
  FramePtr frame = new_frame();
  int status = avcodec_send_packet(codec.get(), packet.get());
  if (status >= 0) status = avcodec_send_packet(codec.get(), nullptr);
  if (status >= 0) status = avcodec_receive_frame(codec.get(), frame.get());
  if (status < 0 || frame->decode_error_flags != 0 || damage.any()) {
    fail("cannot be decoded (", status < 0 ? av_error_text(status) : "damaged picture",
         "): it is damaged or cut short");
  }
  return frame;
}

}  // namespace

Image<std::uint8_t> decode_other_still(std::span<const std::byte> data, OtherStill format,
                                       MediaNotes& notes) {
  refuse_cut_still(data, format);
  // WebP is BT.601 in limited range whatever its size (RFC 9649 section 2.5); TIFF is BT.601 in
  // full range unless its ReferenceBlackWhite says otherwise (TIFF 6.0 section 21).
  ColorRules rules = {AVCOL_SPC_SMPTE170M, true, false};
  if (format == OtherStill::kTiff) {
    const TiffFacts facts = read_tiff_facts(data);
    refuse_odd_tiff(facts);
    rules.full_range = facts.black == 0;
  }
  const FramePtr frame = decode_one(data, format);
  FrameConverter converter(rules);
  Image<std::uint8_t> image = converter.convert(*frame, notes);
  const Orientation orientation = find_orientation(data, format);
  if (!orientation.identity())
    notes["orientation"] = "EXIF: " + to_text(orientation) + " to be upright";
  return oriented(std::move(image), orientation);
}

}  // namespace pluvia
