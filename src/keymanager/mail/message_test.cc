// SPDX-License-Identifier: Apache-2.0
#include "keymanager/mail/message.h"

#include <gtest/gtest.h>

#include "core/text.h"

namespace gatehouse::keymanager::mail {
namespace {

struct AddressCase {
  const char* name;
  std::string text;
  bool good;
};

class MailAddress : public ::testing::TestWithParam<AddressCase> {};

TEST_P(MailAddress, IsTakenOnlyIfNothingElseCanBeginInIt) {
  EXPECT_EQ(is_address(GetParam().text), GetParam().good);
}

// Put together at run time: g++ 12 warns of a sum that it does at compile time.
std::string long_name() { return fmt::format("{:a>65}@example.com", ""); }

INSTANTIATE_TEST_SUITE_P(
    Rfc5321, MailAddress,
    ::testing::Values(AddressCase{"plain", "anna@example.com", true},
                      AddressCase{"tagged", "a.b+c_d@mail.example.com", true},
                      AddressCase{"this_machine", "root@localhost", true},
                      AddressCase{"empty", "", false}, AddressCase{"no_at", "anna", false},
                      AddressCase{"no_local", "@example.com", false},
                      AddressCase{"no_domain", "anna@", false},
                      AddressCase{"header", "a@example.com\r\nBcc: all@example.com", false},
                      AddressCase{"line", "a@example.com\n", false},
                      AddressCase{"command", "a@example.com> RCPT TO:<b@example.com", false},
                      AddressCase{"two", "a@example.com,b@example.com", false},
                      AddressCase{"two_ats", "a@b@example.com", false},
                      AddressCase{"blank", "a b@example.com", false},
                      AddressCase{"quoted", "\"a b\"@example.com", false},
                      AddressCase{"ends", std::string("a\0@example.com", 14), false},
                      AddressCase{"dots", "a..b@example.com", false},
                      AddressCase{"dot_first", ".a@example.com", false},
                      AddressCase{"hyphen_first", "a@-example.com", false},
                      AddressCase{"number", "a@[127.0.0.1]", false},
                      AddressCase{"not_ascii", "\xc3\xa4@example.com", false},
                      AddressCase{"too_long", long_name(), false}),
    [](const auto& row) { return std::string(row.param.name); });

Message message() {
  return {.from = "gatehouse@example.com",
          .to = "anna@example.com",
          .subject = "A new password",
          .text = "Hello\n",
          .id = "42",
          .at = from_ms(1'600'000'000'000)};
}

TEST(MailMessage, IsWhatServersExpect) {
  EXPECT_EQ(compose(message()),
            "Date: Sun, 13 Sep 2020 12:26:40 +0000\r\nFrom: <gatehouse@example.com>\r\n"
            "To: <anna@example.com>\r\nMessage-ID: <42@example.com>\r\n"
            "Subject: A new password\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            "SGVsbG8K\r\n");
}

TEST(MailMessage, KeepsASubjectInItsLine) {
  const char* const longer_than_a_line =
      "a subject that is much longer than a line of a mail may be, and that has to be cut";
  const char* const subjects[] = {"x\r\nBcc: all@example.com", "x\n\nbody", "=?a?b?c?=", "\xc3\xa4",
                                  longer_than_a_line};
  for (const char* subject : subjects) {
    Message made = message();
    made.subject = subject;
    const std::string text = compose(made);
    EXPECT_EQ(text.find("Bcc"), text.npos);
    EXPECT_EQ(text.find("\r\n\r\n"), text.rfind("\r\n\r\n"));
    // Every line fits, and the words together are the subject.
    std::string decoded;
    std::size_t from = 0;
    for (std::size_t end = 0; (end = text.find("\r\n", from)) != text.npos; from = end + 2) {
      EXPECT_LE(end - from, 78U);
    }
    for (std::size_t at = 0; (at = text.find("=?UTF-8?B?", at)) != text.npos;) {
      at += 10;
      decoded += *from_base64(text.substr(at, text.find("?=", at) - at));
    }
    EXPECT_EQ(decoded, subject);
  }
}

}  // namespace
}  // namespace gatehouse::keymanager::mail
