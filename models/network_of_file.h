// SPDX-License-Identifier: Apache-2.0
// Which network a file of weights belongs to.
#pragma once

#include <string>

namespace pluvia {

/// The name in the file's metadata or, failing that, of the network whose state dictionary the keys
/// fit: first one of just these shapes, then one that takes on the file's sizes. An Error says what
/// the file looks like.
std::string network_of_file(const std::string& path);

}  // namespace pluvia
