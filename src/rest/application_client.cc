// SPDX-License-Identifier: Apache-2.0
#include "rest/application_client.h"

#include "core/text.h"

namespace gatehouse::rest {

namespace {

// WSO2 writes several callbacks as "regexp=(a|b)"; a comma parts them as well.
std::vector<std::string> callbacks_from(std::string_view text) {
  std::string_view list = trim(text);
  char separator = ',';
  if (list.starts_with("regexp=(") && list.ends_with(')')) {
    list.remove_prefix(std::string_view("regexp=(").size());
    list.remove_suffix(1);
    separator = '|';
  }
  std::vector<std::string> callbacks;
  for (const std::string_view part : split(list, separator)) {
    if (!trim(part).empty()) callbacks.emplace_back(trim(part));
  }
  return callbacks;
}

}  // namespace

std::int64_t seconds_or(const json::object& object, std::string_view name, std::int64_t fallback) {
  const auto text = parse_number(text_or(object, name, ""));
  const std::int64_t number =
      text && *text < INT32_MAX ? static_cast<std::int64_t>(*text) : number_or(object, name, 0);
  return number > 0 ? number : fallback;
}

ClientSettings settings_of(const storage::ApplicationRow& application,
                           const storage::KeyMapping& mapping) {
  ClientSettings settings;
  settings.tenant = mapping.tenant;
  settings.name = fmt::format("{}_{}_{}", application.owner(), application.name,
                              model::to_text(mapping.key_type));
  settings.owner_id = application.owner_id;
  settings.grant_types = texts_of(mapping.document, "supportedGrantTypes");
  settings.callback_urls = callbacks_from(text_or(mapping.document, "callbackUrl", ""));
  settings.token_type = application.token_type;
  settings.access_token_seconds = number_or(mapping.document, "validityTime", token_seconds);
  if (const json::object* given = object_at(mapping.document, "additionalProperties")) {
    settings.access_token_seconds =
        seconds_or(*given, "application_access_token_expiry_time", settings.access_token_seconds);
    settings.refresh_token_seconds =
        seconds_or(*given, "refresh_token_expiry_time", refresh_seconds);
  }
  return settings;
}

}  // namespace gatehouse::rest
