// SPDX-License-Identifier: Apache-2.0
#include "eval/protocol/score_media.h"

#include <algorithm>
#include <deque>
#include <memory>

#include "core/counted.h"
#include "core/error.h"
#include "core/interrupt.h"
#include "core/parallel.h"
#include "core/problems.h"
#include "core/progress.h"
#include "core/text.h"

namespace pluvia {
namespace {

constexpr std::size_t kNotesKept = 20;

using Frame = std::shared_ptr<const LoadedFrame>;  ///< protocols share it

// One protocol along one clip, whose length shows at its end only; stops at the first frame it
// cannot score.
class Pass {
 public:
  Pass(const ProtocolScorer& scorer, const std::string& name)
      : scorer_(scorer), clip_metrics_(scorer.begin_clip()) {
    scores_.name = name;
  }

  void add(const std::vector<Frame>& frames) {
    const std::vector<Frame> ready = those_that_count(frames);
    const std::size_t first = scores_.frames.size();
    scores_.frames.resize(first + ready.size());
    parallel_for(
        static_cast<std::int64_t>(ready.size()), 1, [&](std::int64_t begin, std::int64_t end) {
          for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
            scores_.frames[first + i] = scorer_.score(ready[i]->pair());
          }
        });
    for (const Frame& frame : ready) clip_metrics_->add(frame->pair());
  }

  ClipScores finish() {
    const std::string place = scores_.name.empty() ? "the clip" : "clip " + scores_.name;
    within(place, [&] { scorer_.protocol().require_frames(seen_); });
    scores_.values = clip_metrics_->scores();
    return std::move(scores_);
  }

  bool empty() const { return seen_ == 0; }

 private:
  /// A frame counts when as many as the protocol skips came before it and have come after it.
  std::vector<Frame> those_that_count(const std::vector<Frame>& frames) {
    const int skip = scorer_.protocol().skip_frames;
    std::vector<Frame> ready;
    for (const Frame& frame : frames) {
      if (seen_++ >= skip) waiting_.push_back(frame);
      if (waiting_.size() <= static_cast<std::size_t>(skip)) continue;
      ready.push_back(std::move(waiting_.front()));
      waiting_.pop_front();
    }
    return ready;
  }

  const ProtocolScorer& scorer_;
  std::unique_ptr<ClipPass> clip_metrics_;
  ClipScores scores_;
  std::deque<Frame> waiting_;
  int seen_ = 0;
};

class Scoring {
 public:
  Scoring(const std::vector<ProtocolScorer>& scorers, ScoredMedia& out)
      : scorers_(scorers), out_(out) {}

  void add_clip(const MediaClip& clip, std::vector<std::string>& problems, bool only_read) {
    MediaReader reader(clip);
    std::vector<Pass> passes;
    for (const ProtocolScorer& scorer : scorers_) passes.emplace_back(scorer, clip.name);
    const int batch = 4 * thread_count();
    for (;;) {
      throw_if_interrupted();
      std::vector<LoadedFrame> loaded = reader.next(batch, problems, out_.notes);
      if (loaded.empty()) break;
      if (only_read) continue;
      std::vector<Frame> frames;
      for (LoadedFrame& frame : loaded) {
        frames.push_back(std::make_shared<const LoadedFrame>(std::move(frame)));
      }
      for (std::size_t p = 0; p < passes.size(); ++p) {
        unless_refused(p, [&] { passes[p].add(frames); });
      }
    }
    for (std::size_t p = 0; p < passes.size(); ++p) {
      if (passes[p].empty()) continue;
      unless_refused(p, [&] { out_.protocols[p].clips.push_back(passes[p].finish()); });
    }
  }

 private:
  /// Of several protocols one that cannot score these pictures leaves the others alone.
  template <typename Body>
  void unless_refused(std::size_t p, const Body& body) {
    ScoredMedia::OfProtocol& out = out_.protocols[p];
    if (!out.refusal.empty()) return;
    try {
      body();
    } catch (const Error& error) {
      if (scorers_.size() == 1 || error.kind() != ErrorKind::kInput) throw;
      out.refusal = error.what();
    }
  }

  const std::vector<ProtocolScorer>& scorers_;
  ScoredMedia& out_;
};

}  // namespace

ScoredMedia score_media(const PairPaths& paths, const std::vector<ProtocolScorer>& scorers,
                        bool allow_missing) {
  MediaPlan plan = plan_media(paths);
  ScoredMedia out;
  out.regions = region_names(!paths.mask.empty(), !paths.streak.empty(), !paths.rainy.empty());
  out.protocols.resize(scorers.size());
  Scoring scoring(scorers, out);
  // With something wrong already, the rest is read only to name all that is damaged as well.
  const bool only_read = !plan.problems.empty() && !allow_missing;
  for (const MediaClip& clip : plan.clips) scoring.add_clip(clip, plan.problems, only_read);
  std::sort(plan.problems.begin(), plan.problems.end());
  plan.problems.erase(std::unique(plan.problems.begin(), plan.problems.end()), plan.problems.end());
  if (!plan.problems.empty() && !allow_missing) {
    fail("scoring ", paths.prediction.string(), " against ", paths.reference.string(), ": ",
         counted(plan.problems.size(), "problem"), ": ", list_problems(plan.problems),
         "; mend them, or score what is complete with --allow-missing");
  }
  const bool nothing = std::all_of(out.protocols.begin(), out.protocols.end(), [](const auto& of) {
    return of.clips.empty() && of.refusal.empty();
  });
  if (nothing) {
    fail("scoring ", paths.prediction.string(), " against ", paths.reference.string(),
         ": no pair is complete: ", list_problems(plan.problems));
  }
  out.notes.insert(out.notes.begin(), plan.problems.begin(), plan.problems.end());
  if (out.notes.size() > kNotesKept) {
    const std::string more = "and " + counted(out.notes.size() - kNotesKept, "more note");
    out.notes.resize(kNotesKept);
    out.notes.push_back(more);
  }
  return out;
}

}  // namespace pluvia
