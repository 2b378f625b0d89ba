// SPDX-License-Identifier: Apache-2.0
//
// The program's own log: one line per event, to standard error. (The access log of the gateway is
// another thing: gateway/access_log.h.)
//
// Thread:  any. A line is written whole.
#pragma once

#include <fmt/format.h>

#include <string_view>

namespace gatehouse {

enum class LogLevel : int { trace, debug, info, warning, error, off };

// Writes `text` if `level` is enabled. Control bytes are escaped, so input cannot forge a line.
void write_log(LogLevel level, std::string_view text);
bool log_enabled(LogLevel level);
void set_log_level(LogLevel level);

template <typename... Arguments>
void log_info(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  if (log_enabled(LogLevel::info)) {
    write_log(LogLevel::info, fmt::format(format, std::forward<Arguments>(arguments)...));
  }
}

template <typename... Arguments>
void log_warning(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  write_log(LogLevel::warning, fmt::format(format, std::forward<Arguments>(arguments)...));
}

template <typename... Arguments>
void log_error(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  write_log(LogLevel::error, fmt::format(format, std::forward<Arguments>(arguments)...));
}

}  // namespace gatehouse
