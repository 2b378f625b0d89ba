// SPDX-License-Identifier: Apache-2.0
#include "net/address.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

namespace gatehouse::net {
namespace {

struct TextCase {
  const char* text;
  const char* parsed;  // null: refused
};

class AddressText : public ::testing::TestWithParam<TextCase> {};

TEST_P(AddressText, IsReadStrictlyAndWrittenInOneForm) {
  const Result<Address> address = Address::parse(GetParam().text);
  ASSERT_EQ(address.has_value(), GetParam().parsed != nullptr);
  if (address) {
    EXPECT_EQ(address->text(), GetParam().parsed);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Forms, AddressText,
    ::testing::Values(TextCase{"192.0.2.1", "192.0.2.1"}, TextCase{"::1", "::1"},
                      TextCase{"[::1]", "::1"}, TextCase{"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
                      TextCase{"::ffff:10.0.0.1", "10.0.0.1"}, TextCase{"", nullptr},
                      TextCase{"010.0.0.1", nullptr}, TextCase{"0x7f.0.0.1", nullptr},
                      TextCase{"127.1", nullptr}, TextCase{"2130706433", nullptr},
                      TextCase{"1.2.3.4.", nullptr}, TextCase{"[1.2.3.4]", nullptr},
                      TextCase{"fe80::1%eth0", nullptr}, TextCase{"::1 ", nullptr},
                      TextCase{"localhost", nullptr}));

struct KindCase {
  const char* text;
  const char* kinds;  // l(oopback) k (link-local) p(rivate) u(nspecified) m(ulticast)
};

class AddressKind : public ::testing::TestWithParam<KindCase> {};

TEST_P(AddressKind, FollowsFromItsFirstBits) {
  const Address address = *Address::parse(GetParam().text);
  std::string kinds;
  if (address.is_loopback()) kinds += 'l';
  if (address.is_link_local()) kinds += 'k';
  if (address.is_private()) kinds += 'p';
  if (address.is_unspecified()) kinds += 'u';
  if (address.is_multicast()) kinds += 'm';
  EXPECT_EQ(kinds, GetParam().kinds) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, AddressKind,
    ::testing::Values(KindCase{"127.0.0.1", "l"}, KindCase{"127.255.0.9", "l"},
                      KindCase{"::1", "l"}, KindCase{"::ffff:127.0.0.1", "l"},
                      KindCase{"169.254.169.254", "k"}, KindCase{"::ffff:169.254.169.254", "k"},
                      KindCase{"fe80::1", "k"}, KindCase{"febf::1", "k"}, KindCase{"fec0::1", ""},
                      KindCase{"10.1.2.3", "p"}, KindCase{"172.16.0.1", "p"},
                      KindCase{"172.32.0.1", ""}, KindCase{"192.168.1.1", "p"},
                      KindCase{"100.64.0.1", "p"}, KindCase{"100.128.0.1", ""},
                      KindCase{"fd00::1", "p"}, KindCase{"0.0.0.0", "u"}, KindCase{"::", "u"},
                      KindCase{"224.0.0.1", "m"}, KindCase{"ff02::1", "m"}, KindCase{"8.8.8.8", ""},
                      KindCase{"2001:4860::8888", ""}));

// A name that begins like a loopback address is anybody's.
TEST(Address, OfThisMachineIsNoNameThatLooksLikeOne) {
  for (const char* host : {"localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]"}) {
    EXPECT_TRUE(is_loopback_host(host)) << host;
  }
  for (const char* host : {"127.evil.example", "127.0.0.1.evil.example", "localhost.example", "",
                           "10.0.0.1", "[::2]"}) {
    EXPECT_FALSE(is_loopback_host(host)) << host;
  }
}

struct NetworkCase {
  const char* network;
  const char* address;
  enum { inside, outside, refused } answer;
};

class NetworkMatch : public ::testing::TestWithParam<NetworkCase> {};

TEST_P(NetworkMatch, ComparesThePrefixOnly) {
  const Result<Network> network = Network::parse(GetParam().network);
  ASSERT_EQ(network.has_value(), GetParam().answer != NetworkCase::refused);
  if (!network) return;
  EXPECT_EQ(network->contains(*Address::parse(GetParam().address)),
            GetParam().answer == NetworkCase::inside);
}

INSTANTIATE_TEST_SUITE_P(
    Prefixes, NetworkMatch,
    ::testing::Values(NetworkCase{"10.0.0.0/8", "10.255.1.2", NetworkCase::inside},
                      NetworkCase{"10.0.0.0/8", "11.0.0.0", NetworkCase::outside},
                      NetworkCase{"10.1.2.3/8", "10.9.9.9", NetworkCase::inside},
                      NetworkCase{"10.0.0.0/8", "::ffff:10.0.0.1", NetworkCase::inside},
                      NetworkCase{"192.0.2.128/25", "192.0.2.127", NetworkCase::outside},
                      NetworkCase{"192.0.2.128/25", "192.0.2.129", NetworkCase::inside},
                      NetworkCase{"192.0.2.1", "192.0.2.1", NetworkCase::inside},
                      NetworkCase{"192.0.2.1", "192.0.2.2", NetworkCase::outside},
                      NetworkCase{"0.0.0.0/0", "8.8.8.8", NetworkCase::inside},
                      NetworkCase{"0.0.0.0/0", "2001:db8::1", NetworkCase::outside},
                      NetworkCase{"::ffff:10.0.0.0/104", "10.1.1.1", NetworkCase::inside},
                      NetworkCase{"2001:db8::/33", "2001:db8:7fff::", NetworkCase::inside},
                      NetworkCase{"2001:db8::/33", "2001:db8:8000::", NetworkCase::outside},
                      NetworkCase{"10.0.0.0/33", "", NetworkCase::refused},
                      NetworkCase{"10.0.0.0/", "", NetworkCase::refused},
                      NetworkCase{"10.0.0.0/-1", "", NetworkCase::refused},
                      NetworkCase{"::/129", "", NetworkCase::refused},
                      NetworkCase{"example.org/8", "", NetworkCase::refused}));

TEST(Network, PrintsWhatItMatches) {
  EXPECT_EQ(Network::parse("10.1.2.3/8")->text(), "10.0.0.0/8");
  EXPECT_EQ(Network::parse("2001:db8:ffff::/32")->text(), "2001:db8::/32");
}

TEST(Address, OfOneClientIsItsSlash64InVersion6) {
  EXPECT_EQ(Address::parse("2001:db8:1:2:3:4:5:6")->client_key().text(), "2001:db8:1:2::");
  EXPECT_EQ(Address::parse("192.0.2.7")->client_key().text(), "192.0.2.7");
}

TEST(Endpoint, GoesToTheKernelAndBack) {
  for (const char* text : {"192.0.2.1", "2001:db8::1"}) {
    const Endpoint endpoint{*Address::parse(text), 8280};
    sockaddr_storage storage;
    endpoint.to(storage);
    EXPECT_EQ(Endpoint::from(*reinterpret_cast<const sockaddr*>(&storage)), endpoint);
  }
  EXPECT_EQ((Endpoint{*Address::parse("2001:db8::1"), 443}).text(), "[2001:db8::1]:443");
}

}  // namespace
}  // namespace gatehouse::net
