// SPDX-License-Identifier: Apache-2.0
#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "core/text.h"

namespace gatehouse::net {

namespace {

constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

// The longest text is an IPv6 address with an IPv4 tail: 45 characters.
constexpr std::size_t text_max = INET6_ADDRSTRLEN;

bool same_beginning(const Address& a, const Address& b, unsigned bits) {
  const std::size_t whole = bits / 8;
  if (!std::equal(a.bytes().begin(), a.bytes().begin() + static_cast<std::ptrdiff_t>(whole),
                  b.bytes().begin())) {
    return false;
  }
  const unsigned rest = bits % 8;
  return rest == 0 || ((a.bytes()[whole] ^ b.bytes()[whole]) >> (8 - rest)) == 0;
}

Address cut(const Address& address, unsigned bits) {
  std::array<std::uint8_t, 16> bytes = address.bytes();
  for (unsigned i = 0; i < bytes.size(); ++i) {
    const unsigned kept = std::clamp<unsigned>(bits > 8 * i ? bits - 8 * i : 0, 0, 8);
    bytes[i] = static_cast<std::uint8_t>(bytes[i] & (0xff00U >> kept));
  }
  return Address::v6(bytes);
}

}  // namespace

Address Address::v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
  std::array<std::uint8_t, 16> bytes{};
  std::copy(mapped.begin(), mapped.end(), bytes.begin());
  bytes[12] = a;
  bytes[13] = b;
  bytes[14] = c;
  bytes[15] = d;
  return Address(bytes);
}

Result<Address> Address::parse(std::string_view text) {
  const bool bracketed = text.size() > 2 && text.front() == '[' && text.back() == ']';
  const std::string plain(bracketed ? text.substr(1, text.size() - 2) : text);
  std::array<std::uint8_t, 16> bytes{};
  if (plain.size() < text_max && plain.find('\0') == std::string::npos) {
    if (::inet_pton(AF_INET6, plain.c_str(), bytes.data()) == 1) return Address(bytes);
    if (!bracketed && ::inet_pton(AF_INET, plain.c_str(), bytes.data()) == 1) {
      return v4(bytes[0], bytes[1], bytes[2], bytes[3]);
    }
  }
  return fail(ErrorCode::invalid_argument, "Not an IP address", plain);
}

bool Address::is_v4() const { return std::equal(mapped.begin(), mapped.end(), bytes_.begin()); }

bool Address::is_loopback() const {
  if (is_v4()) return bytes_[12] == 127;
  std::array<std::uint8_t, 16> one{};
  one[15] = 1;
  return bytes_ == one;
}

bool is_loopback_host(std::string_view host) {
  if (host == "localhost") return true;
  const Result<Address> address = Address::parse(host);
  return address && address->is_loopback();
}

bool Address::is_link_local() const {
  if (is_v4()) return bytes_[12] == 169 && bytes_[13] == 254;
  return bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80;
}

bool Address::is_private() const {
  if (!is_v4()) return (bytes_[0] & 0xfe) == 0xfc;
  const unsigned a = bytes_[12];
  const unsigned b = bytes_[13];
  return a == 10 || (a == 172 && (b & 0xf0) == 16) || (a == 192 && b == 168) ||
         (a == 100 && (b & 0xc0) == 64);
}

bool Address::is_unspecified() const { return *this == any_v6() || *this == Address(); }

bool Address::is_multicast() const {
  return is_v4() ? (bytes_[12] & 0xf0) == 0xe0 : bytes_[0] == 0xff;
}

Address Address::client_key() const { return is_v4() ? *this : cut(*this, 64); }

std::string Address::text() const {
  std::array<char, text_max> text{};
  if (is_v4()) {
    ::inet_ntop(AF_INET, bytes_.data() + 12, text.data(), text.size());
  } else {
    ::inet_ntop(AF_INET6, bytes_.data(), text.data(), text.size());
  }
  return text.data();
}

Endpoint Endpoint::from(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &address, sizeof in);
    std::array<std::uint8_t, 4> b{};
    std::memcpy(b.data(), &in.sin_addr, b.size());
    return {Address::v4(b[0], b[1], b[2], b[3]), ntohs(in.sin_port)};
  }
  if (address.sa_family != AF_INET6) return {};
  sockaddr_in6 in{};
  std::memcpy(&in, &address, sizeof in);
  std::array<std::uint8_t, 16> bytes{};
  std::memcpy(bytes.data(), &in.sin6_addr, bytes.size());
  return {Address::v6(bytes), ntohs(in.sin6_port)};
}

unsigned Endpoint::to(sockaddr_storage& storage) const {
  storage = {};
  if (address.is_v4()) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(port);
    std::memcpy(&in.sin_addr, address.bytes().data() + 12, 4);
    std::memcpy(&storage, &in, sizeof in);
    return sizeof in;
  }
  sockaddr_in6 in{};
  in.sin6_family = AF_INET6;
  in.sin6_port = htons(port);
  std::memcpy(&in.sin6_addr, address.bytes().data(), 16);
  std::memcpy(&storage, &in, sizeof in);
  return sizeof in;
}

std::string Endpoint::text() const {
  const std::string host = address.is_v4() ? address.text() : "[" + address.text() + "]";
  return host + ":" + std::to_string(port);
}

Result<Network> Network::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  GH_TRY(base, Address::parse(text.substr(0, slash)));
  // "::ffff:10.0.0.0/104" counts the mapped bits itself.
  const bool dotted = base.is_v4() && text.find(':') == std::string_view::npos;
  const unsigned most = dotted ? 32 : 128;
  std::uint64_t bits = most;
  if (slash != std::string_view::npos) {
    const std::optional<std::uint64_t> number = parse_number(text.substr(slash + 1));
    if (!number || *number > most) {
      return fail(ErrorCode::invalid_argument, "Not a network", std::string(text));
    }
    bits = *number;
  }
  const auto of_128 = static_cast<unsigned>(dotted ? bits + 96 : bits);
  return Network(cut(base, of_128), of_128);
}

bool Network::contains(const Address& address) const {
  return same_beginning(address, base_, bits_);
}

std::string Network::text() const {
  const bool dotted = base_.is_v4() && bits_ >= 96;
  return base_.text() + "/" + std::to_string(dotted ? bits_ - 96 : bits_);
}

}  // namespace gatehouse::net
