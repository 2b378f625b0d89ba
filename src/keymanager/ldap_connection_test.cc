// SPDX-License-Identifier: Apache-2.0
#include "keymanager/ldap_connection.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "core/error.h"

namespace gatehouse::keymanager {
namespace {

// Basic encoding rules, as far as these answers need them: short lengths.
std::string element(unsigned char tag, const std::string& content) {
  GH_ASSERT(content.size() < 128);
  return std::string{static_cast<char>(tag), static_cast<char>(content.size())} + content;
}

// Answers each search with a page that has nothing in it, and says that there is another one until
// `pages` have gone out.
class EmptyPages {
 public:
  explicit EmptyPages(int pages) : pages_(pages) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener_, 1), 0);
    socklen_t size = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    server_ = std::thread([this] { serve(); });
  }
  ~EmptyPages() {
    ::shutdown(listener_, SHUT_RDWR);
    server_.join();
    ::close(listener_);
  }

  std::string url() const { return "ldap://127.0.0.1:" + std::to_string(port_); }
  int asked() const { return asked_; }
  bool paged() const { return paged_; }

 private:
  static constexpr std::string_view page_control = "1.2.840.113556.1.4.319";  // RFC 2696
  static constexpr unsigned char search_request = 0x63;

  // 30 length 02 length id …; the first length is one byte, or has the number of its bytes.
  static std::size_t begin_of_id(const std::string& request) {
    const auto length = static_cast<unsigned char>(request.at(1));
    return length < 0x80 ? 2 : 2 + (length & 0x7fU);
  }
  static std::size_t end_of_id(const std::string& request) {
    const std::size_t begin = begin_of_id(request);
    return begin + 2 + static_cast<std::size_t>(request.at(begin + 1));
  }

  void serve() {
    const int peer = ::accept(listener_, nullptr, nullptr);
    char bytes[4096];
    for (ssize_t size = 0; (size = ::read(peer, bytes, sizeof bytes)) > 0;) {
      const std::string request(bytes, static_cast<std::size_t>(size));
      if (static_cast<unsigned char>(request.at(end_of_id(request))) != search_request) break;
      const bool paged = request.find(page_control) != request.npos;
      paged_ = paged_ || paged;
      ++asked_;
      const std::string answer = answer_to(request, paged);
      EXPECT_EQ(::write(peer, answer.data(), answer.size()), static_cast<ssize_t>(answer.size()));
    }
    ::close(peer);
  }

  std::string answer_to(const std::string& request, bool paged) const {
    const std::size_t begin = begin_of_id(request);
    const std::string id = request.substr(begin, end_of_id(request) - begin);
    const std::string done =
        element(0x65, element(0x0a, std::string(1, '\0')) + element(0x04, "") + element(0x04, ""));
    if (!paged) return element(0x30, id + done);
    const std::string cookie = asked_ < pages_ ? "more" : "";
    const std::string value =
        element(0x30, element(0x02, std::string(1, '\0')) + element(0x04, cookie));
    const std::string control =
        element(0x30, element(0x04, std::string(page_control)) + element(0x04, value));
    return element(0x30, id + done + element(0xa0, control));
  }

  const int pages_;
  const int listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::uint16_t port_ = 0;
  std::atomic<int> asked_{0};
  std::atomic<bool> paged_{false};
  std::thread server_;
};

Result<std::vector<LdapEntry>> search(const EmptyPages& directory, int entries_max) {
  storage::LdapSettings settings;
  settings.urls = {directory.url()};
  GH_TRY(connection, LdapConnection::open(settings));
  return connection->search({.base = "dc=example,dc=com",
                             .filter = "(objectClass=person)",
                             .attributes = {"uid"},
                             .entries_max = entries_max});
}

TEST(LdapConnection, ReadsPagesUntilTheDirectoryHasNoMore) {
  const EmptyPages directory(5);
  const auto found = search(directory, 500);
  ASSERT_TRUE(found) << found.error().detail;
  EXPECT_TRUE(found->empty());
  EXPECT_EQ(directory.asked(), 5);
}

TEST(LdapConnection, GivesUpOnADirectoryWhosePagesDoNotEnd) {
  const EmptyPages directory(10'000);
  const auto found = search(directory, 500);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::unavailable);
  EXPECT_LE(directory.asked(), 64);
}

// A directory may hold fewer entries ready than we ask for at once.
TEST(LdapConnection, AsksForPagesWhereOneMayNotBeEnough) {
  for (const auto& [entries_max, paged] : {std::pair{2, false}, {99, false}, {100, true}}) {
    const EmptyPages directory(1);
    ASSERT_TRUE(search(directory, entries_max));
    EXPECT_EQ(directory.paged(), paged) << entries_max;
  }
}

}  // namespace
}  // namespace gatehouse::keymanager
