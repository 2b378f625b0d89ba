// SPDX-License-Identifier: Apache-2.0
//
// HTML in which whatever is not markup of ours is escaped: a text put into html() is escaped by its
// type, so a forgotten call cannot let it through.
//
// Thread:  pure functions.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <type_traits>

namespace gatehouse::keymanager {

// Good as element content and inside a quoted attribute.
std::string escape_html(std::string_view text);

struct Markup {
  std::string text;

  Markup& operator+=(const Markup& more) {
    text += more.text;
    return *this;
  }
};

namespace detail {
inline const std::string& as_html(const Markup& markup) { return markup.text; }
inline std::string as_html(std::string_view text) { return escape_html(text); }
template <typename Number>
  requires std::is_arithmetic_v<Number>
std::string as_html(Number number) {
  return std::to_string(number);
}
}  // namespace detail

// `format` is a literal of ours with {} for each argument: texts are escaped, Markup is not.
template <std::size_t size, typename... Arguments>
Markup html(const char (&format)[size], const Arguments&... arguments) {
  return {fmt::format(fmt::runtime(format), detail::as_html(arguments)...)};
}

}  // namespace gatehouse::keymanager
