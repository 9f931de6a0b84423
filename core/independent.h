// SPDX-License-Identifier: Apache-2.0
// Before a loop whose rounds do not depend on each other, where the compiler cannot see it
// (pointers that never overlap): it may vectorise without checks. Never changes a result.
#pragma once

#if defined(__GNUC__) && !defined(__clang__)
#define PLUVIA_INDEPENDENT _Pragma("GCC ivdep")
#else
#define PLUVIA_INDEPENDENT
#endif
