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

}  // namespace gatehouse::http
