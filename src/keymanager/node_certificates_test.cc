// SPDX-License-Identifier: Apache-2.0
#include "keymanager/node_certificates.h"

#include <gtest/gtest.h>

#include <fstream>

#include "core/random.h"
#include "core/text.h"
#include "keymanager/test_authority.h"

namespace gatehouse::keymanager {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

class NodeCertificatesTest : public ::testing::Test {
 protected:
  NodeCertificatesTest() : folder_(std::filesystem::temp_directory_path() / unique_name()) {
    std::filesystem::create_directory(folder_);
    authority_.write(folder_);
  }
  ~NodeCertificatesTest() override { std::filesystem::remove_all(folder_); }

  static std::string unique_name() {
    SystemRandom random;
    return "gatehouse-nodes-" + std::to_string(random.number());
  }
  std::string file(const std::string& name) const { return (folder_ / name).string(); }
  NodeCertificates::Options options() const {
    return {.files = {.certificates = file("ca.pem"), .revocations = file("revoked.pem")},
            .names = {"gw-1.example", "*.gw.example"}};
  }
  // The node's name, or why it has none.
  static std::string verdict(NodeCertificates& nodes, const std::string& certificate) {
    const Result<http::KnownNode> node = nodes.check(certificate);
    if (node) return node->name;
    EXPECT_EQ(node.error().code, ErrorCode::unauthenticated);
    return node.error().detail;
  }

