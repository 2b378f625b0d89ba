// SPDX-License-Identifier: Apache-2.0
#include "http/peer.h"

#include <algorithm>

#include "core/text.h"

namespace gatehouse::http {
namespace {

bool is_trusted(const net::Address& address, std::span<const net::Network> trusted) {
  return std::any_of(trusted.begin(), trusted.end(),
                     [&](const net::Network& network) { return network.contains(address); });
}

}  // namespace

net::Address client_address(const RequestHead& head, const net::Address& socket,
                            std::span<const net::Network> trusted_proxies) {
  net::Address client = socket;
  // Fields and their elements, last to first: each was added by the one that stands behind it.
  const std::span<const Field> fields = head.fields();
  for (auto field = fields.rbegin(); field != fields.rend(); ++field) {
    if (field->id != FieldId::x_forwarded_for) continue;
    std::string_view list = head.value(*field);
    for (;;) {
      if (!is_trusted(client, trusted_proxies)) return client;
      const std::size_t comma = list.rfind(',');
      const std::size_t begin = comma == std::string_view::npos ? 0 : comma + 1;
      const Result<net::Address> address = net::Address::parse(trim(list.substr(begin)));
      if (!address) return client;
      client = *address;
      if (comma == std::string_view::npos) break;
      list = list.substr(0, comma);
    }
  }
  return client;
}

std::string forwarded_certificate(const RequestHead& head) {
  constexpr std::string_view begin = "-----BEGIN CERTIFICATE-----";
  constexpr std::string_view end = "-----END CERTIFICATE-----";
  const std::string_view value = head.value(FieldId::x_wso2_client_certificate);
  if (value.empty() || head.repeated(FieldId::x_wso2_client_certificate)) return {};
  const Result<std::string> text = percent_decode(value);
  if (!text) return {};
  std::string_view rest = *text;
  if (const std::size_t at = rest.find(begin); at != std::string_view::npos) {
    rest.remove_prefix(at + begin.size());
    rest = rest.substr(0, rest.find(end));
  }
  std::string base64;
  std::copy_if(rest.begin(), rest.end(), std::back_inserter(base64),
               [](char c) { return c != ' ' && c != '\t' && c != '\r' && c != '\n'; });
  return from_base64(base64).value_or(std::string());
}

}  // namespace gatehouse::http
