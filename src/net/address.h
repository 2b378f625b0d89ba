// SPDX-License-Identifier: Apache-2.0
//
// Internet addresses as values: one address, an address with its port, and a network of them.
//
// An IPv4 address and its IPv4-mapped IPv6 form (::ffff:a.b.c.d) are the same value, so no rule
// about addresses can be passed by writing one as the other.
//
// Thread:  values.
// Source:  RFC 4291, RFC 5952 (text), RFC 1918, RFC 4193, RFC 6598, RFC 3927.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/error.h"

struct sockaddr;
struct sockaddr_storage;

namespace gatehouse::net {

class Address {
 public:
  // 0.0.0.0
  Address() : Address(v4(0, 0, 0, 0)) {}
  static Address v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d);
  static Address v6(const std::array<std::uint8_t, 16>& bytes) { return Address(bytes); }
  static Address loopback() { return v4(127, 0, 0, 1); }
  static Address any_v6() { return Address(std::array<std::uint8_t, 16>{}); }

  // "192.0.2.1", "2001:db8::1" or "[2001:db8::1]"; no zone, no octal or short IPv4 forms.
  // Error: invalid_argument.
  static Result<Address> parse(std::string_view text);

  bool is_v4() const;
  bool is_loopback() const;
  bool is_link_local() const;  // 169.254.0.0/16, fe80::/10
  // RFC 1918, RFC 4193, RFC 6598; not loopback or link-local.
  bool is_private() const;
  bool is_unspecified() const;
  bool is_multicast() const;

  // What counts as one client: an IPv4 address, or the /64 of an IPv6 address.
  Address client_key() const;

  // Without brackets, in the form of RFC 5952.
  std::string text() const;
  // 16 bytes; IPv4 in its mapped form.
  const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }

  auto operator<=>(const Address&) const = default;

 private:
  explicit Address(const std::array<std::uint8_t, 16>& bytes) : bytes_(bytes) {}

  std::array<std::uint8_t, 16> bytes_;
};

// "localhost", or a loopback address: what a URL names as this machine.
bool is_loopback_host(std::string_view host);

struct Endpoint {
  Address address;
  std::uint16_t port = 0;

  static Endpoint any(std::uint16_t port) { return {Address::any_v6(), port}; }
  static Endpoint loopback(std::uint16_t port) { return {Address::loopback(), port}; }
  static Endpoint from(const sockaddr& address);

  // Fills `storage`, returns its length.
  unsigned to(sockaddr_storage& storage) const;
  // "192.0.2.1:80", "[2001:db8::1]:80".
  std::string text() const;

  auto operator<=>(const Endpoint&) const = default;
};

// All addresses with a given beginning.
class Network {
 public:
  // "10.0.0.0/8", "2001:db8::/32", or one address. Bits after the prefix are ignored.
  // Error: invalid_argument.
  static Result<Network> parse(std::string_view text);

  bool contains(const Address& address) const;
  std::string text() const;

  bool operator==(const Network&) const = default;

 private:
  Network(const Address& base, unsigned bits) : base_(base), bits_(bits) {}

  Address base_;
  unsigned bits_;  // of 128; an IPv4 prefix counts its 96 mapped ones
};

}  // namespace gatehouse::net
