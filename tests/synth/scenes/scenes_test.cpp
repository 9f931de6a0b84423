// SPDX-License-Identifier: Apache-2.0
#include "synth/scenes/scenes.h"

#include <gtest/gtest.h>
