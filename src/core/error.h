// SPDX-License-Identifier: Apache-2.0
//
// How failure travels: every function that may fail returns Result<T>, and ignoring one does not
// compile. Only this file knows that Result stands on tl::expected.
//
// Thread:  plain values.
#pragma once

#include <cstdint>
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace gatehouse {

// What went wrong: one code per thing a caller can do about it.
enum class ErrorCode : std::uint8_t {
  invalid_argument,  // malformed input; the same request will fail again
  unauthenticated,   // no proof of identity, or a proof that does not hold
  forbidden,         // identity known, permission missing
  not_found,
  conflict,     // the state does not allow it: duplicate name, stale version
  exhausted,    // a limit or quota is reached; try again after a while
  unavailable,  // a peer did not answer; another may
  internal,     // our own fault
};

struct Error {
  ErrorCode code;
  std::string message;  // for the client: one sentence, no secrets, no internals
  std::string detail;   // for the log only: may name hosts, tables, keys

  // The number that scripts match on (rest/problems.h, gateway/fault.h), 0 where the code says all.
  std::uint32_t number = 0;
};

template <typename T = void>
struct [[nodiscard]] Result : tl::expected<T, Error> {
  using tl::expected<T, Error>::expected;
};

inline tl::unexpected<Error> fail(ErrorCode code, std::string message, std::string detail = "",
                                  std::uint32_t number = 0) {
  return tl::unexpected<Error>(Error{code, std::move(message), std::move(detail), number});
}

// Declares `name` with the value of `expression`, or returns its error to the caller.
#define GH_TRY(name, expression)                                                                   \
  auto name##_result = (expression);                                                               \
  if (!name##_result) return tl::unexpected<::gatehouse::Error>(std::move(name##_result).error()); \
  auto name = *std::move(name##_result)

// The same inside a coroutine.
#define GH_CO_TRY(name, expression)                                                 \
  auto name##_result = (expression);                                                \
  if (!name##_result)                                                               \
    co_return tl::unexpected<::gatehouse::Error>(std::move(name##_result).error()); \
  auto name = *std::move(name##_result)

// Returns the error of `expression` to the caller; a success goes on.
#define GH_CHECK(expression)                                                         \
  do {                                                                               \
    auto gh_check_result = (expression);                                             \
    if (!gh_check_result)                                                            \
      return tl::unexpected<::gatehouse::Error>(std::move(gh_check_result).error()); \
  } while (false)

// Checks our own logic, never input; kept in release builds. Prints the place and aborts.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);

#define GH_ASSERT(expression)          \
  ((expression) ? static_cast<void>(0) \
                : ::gatehouse::assertion_failed(#expression, __FILE__, __LINE__))
#define GH_ASSERT_NOT_REACHED() ::gatehouse::assertion_failed("not reached", __FILE__, __LINE__)

}  // namespace gatehouse
