// SPDX-License-Identifier: Apache-2.0
#include "eval/protocol/score_media.h"

#include <algorithm>

#include "core/counted.h"
#include "core/error.h"
#include "core/interrupt.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "core/text.h"

namespace pluvia {
namespace {

constexpr std::size_t kProblemsNamed = 50;
constexpr std::size_t kNotesKept = 20;

// One protocol along one clip; stops at the first frame it cannot score.
struct Pass {
  const ProtocolScorer& scorer;
  std::unique_ptr<ClipPass> clip_metrics;
  ClipScores scores;

  Pass(const ProtocolScorer& of, const std::string& name)
      : scorer(of), clip_metrics(of.begin_clip()) {
    scores.name = name;
  }

  void add(const std::vector<LoadedFrame>& frames) {
    const std::size_t first = scores.frames.size();
    scores.frames.resize(first + frames.size());
    parallel_for(
        static_cast<std::int64_t>(frames.size()), 1, [&](std::int64_t begin, std::int64_t end) {
          for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
            scores.frames[first + i] = scorer.score(frames[i].pair());
          }
        });
    for (const LoadedFrame& frame : frames) clip_metrics->add(frame.pair());
  }
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
      const std::vector<LoadedFrame> frames = reader.next(batch, problems, out_.notes);
      if (frames.empty()) break;
      if (only_read) continue;
      for (std::size_t p = 0; p < passes.size(); ++p) add_frames(passes[p], p, frames);
    }
    for (std::size_t p = 0; p < passes.size(); ++p) {
      if (passes[p].scores.frames.empty()) continue;
      passes[p].scores.values = passes[p].clip_metrics->scores();
      out_.protocols[p].clips.push_back(std::move(passes[p].scores));
    }
  }

 private:
  void add_frames(Pass& pass, std::size_t p, const std::vector<LoadedFrame>& frames) {
    ScoredMedia::OfProtocol& out = out_.protocols[p];
    if (!out.refusal.empty()) return;
    try {
      pass.add(frames);
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
         counted(plan.problems.size(), "problem"), ": ", list_some(plan.problems, kProblemsNamed),
         "; mend them, or score what is complete with --allow-missing");
  }
  const bool nothing = std::all_of(out.protocols.begin(), out.protocols.end(), [](const auto& of) {
    return of.clips.empty() && of.refusal.empty();
  });
  if (nothing) {
    fail("scoring ", paths.prediction.string(), " against ", paths.reference.string(),
         ": no pair is complete: ", list_some(plan.problems, kProblemsNamed));
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
