// SPDX-License-Identifier: Apache-2.0
// Parts of the program that lie beside it as shared libraries and are opened at first use, because
// what they are linked to is slow to load (LibTorch 350 ms, libav 45 ms) or may be absent.
#pragma once

#include <string>

namespace pluvia {

/// Opens `lib<name>.so` beside the program's own libraries and gives the address of `symbol`.
/// `purpose` is what fails without it: "networks need ...". An Error says why it cannot be opened.
void* open_module(const std::string& name, const char* symbol, const std::string& purpose);

/// Whether the file is there at all: false in builds that leave the feature out.
bool module_present(const std::string& name);

}  // namespace pluvia
