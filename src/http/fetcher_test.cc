// SPDX-License-Identifier: Apache-2.0
#include "http/fetcher.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "http/scripted_backend.h"

namespace gatehouse::http {
namespace {

using namespace std::chrono_literals;

struct AddressCase {
  const char* name;
  const char* address;
  bool refused;        // as things are by default
  bool never = false;  // with private networks allowed, too
};

class FetchAddress : public ::testing::TestWithParam<AddressCase> {};

TEST_P(FetchAddress, IsCheckedWhateverItIsWrittenAs) {
  const AddressCase& row = GetParam();
  const Result<net::Address> address = net::Address::parse(row.address);
  ASSERT_TRUE(address) << row.address;
  EXPECT_EQ(may_fetch_from(*address, PrivateNetworks::refused), !row.refused);
  EXPECT_EQ(may_fetch_from(*address, PrivateNetworks::allowed), !row.never);
}

// The registries of special-purpose addresses (RFC 6890), a row each.
INSTANTIATE_TEST_SUITE_P(
    SpecialPurpose, FetchAddress,
    ::testing::Values(
        AddressCase{"public", "93.184.216.34", false},
        AddressCase{"public_v6", "2606:2800:220:1:248:1893:25c8:1946", false},
        AddressCase{"public_beside_ten", "11.0.0.1", false},
        AddressCase{"public_beside_sixteen", "172.32.0.1", false},
        AddressCase{"public_beside_shared", "100.128.0.1", false},
        AddressCase{"loopback", "127.0.0.1", true},
        AddressCase{"loopback_high", "127.255.1.2", true}, AddressCase{"loopback_v6", "::1", true},
        AddressCase{"loopback_mapped", "::ffff:127.0.0.1", true},
        AddressCase{"loopback_mapped_in_hex", "::ffff:7f00:1", true},
        AddressCase{"ten", "10.0.0.1", true}, AddressCase{"sixteen", "172.16.0.1", true},
        AddressCase{"sixteen_end", "172.31.255.255", true},
        AddressCase{"one_hundred_and_ninety_two", "192.168.1.1", true},
        AddressCase{"ten_mapped", "::ffff:10.1.2.3", true},
        AddressCase{"shared", "100.64.0.1", true}, AddressCase{"unique_local", "fd00::1", true},
        AddressCase{"metadata", "169.254.169.254", true, true},
        AddressCase{"metadata_mapped", "::ffff:169.254.169.254", true, true},
        AddressCase{"link_local_v6", "fe80::1", true, true},
        AddressCase{"unspecified", "0.0.0.0", true, true},
        AddressCase{"unspecified_v6", "::", true, true},
        AddressCase{"this_network", "0.1.2.3", true, true},
        AddressCase{"multicast", "224.0.0.1", true, true},
        AddressCase{"multicast_v6", "ff02::1", true, true},
        AddressCase{"broadcast", "255.255.255.255", true, true},
        AddressCase{"reserved", "240.0.0.1", true, true},
        AddressCase{"protocol_assignments", "192.0.0.8", true, true},
        AddressCase{"documentation", "192.0.2.1", true, true},
        AddressCase{"documentation_two", "198.51.100.7", true, true},
        AddressCase{"documentation_three", "203.0.113.7", true, true},
        AddressCase{"documentation_v6", "2001:db8::1", true, true},
        AddressCase{"benchmarks", "198.19.0.1", true, true},
        AddressCase{"relay", "192.88.99.1", true, true},
        AddressCase{"nat64_of_loopback", "64:ff9b::7f00:1", true, true},
        AddressCase{"nat64_local", "64:ff9b:1::1", true, true},
        AddressCase{"six_to_four_of_ten", "2002:a00:1::", true, true},
        AddressCase{"teredo", "2001:0:4136:e378::1", true, true},
        AddressCase{"compatible", "::127.0.0.1", true, true},
        AddressCase{"site_local", "fec0::1", true, true},
        AddressCase{"discard", "100::1", true, true}),
    [](const auto& row) { return std::string(row.param.name); });

// A loop on a thread of its own, as the control plane has it; names are answered by the test.
class FetcherTest : public ::testing::Test {
 protected:
  FetcherTest() : thread_([this] { loop_.run(); }) {}
  ~FetcherTest() override {
    loop_.stop();
    thread_.join();
    names_.stop();
  }

  Result<Response> get(const std::string& url, PrivateNetworks rule = PrivateNetworks::refused) {
    Fetcher& fetcher = rule == PrivateNetworks::refused ? strict_ : lenient_;
    return fetcher.get(url, timeout_);
  }
  std::string url(std::string_view path = "/") {
    return fmt::format("http://idp.example:{}{}", backend_.port(), path);
  }

  std::chrono::milliseconds timeout_ = 10s;
  std::atomic<int> look_ups_ = 0;
  std::vector<std::string> addresses_ = {"127.0.0.1"};  // one answer of the resolver after another
  net::Loop loop_;
  net::Pool names_{{.name = "names"}};
  net::Resolver resolver_{loop_, names_, [this](const std::string& host) { return look_up(host); }};
  ScriptedBackend backend_{loop_};
  Fetcher strict_{loop_, resolver_, {}};
  Fetcher lenient_{
      loop_,
      resolver_,
      {.private_networks = PrivateNetworks::allowed, .body_bytes_max = 1000, .trust = nullptr}};
  std::thread thread_;

