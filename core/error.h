// SPDX-License-Identifier: Apache-2.0
// What is thrown when the user's world is wrong: a file, a flag, data, a missing device.
//
// An error is one line. It is thrown where the fault is seen, with what was found and what was
// expected; each layer on the way up puts the place it knows in front of it (`within`); main prints
// the line and leaves with the kind's exit status. When *we* are wrong, PLUVIA_CHECK aborts
// instead.
#pragma once

#include <exception>
#include <sstream>
#include <string>
#include <utility>

namespace pluvia {

/// Exit status of the program, as docs/commands.md lists them.
enum class ErrorKind : int {
  kCheck = 1,        ///< the thing checked is not right (verify, metrics --require)
  kUsage = 2,        ///< wrong usage: an option, a name, an output that exists
  kInput = 3,        ///< an input cannot be used, or the machine cannot do it
  kInterrupt = 130,  ///< Ctrl-C
  kTerminate = 143,  ///< SIGTERM
};

class Error : public std::exception {
 public:
  Error(ErrorKind kind, std::string message) : kind_(kind), message_(std::move(message)) {}

  ErrorKind kind() const { return kind_; }
  const char* what() const noexcept override { return message_.c_str(); }

  /// Puts a place in front: "clips/003/lq" + "chunk 17 is damaged" -> "clips/003/lq: chunk 17 ...".
  /// A signal comes from nowhere in particular: it gets none.
  void add_place(const std::string& place) {
    if (kind_ == ErrorKind::kInterrupt || kind_ == ErrorKind::kTerminate) return;
    message_ = place + ": " + message_;
  }

 private:
  ErrorKind kind_;
  std::string message_;
};

/// Concatenates anything that streams, in the classic locale.
template <typename... Parts>
std::string cat(const Parts&... parts) {
  std::ostringstream out;
  out.imbue(std::locale::classic());
  (out << ... << parts);
  return out.str();
}

/// An input cannot be used: exit status 3.
template <typename... Parts>
[[noreturn]] void fail(const Parts&... parts) {
  throw Error(ErrorKind::kInput, cat(parts...));
}

/// The command was called wrongly: exit status 2.
template <typename... Parts>
[[noreturn]] void fail_usage(const Parts&... parts) {
  throw Error(ErrorKind::kUsage, cat(parts...));
}

/// Runs `body`; an Error that leaves it carries `place` in front.
template <typename Body>
auto within(const std::string& place, Body&& body) -> decltype(body()) {
  try {
    return body();
  } catch (Error& error) {
    error.add_place(place);
    throw;
  }
}

[[noreturn]] void assertion_failed(const char* expression, const char* file, int line,
                                   const std::string& values);

}  // namespace pluvia

/// A promise between our own functions. Prints both values and aborts: this is a bug in Pluvia.
#define PLUVIA_CHECK(condition, ...)                                                          \
  do {                                                                                        \
    if (!(condition)) {                                                                       \
      ::pluvia::assertion_failed(#condition, __FILE__, __LINE__, ::pluvia::cat(__VA_ARGS__)); \
    }                                                                                         \
  } while (false)
