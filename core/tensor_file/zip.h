// SPDX-License-Identifier: Apache-2.0
// Zip archives (APPNOTE 6.3) in memory, as far as .npz and PyTorch's .pth need them: stored and
// deflated members, zip64 sizes. Encrypted, split and otherwise packed archives are refused; member
// names are keys, never paths. Archives come from elsewhere: every offset and size is checked,
// members may not overlap (bombs are made so), CRC-32 is compared for every member that is read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace pluvia {

/// What deflate can reach: unpacked over packed.
inline constexpr std::uint64_t kMostDeflateRatio = 1032;

struct ZipMember {
  std::string name;
  std::uint64_t flags = 0;
  std::uint64_t method = 0;
  std::uint64_t crc = 0;
  std::uint64_t packed_bytes = 0;
  std::uint64_t bytes = 0;
  std::uint64_t local_offset = 0;
};

/// A member's data: a view into the archive, or its own bytes where it was packed. Moving keeps
/// the view valid.
struct ZipData {
  std::vector<std::byte> unpacked;
  std::span<const std::byte> view;
};

/// Views `bytes`, which must outlive it. `place` names them in errors.
class ZipReader {
 public:
  ZipReader(std::span<const std::byte> bytes, std::string place);

  const std::vector<ZipMember>& members() const { return members_; }
  /// Errors say what is wrong with the member, not where: put the place in front.
  ZipData read(const ZipMember& member) const;

 private:
  std::span<const std::byte> member_data(const ZipMember& member) const;
  void refuse_overlaps() const;

  std::span<const std::byte> bytes_;
  std::string place_;
  std::vector<ZipMember> members_;
};

enum class ZipPacking { kStored, kDeflated };

/// Equal members give equal archives: no dates, no attributes. Below 4 GB and 65535 members.
class ZipWriter {
 public:
  void add(const std::string& name, std::span<const std::byte> data, ZipPacking packing);
  std::vector<std::byte> finish();

 private:
  std::string out_;
  std::string directory_;
  std::size_t members_ = 0;
};

}  // namespace pluvia
