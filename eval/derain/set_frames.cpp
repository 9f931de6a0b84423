// SPDX-License-Identifier: Apache-2.0
#include "eval/derain/set_frames.h"

#include <cstring>
#include <set>

#include "core/error.h"
#include "datasets/store/set_reader.h"
#include "datasets/store/set_writer.h"

namespace pluvia {
namespace {

/// What stays true of a clip whose rain was removed.
constexpr Layer kKept[] = {Layer::kGt, Layer::kStreak, Layer::kMask, Layer::kDepth, Layer::kFlow};

std::size_t frame_bytes(const ClipInfo& info, Layer layer) {
  return static_cast<std::size_t>(info.height) * static_cast<std::size_t>(info.width) *
         spec(layer).pixel_bytes();
}

Window one_frame(const ClipInfo& info, int t) { return {t, 1, 0, 0, info.height, info.width}; }

class ClipIn final : public SequenceIn {
 public:
  ClipIn(std::unique_ptr<ClipReader> clip, bool apart) : clip_(std::move(clip)) {
    const ClipInfo& from = clip_->info();
    info_ = {from.id, from.frames, from.height, from.width, from.fps, apart};
    rows_ = clip_->frame_rows(&columns_);
    std::set<std::string> taken;
    for (const FrameRow& row : rows_) {
      if (!columns_.name || taken.insert(row.name).second) continue;
      fail("clip ", from.id, ": two of its frames are called ", row.name);
    }
  }

  const SequenceInfo& info() const override { return info_; }
  const ClipReader* clip() const override { return clip_.get(); }

  bool next(PlanarFrame& frame) override {
    if (next_ == info_.frames) return false;
    Image<std::uint8_t> image(info_.height, info_.width, 3);
    clip_->read(Layer::kLq, one_frame(clip_->info(), next_),
                std::as_writable_bytes(image.pixels()));
    frame = {3, info_.height, info_.width, {}};
    append_planar(image, frame.values);
    ++next_;
    return true;
  }

  std::string frame_name() const override {
    const auto t = static_cast<std::size_t>(next_ - 1);
    return columns_.name && t < rows_.size() ? rows_[t].name : numbered(next_ - 1);
  }

 private:
  std::unique_ptr<ClipReader> clip_;
  SequenceInfo info_;
  FrameColumns columns_;
  std::vector<FrameRow> rows_;
  int next_ = 0;
};

class ClipOut final : public SequenceOut {
 public:
  ClipOut(SetWriter& set, const SequenceIn& in, const std::string& id) : from_(in.clip()) {
    const SequenceInfo& sequence = in.info();
    ClipInfo info;
    if (from_ != nullptr) info = from_->info();
    info.id = id;
    info.frames = sequence.frames;
    info.height = sequence.height;
    info.width = sequence.width;
    info.fps = sequence.fps;
    info.layers = {Layer::kLq};
    for (const Layer layer : kKept) {
      if (from_ != nullptr && from_->info().layers.has(layer)) info.layers.add(layer);
    }
    info_ = info;
    writer_ = set.begin(info);
  }

  void add(int t, const std::string& name, const PlanarFrame& frame) override {
    const Image<std::uint8_t> image = to_codes(frame, 0, 3, ToCode::kRoundHalfEven, t);
    const auto bytes = std::as_bytes(image.pixels());
    FrameLayers layers;
    layers.of(Layer::kLq).assign(bytes.begin(), bytes.end());
    for (const Layer layer : kKept) {
      if (!info_.layers.has(layer)) continue;
      layers.of(layer).resize(frame_bytes(info_, layer));
      from_->read(layer, one_frame(from_->info(), t), layers.of(layer));
    }
    writer_->add(std::move(layers));
    FrameRow row;
    row.name = name;
    rows_.push_back(row);
  }

  void finish() override {
    FrameColumns columns{true, false, false};
    std::vector<FrameRow> rows = std::move(rows_);
    if (from_ != nullptr) {
      FrameColumns there;
      std::vector<FrameRow> stored = from_->frame_rows(&there);
      if (stored.size() == rows.size()) {
        for (std::size_t t = 0; t < rows.size(); ++t) stored[t].name = rows[t].name;
        rows = std::move(stored);
        columns = {true, there.time, there.rendering};
      }
    }
    writer_->set_frames(columns, std::move(rows));
    writer_->finish();
  }

 private:
  const ClipReader* from_;
  ClipInfo info_;
  std::unique_ptr<ClipWriter> writer_;
  std::vector<FrameRow> rows_;
};

SetOptions set_options(const PlaceOptions& options) {
  SetOptions out;
  out.title = "derained";
  out.generator = options.generator;
  out.settings = options.settings;
  out.provenance = options.settings;
  out.resume = options.resume;
  out.force = options.force;
  return out;
}

class SetPlace final : public OutputPlace {
 public:
  SetPlace(const std::filesystem::path& path, const PlaceOptions& options)
      : writer_(path, set_options(options)) {}

  bool has(const std::string& name) const override {
    return writer_.complete() || writer_.has_clip(id_of(name));
  }
  std::unique_ptr<SequenceOut> begin(const SequenceIn& in) override {
    return std::make_unique<ClipOut>(writer_, in, id_of(in.info().name));
  }
  void commit() override {
    if (!writer_.complete()) writer_.commit();
  }

 private:
  static std::string id_of(const std::string& name) { return name.empty() ? "clip" : name; }

  SetWriter writer_;
};

}  // namespace

Footage set_footage(const std::filesystem::path& path) {
  const std::shared_ptr<SetReader> set = SetReader::open(path);
  Footage footage{FootageKind::kSet, {}, {}};
  for (const IndexRow& row : set->info().rows) {
    if (!row.clip.layers.has(Layer::kLq)) {
      fail("clip ", row.clip.id, " of ", path.string(), " has no layer lq, only ",
           row.clip.layers.names());
    }
    footage.names.push_back(row.clip.id);
  }
  if (footage.names.empty()) fail(path.string(), ": holds no clips");
  footage.open = [set, names = footage.names](std::size_t i) {
    return std::make_unique<ClipIn>(set->clip(names[i]), set->info().kind == "images");
  };
  return footage;
}

std::unique_ptr<OutputPlace> open_set_place(const std::filesystem::path& path,
                                            const PlaceOptions& options) {
  return std::make_unique<SetPlace>(path, options);
}

}  // namespace pluvia