 private:
  // Numbers in strange forms are what the system makes of them.
  Result<std::vector<net::Address>> look_up(const std::string& host) {
    if (host != "idp.example") return net::look_up(host);
    const auto place = static_cast<std::size_t>(look_ups_++);
    return std::vector{*net::Address::parse(addresses_[std::min(place, addresses_.size() - 1)])};
  }
};

// Attack class 16: every form of a URL that means this machine or its neighbours.
TEST_F(FetcherTest, RefusesUrlsThatLeadInside) {
  constexpr const char* urls[] = {"http://127.0.0.1/",
                                  "http://127.1/",
                                  "http://0x7f.1/",
                                  "http://0x7f000001/",
                                  "http://2130706433/",
                                  "http://0177.0.0.1/",
                                  "http://017700000001/",
                                  "http://127.0.0.1:9443/",
                                  "http://[::1]/",
                                  "http://[::ffff:127.0.0.1]/",
                                  "http://[::ffff:7f00:1]/",
                                  "http://[0:0:0:0:0:ffff:7f00:0001]/",
                                  "http://[::]/",
                                  "http://0.0.0.0/",
                                  "http://0/",
                                  "http://localhost/",
                                  "http://LOCALHOST/",
                                  "http://idp.example/",
                                  "http://10.0.0.1/",
                                  "http://192.168.0.1/",
                                  "http://172.20.1.1/",
                                  "http://169.254.169.254/latest/meta-data/",
                                  "http://[fe80::1]/",
                                  "http://[fd00::1]/",
                                  "http://[::ffff:169.254.169.254]/",
                                  "http://[64:ff9b::a9fe:a9fe]/",
                                  "http://100.64.0.1/"};
  for (const char* url : urls) {
    const Result<Response> response = get(url);
    ASSERT_FALSE(response) << url;
    EXPECT_EQ(response.error().code, ErrorCode::forbidden) << url << response.error().message;
  }
}

TEST_F(FetcherTest, RefusesWhatIsNoUrlOfAHost) {
  constexpr const char* urls[] = {"",
                                  "idp.example",
                                  "//idp.example/",
                                  "file:///etc/passwd",
                                  "gopher://idp.example/",
                                  "ftp://idp.example/",
                                  "http://",
                                  "http:///path",
                                  "http://user@idp.example/",
                                  "http://idp.example@127.0.0.1/",
                                  "http://user:secret@idp.example/",
                                  "http://idp.example:0/",
                                  "http://idp.example:65536/",
                                  "http://idp.example:80:81/",
                                  "http://idp%2eexample/",
                                  "http://idp.example\\@127.0.0.1/",
                                  "http://idp.example/\r\nX: y",
                                  "http://idp.example/ space",
                                  "http://\u2460.example/",
                                  "http://[fe80::1%25eth0]/",
                                  "http://[::1",
                                  "https://idp.example/"};
  for (const char* url : urls) {
    const Result<Response> response = get(url);
    ASSERT_FALSE(response) << url;
    EXPECT_EQ(response.error().code, ErrorCode::invalid_argument) << url;
  }
  EXPECT_EQ(look_ups_, 0);
}

TEST_F(FetcherTest, FetchesFromAPrivateNetworkWhenAllowed) {
  backend_.answers.emplace_back("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood");
  const Result<Response> response = get(url("?a=b#fragment"), PrivateNetworks::allowed);
  ASSERT_TRUE(response) << response.error().detail;
  EXPECT_EQ(response->body, "good");
  EXPECT_TRUE(backend_.requests[0].starts_with("GET /?a=b HTTP/1.1\r\n")) << backend_.requests[0];
}

// The address that was checked is the one that is connected to: a second answer is never asked for.
TEST_F(FetcherTest, IsNotMisledByANameThatChangesItsAddress) {
  addresses_ = {"203.0.113.1", "127.0.0.1"};
  EXPECT_EQ(get(url()).error().code, ErrorCode::forbidden);
  EXPECT_EQ(look_ups_, 1);
  EXPECT_EQ(backend_.connections, 0);
}

struct RedirectCase {
  const char* location;
  std::optional<ErrorCode> error;
};

TEST_F(FetcherTest, FollowsRedirectsWithinTheOriginOnly) {
  const std::string same = url("/there");
  const RedirectCase cases[] = {
      {"/there", std::nullopt},
      {same.c_str(), std::nullopt},
      {"//evil.example/there", ErrorCode::forbidden},
      {"http://evil.example/", ErrorCode::forbidden},
      {"http://idp.example/", ErrorCode::forbidden},  // another port
      {"https://idp.example/", ErrorCode::forbidden},
      {"http://169.254.169.254/", ErrorCode::forbidden},
      {"http://user@idp.example/", ErrorCode::forbidden},
      {"there", ErrorCode::forbidden},
      {"", ErrorCode::forbidden},
  };
  for (const RedirectCase& row : cases) {
    backend_.answers = {
        fmt::format("HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n",
                    row.location),
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood"};
    const Result<Response> response = get(url(), PrivateNetworks::allowed);
    EXPECT_EQ(response.has_value(), !row.error) << row.location;
    if (response) continue;
    EXPECT_EQ(response.error().code, row.error) << row.location;
  }
}

TEST_F(FetcherTest, EndsALoopOfRedirects) {
  for (int i = 0; i <= Fetcher::redirects_max; ++i) {
    backend_.answers.emplace_back(
        "HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n");
  }
  EXPECT_EQ(get(url(), PrivateNetworks::allowed).error().code, ErrorCode::forbidden);
}

TEST_F(FetcherTest, TakesNoLargeAnswerAndDoesNotWaitForASilentOne) {
  backend_.answers.emplace_back("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" +
                                std::string(1001, 'x'));
  EXPECT_EQ(get(url(), PrivateNetworks::allowed).error().code, ErrorCode::unavailable);
  backend_.answers.emplace_back("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<later>x");
  timeout_ = 50ms;
  EXPECT_EQ(get(url(), PrivateNetworks::allowed).error().code, ErrorCode::unavailable);
}

}  // namespace
}  // namespace gatehouse::http