  FakeClock clock_{from_ms(1'795'000'000'000)};
  TestAuthority authority_{"cluster", clock_.now()};
  TestAuthority stranger_{"cluster", clock_.now()};  // of the same name
  const std::filesystem::path folder_;
};

struct NameCase {
  const char* name;
  TestAuthority::Wish wish;
  const char* verdict;
};

class ByName : public NodeCertificatesTest, public ::testing::WithParamInterface<NameCase> {};

TEST_P(ByName, IsANodeOrNot) {
  NodeCertificates nodes(options(), clock_);
  ASSERT_TRUE(nodes.load());
  EXPECT_EQ(verdict(nodes, authority_.issue(GetParam().wish)), GetParam().verdict);
}

INSTANTIATE_TEST_SUITE_P(
    Certificates, ByName,
    ::testing::Values(
        NameCase{"listed", {.name = "gw-1.example"}, "gw-1.example"},
        NameCase{"in_another_case", {.name = "GW-1.Example"}, "gw-1.example"},
        NameCase{"one_label_of_a_pattern", {.name = "berlin.gw.example"}, "berlin.gw.example"},
        NameCase{"two_labels",
                 {.name = "a.b.gw.example"},
                 "CN=a.b.gw.example has none of the names of cluster.node_names"},
        NameCase{"pattern_as_a_name",
                 {.name = "*.gw.example"},
                 "CN=*.gw.example has none of the names of cluster.node_names"},
        NameCase{"another_node",
                 {.name = "gw-2.example"},
                 "CN=gw-2.example has none of the names of cluster.node_names"},
        NameCase{"no_name", {}, "CN=nobody has none of the names of cluster.node_names"},
        NameCase{
            "expired", {.name = "gw-1.example", .begins = hours(-48)}, "certificate has expired"},
        NameCase{
            "early", {.name = "gw-1.example", .begins = hours(1)}, "certificate is not yet valid"},
        NameCase{"of_a_server_only",
                 {.name = "gw-1.example", .usage = "serverAuth"},
                 "unsuitable certificate purpose"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST_F(NodeCertificatesTest, OpenTheEnvironmentsOfTheirNamesAndNoOther) {
  NodeCertificates::Options wanted = options();
  wanted.names = {"gw-1.example", "*.in.example@Internal", "a.in.example@Default",
                  "*.out.example@External"};
  NodeCertificates nodes(wanted, clock_);
  ASSERT_TRUE(nodes.load());
  const auto opened = [&](const std::string& name) {
    const auto node = nodes.check(authority_.issue({.name = name}));
    return node ? join(node->environments, " ") : node.error().message;
  };
  EXPECT_EQ(opened("gw-1.example"), "Default");
  EXPECT_EQ(opened("b.in.example"), "Internal");
  EXPECT_EQ(opened("a.in.example"), "Internal Default");
  EXPECT_EQ(opened("A.OUT.example"), "External");
  EXPECT_EQ(opened("in.example"), "The certificate is not that of a node");
}

TEST_F(NodeCertificatesTest, KnowsNobodyOfAnotherAuthority) {
  NodeCertificates nodes(options(), clock_);
  ASSERT_TRUE(nodes.load());
  const std::string foreign = stranger_.issue({.name = "gw-1.example"});
  EXPECT_EQ(verdict(nodes, foreign), "certificate signature failure");
  EXPECT_EQ(verdict(nodes, foreign.substr(1)), "these bytes are no certificate");
  EXPECT_EQ(verdict(nodes, ""), "these bytes are no certificate");
}

TEST_F(NodeCertificatesTest, RemembersThoseItHasChecked) {
  NodeCertificates nodes(options(), clock_);
  ASSERT_TRUE(nodes.load());
  const std::string node = authority_.issue({.name = "gw-1.example"});
  EXPECT_FALSE(nodes.remembered(node));
  EXPECT_EQ(verdict(nodes, node), "gw-1.example");
  EXPECT_EQ(nodes.remembered(node)->name, "gw-1.example");
  clock_.advance(NodeCertificates::remembered_for);
  EXPECT_FALSE(nodes.remembered(node));
}

TEST_F(NodeCertificatesTest, ForgetsARevokedOneWhenTheListIsReadAgain) {
  NodeCertificates nodes(options(), clock_);
  ASSERT_TRUE(nodes.load());
  const std::string first = authority_.issue({.name = "gw-1.example"});
  const std::string second = authority_.issue({.name = "gw-1.example"});
  EXPECT_EQ(verdict(nodes, first), "gw-1.example");
  authority_.revoke(first);
  authority_.write(folder_);
  EXPECT_EQ(verdict(nodes, first), "gw-1.example") << "the list was not read yet";
  ASSERT_TRUE(nodes.load());
  EXPECT_EQ(verdict(nodes, first), "certificate revoked");
  EXPECT_EQ(verdict(nodes, second), "gw-1.example");
}

TEST_F(NodeCertificatesTest, BelievesNobodyByAListThatIsTooOld) {
  NodeCertificates nodes(options(), clock_);
  ASSERT_TRUE(nodes.load());
  const std::string node = authority_.issue({.name = "gw-1.example", .lasts = hours(24 * 30)});
  EXPECT_EQ(verdict(nodes, node), "gw-1.example");
  clock_.advance(hours(24 * 8));
  EXPECT_EQ(verdict(nodes, node), "CRL has expired");
}

TEST_F(NodeCertificatesTest, RemembersNobodyPastHisTime) {
  NodeCertificates nodes(options(), clock_);
  ASSERT_TRUE(nodes.load());
  const std::string node = authority_.issue({.name = "gw-1.example"});
  clock_.advance(hours(24) - seconds(10));
  EXPECT_EQ(verdict(nodes, node), "gw-1.example");
  clock_.advance(seconds(11));
  EXPECT_EQ(verdict(nodes, node), "certificate has expired");
}

TEST_F(NodeCertificatesTest, KeepsWhatItHadWhenAFileIsBroken) {
  NodeCertificates nodes(options(), clock_);
  const std::string node = authority_.issue({.name = "gw-1.example"});
  EXPECT_EQ(verdict(nodes, node), "no authority is loaded");
  ASSERT_TRUE(nodes.load());
  for (const char* name : {"revoked.pem", "ca.pem"}) {
    std::ofstream(file(name)) << "nothing";
    const Result<> loaded = nodes.load();
    ASSERT_FALSE(loaded);
    EXPECT_NE(loaded.error().message.find(file(name)), std::string::npos);
    EXPECT_EQ(verdict(nodes, node), "gw-1.example");
  }
}

}  // namespace
}  // namespace gatehouse::keymanager
