// SPDX-License-Identifier: Apache-2.0
#include "core/error.h"

#include <cstdio>
#include <cstdlib>

namespace pluvia {

void assertion_failed(const char* expression, const char* file, int line,
                      const std::string& values) {
  std::fprintf(stderr, "pluvia: internal error at %s:%d: %s is false (%s). Please report this.\n",
               file, line, expression, values.c_str());
  std::abort();
}

}  // namespace pluvia
