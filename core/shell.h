// SPDX-License-Identifier: Apache-2.0
// Another program, run by the shell while this one waits.
#pragma once

#include <string>

namespace pluvia {

/// Runs the line by sh; what it prints goes to the standard error, and it has nothing to read.
/// Returns its exit status, 128 + the signal's number where a signal ended it. The program has a
/// session of its own, so that a terminal's Ctrl-C reaches only us: once an interruption has come
/// (core/interrupt.h), all that the line started is asked to end, after a grace killed, and
/// the interruption is thrown.
int run_by_shell(const std::string& line);

/// As one word of such a line.
std::string shell_quoted(const std::string& text);

}  // namespace pluvia
