// SPDX-License-Identifier: Apache-2.0
// How long a video file says it is. Demuxers take a file that ends early for a short film; its own
// outermost boxes tell the difference.
#pragma once

#include <filesystem>

namespace pluvia {

/// An Error when the outermost structure (MP4/MOV boxes, Matroska segment, AVI RIFF, FLV tags, Ogg
/// pages, packets of a transport stream) needs more bytes than the file has. Other containers, and
/// what leaves its size open (live recordings, transport streams cut between packets), pass.
void refuse_cut_container(const std::filesystem::path& path);

}  // namespace pluvia
