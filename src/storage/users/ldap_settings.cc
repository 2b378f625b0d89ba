// SPDX-License-Identifier: Apache-2.0
#include "storage/users/ldap_settings.h"

#include "core/text.h"
#include "net/address.h"

namespace gatehouse::storage {

namespace {

tl::unexpected<Error> wrong(std::string why) {
  return fail(ErrorCode::invalid_argument, std::move(why));
}

// RFC 4512, section 1.4: a description or a numeric object identifier.
bool is_attribute(std::string_view text) {
  return !text.empty() && text.size() <= 128 &&
         text.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.;") == text.npos;
}

bool is_filter(std::string_view text) {
  return text.size() > 2 && text.size() <= 1'024 && text.starts_with('(') && text.ends_with(')');
}

// "ldaps", and the host that follows it.
Result<std::pair<std::string, std::string>> parse_url(const std::string& url) {
  const std::size_t at = url.find("://");
  const std::string scheme = to_lower(url.substr(0, at));
  if (at == url.npos || (scheme != "ldap" && scheme != "ldaps") ||
      url.find_first_of(" \t\r\n?#@,\"<>\\", at) != url.npos) {
    return wrong(fmt::format("'{}' is not a URL such as ldaps://host:636", url));
  }
  std::string host = url.substr(at + 3);
  if (host.ends_with('/')) host.pop_back();
  if (host.find('/') != host.npos) {
    return wrong(fmt::format("'{}': a directory's URL has no path", url));
  }
  const std::size_t colon = host.rfind(':');
  if (colon != host.npos && !host.ends_with(']')) host.resize(colon);
  if (host.empty()) return wrong(fmt::format("'{}' has no host", url));
  return std::pair(scheme, host);
}

Result<> check_urls(const LdapSettings& settings) {
  if (settings.urls.empty() || settings.urls.size() > ldap_urls_max) {
    return wrong("'urls' has 1 to 8 URLs");
  }
  for (const std::string& url : settings.urls) {
    GH_TRY(parts, parse_url(url));
    if (parts.first == "ldaps" && settings.start_tls) {
      return wrong("'startTls' is for URLs that begin with ldap://");
    }
    const bool plain = parts.first == "ldap" && !settings.start_tls;
    if (plain && !net::is_loopback_host(parts.second)) {
      return wrong("Passwords do not travel in the clear: use ldaps:// or 'startTls'");
    }
  }
  return {};
}

Result<> read_group_roles(const json::object& document, LdapSettings& settings) {
  const json::array* list = array_at(document, "groupRoles");
  for (const json::value& item : list == nullptr ? json::array() : *list) {
    const json::object* entry = item.if_object();
    const std::string group = entry == nullptr ? "" : text_or(*entry, "group", "");
    const std::string role = entry == nullptr ? "" : text_or(*entry, "role", "");
    if (group.empty() || role.empty()) return wrong("An entry of 'groupRoles' has group and role");
    settings.group_roles.emplace_back(group, role);
  }
  if (settings.group_roles.size() > ldap_group_roles_max) {
    return wrong("'groupRoles' has at most 1000 entries");
  }
  return {};
}

}  // namespace

Result<LdapSettings> ldap_settings_from(const json::object& document) {
  LdapSettings settings;
  const auto text = [&](std::string_view name, std::string& into) {
    into = text_or(document, name, into);
  };
  settings.enabled = flag_or(document, "enabled", true);
  settings.urls = texts_of(document, "urls");
  settings.start_tls = flag_or(document, "startTls", false);
  text("bindDn", settings.bind_dn);
  text("userBase", settings.user_base);
  text("userFilter", settings.user_filter);
  text("nameAttribute", settings.name_attribute);
  text("idAttribute", settings.id_attribute);
  text("emailAttribute", settings.email_attribute);
  text("groupBase", settings.group_base);
  text("groupFilter", settings.group_filter);
  text("groupNameAttribute", settings.group_name_attribute);
  text("memberAttribute", settings.member_attribute);
  settings.nested_groups = flag_or(document, "nestedGroups", false);
  settings.default_roles = texts_of(document, "defaultRoles");
  GH_CHECK(read_group_roles(document, settings));
  GH_CHECK(check_urls(settings));
  for (const std::string* attribute :
       {&settings.name_attribute, &settings.id_attribute, &settings.email_attribute,
        &settings.group_name_attribute, &settings.member_attribute}) {
    if (!is_attribute(*attribute)) return wrong(fmt::format("'{}' is no attribute", *attribute));
  }
  for (const std::string* filter : {&settings.user_filter, &settings.group_filter}) {
    if (!is_filter(*filter)) return wrong(fmt::format("'{}' is no filter", *filter));
  }
  if (settings.user_base.empty()) return wrong("'userBase' is missing");
  if (const std::string encoded = text_or(document, "caCertificates", ""); !encoded.empty()) {
    const Result<std::string> pem = from_base64(encoded);
    if (!pem || pem->find("-----BEGIN CERTIFICATE-----") == std::string::npos) {
      return wrong("'caCertificates' is base64 of certificates in PEM");
    }
    settings.ca_certificates = *pem;
  }
  return settings;
}

}  // namespace gatehouse::storage
