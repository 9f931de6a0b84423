// SPDX-License-Identifier: Apache-2.0
// libjpeg reports errors by longjmp. Every call runs inside `guarded`, whose body holds nothing
// that needs a destructor; warnings that mean lost or invented pixels are errors too.
#pragma once

// jpeglib.h needs FILE from <cstdio>, jerror.h needs jpeglib.h.
// clang-format off
#include <cstdio>
#include <jpeglib.h>
#include <jerror.h>
// clang-format on

#include <array>
#include <csetjmp>

#include "core/error.h"

namespace pluvia {

struct JpegGuard {
  jpeg_error_mgr manager{};
  std::jmp_buf jump{};
  std::array<char, JMSG_LENGTH_MAX> message{};
};

[[noreturn]] inline void leave_libjpeg(j_common_ptr info) {
  longjmp(static_cast<JpegGuard*>(info->client_data)->jump, 1);
}

[[noreturn]] inline void on_jpeg_error(j_common_ptr info) {
  info->err->format_message(info, static_cast<JpegGuard*>(info->client_data)->message.data());
  leave_libjpeg(info);
}

inline void on_jpeg_message(j_common_ptr info, int level) {
  const int code = info->err->msg_code;
  // Odd headers that every reader understands.
  if (level >= 0 || code == JWRN_ADOBE_XFORM || code == JWRN_JFIF_MAJOR) return;
  on_jpeg_error(info);
}

/// To be called before jpeg_create_(de)compress.
template <typename Info>
void install(JpegGuard& guard, Info& info) {
  info.err = jpeg_std_error(&guard.manager);
  guard.manager.error_exit = on_jpeg_error;
  guard.manager.emit_message = on_jpeg_message;
  guard.manager.output_message = [](j_common_ptr) {};
  info.client_data = &guard;
}

template <typename Body>
void guarded(JpegGuard& guard, const char* what, const Body& body) {
  if (setjmp(guard.jump) != 0) fail(what, ": ", guard.message.data());
  body();
}

}  // namespace pluvia
