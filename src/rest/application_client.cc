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

// What another key manager has given to manage the client by.
constexpr std::string_view registration_member = "registration";

ProviderClient provider_client(const storage::KeyMapping& mapping) {
  return {.key_manager = mapping.key_manager,
          .id = mapping.client_id,
          .registration = text_or(mapping.document, registration_member, "")};
}

std::string take(const IssuedProviderClient& issued, storage::KeyMapping& mapping) {
  mapping.client_id = issued.client.id;
  mapping.document[registration_member] = issued.registration;
  return issued.client.secret;
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

Result<std::string> make_client(http::Client& key_manager,
                                const storage::ApplicationRow& application,
                                storage::KeyMapping& mapping) {
  const ClientSettings settings = settings_of(application, mapping);
  if (!mapping.is_ours()) {
    GH_TRY(issued, create_provider_client(key_manager, mapping.key_manager, settings));
    return take(issued, mapping);
  }
  GH_TRY(client, create_client(key_manager, settings));
  mapping.client_id = client.id;
  return client.secret;
}

Result<std::string> change_client(http::Client& key_manager,
                                  const storage::ApplicationRow& application,
                                  storage::KeyMapping& mapping) {
  const ClientSettings settings = settings_of(application, mapping);
  if (mapping.is_ours()) {
    GH_CHECK(update_client(key_manager, mapping.client_id, settings));
    return "";
  }
  GH_TRY(issued, update_provider_client(key_manager, provider_client(mapping), settings));
  return take(issued, mapping);
}

Result<std::string> change_secret(http::Client& key_manager,
                                  const storage::ApplicationRow& application,
                                  storage::KeyMapping& mapping) {
  if (mapping.is_ours()) return regenerate_secret(key_manager, mapping.client_id);
  // By an update that names no secret: some servers make another one then.
  return change_client(key_manager, application, mapping);
}

Result<> remove_client(http::Client& key_manager, const storage::KeyMapping& mapping) {
  if (mapping.is_ours()) return delete_client(key_manager, mapping.client_id);
  return delete_provider_client(key_manager, provider_client(mapping), mapping.tenant);
}

}  // namespace gatehouse::rest
