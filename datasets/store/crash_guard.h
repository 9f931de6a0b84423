// SPDX-License-Identifier: Apache-2.0
// Debian 12's HDF5 1.10.8 has known memory errors on damaged files. What crashes inside the library
// while it reads somebody's file is that file's fault as far as the user is concerned: the process
// leaves with one line and exit status 3. Crashes of our own stay crashes.
#pragma once

namespace pluvia::h5 {

void install_crash_handler();

/// Of this thread: the file the library is working on, or null. The text must stay alive.
void set_file_being_read(const char* name);
const char* file_being_read();

}  // namespace pluvia::h5
