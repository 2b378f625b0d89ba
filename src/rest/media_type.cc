// SPDX-License-Identifier: Apache-2.0
#include "rest/media_type.h"

#include "core/text.h"

namespace gatehouse::rest {

namespace {

// How closely a range names a type: 3 exactly, 2 "image/*", 1 "*/*", 0 not at all.
int closeness(std::string_view range, std::string_view media_type) {
  if (range == media_type) return 3;
  if (range == "*/*" || range == "*") return 1;
  if (range.ends_with("/*") && media_type.starts_with(range.substr(0, range.size() - 1))) return 2;
  return 0;
}

bool is_zero(std::string_view quality) {
  return !quality.empty() && quality.find_first_not_of("0.") == std::string_view::npos;
}

}  // namespace

std::string media_type_of(std::string_view content_type) {
  return to_lower(trim(content_type.substr(0, content_type.find(';'))));
}

std::string media_parameter(std::string_view content_type, std::string_view name) {
  std::size_t at = content_type.find(';');
  while (at != std::string_view::npos) {
    const std::string_view rest = content_type.substr(at + 1);
    const std::size_t equals = rest.find('=');
    if (equals == std::string_view::npos) return "";
    const bool wanted = equals_ignoring_case(trim(rest.substr(0, equals)), name);
    const std::string_view value = trim(rest.substr(equals + 1));
    if (value.starts_with('"')) {
      const std::size_t close = value.find('"', 1);
      if (close == std::string_view::npos) return "";
      if (wanted) return std::string(value.substr(1, close - 1));
      const auto past = static_cast<std::size_t>(value.data() + close - content_type.data());
      at = content_type.find(';', past);
      continue;
    }
    if (wanted) return std::string(trim(value.substr(0, value.find(';'))));
    at = content_type.find(';', at + 1 + equals);
  }
  return "";
}

bool accepts(std::string_view accept, std::string_view media_type) {
  if (trim(accept).empty()) return true;
  int closest = 0;
  bool allowed = false;
  for (const std::string_view range : split(accept, ',')) {
    const int close = closeness(media_type_of(range), media_type);
    if (close == 0 || close < closest) continue;
    closest = close;
    allowed = !is_zero(media_parameter(range, "q"));
  }
  return allowed;
}

}  // namespace gatehouse::rest
