// SPDX-License-Identifier: Apache-2.0
// Ctrl-C and SIGTERM stop long work cleanly: handlers raise a flag, loops call throw_if_interrupted
// at places where stopping is safe. A second Ctrl-C ends the process at once.
#pragma once

namespace pluvia {

void install_interrupt_handlers();

bool interrupted();

/// Throws Error with kind kInterrupt or kTerminate once a signal has come.
void throw_if_interrupted();

/// For tests: as if the signal had come (0 clears it).
void set_interrupt_signal(int signal_number);

}  // namespace pluvia
