// SPDX-License-Identifier: Apache-2.0
#include "gateway/backend_trust.h"

#include <gtest/gtest.h>

#include <fstream>

#include "core/test_folder.h"
#include "gateway/snapshot.h"

namespace gatehouse::gateway {
namespace {

class BackendTrustTest : public ::testing::Test {
 protected:
  BackendTrustTest() : one_(make("one")), other_(make("other")) {
    trust_ = std::make_unique<BackendTrust>(net::TlsClient::open({}).value());
  }
  std::string make(const std::string& name) {
    const net::CertificateFiles files{(folder_.path() / (name + ".crt")).string(),
                                      (folder_.path() / (name + ".key")).string()};
    EXPECT_TRUE(net::make_self_signed(files, "localhost"));
    std::ifstream file(files.certificate);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  TlsTrust with(std::vector<std::string> certificates) {
    return trust_->with(std::move(certificates)).value();
  }

  TestFolder folder_;
  const std::string one_;
  const std::string other_;
  std::unique_ptr<BackendTrust> trust_;
};

TEST_F(BackendTrustTest, IsSharedByWhomeverTrustsTheSame) {
  EXPECT_EQ(with({}), trust_->everywhere());
  const TlsTrust one = with({one_});
  const TlsTrust both = with({one_, other_});
  EXPECT_EQ(with({one_}), one);
  EXPECT_EQ(with({one_, one_}), one);
  EXPECT_EQ(with({other_, one_}), both);
  EXPECT_NE(with({other_}), one);
  EXPECT_NE(both, one);
  EXPECT_FALSE(trust_->with({"no certificate"}));
}

TEST_F(BackendTrustTest, LivesAsLongAsItIsUsed) {
  const std::weak_ptr<const net::TlsClient> unused = with({one_});
  EXPECT_TRUE(unused.expired());
  const TlsTrust again = with({one_});
  EXPECT_EQ(with({one_}), again);
}

TEST_F(BackendTrustTest, IsNoneWhereNobodyIsTrusted) {
  BackendTrust nobody(nullptr);
  EXPECT_EQ(nobody.with({one_}).value(), nullptr);
}

// Through snapshots: one context for a certificate, whatever the number of APIs and of changes.
TEST_F(BackendTrustTest, OfApisIsOnePerCertificate) {
  const auto api_with = [](const std::string& id, const std::string& certificate) {
    model::DeployedApi api;
    api.id = api.name = id;
    api.context = "/" + id;
    api.version = "1";
    api.operations = {{"GET", "/*", model::AuthType::any, "", {}}};
    api.production.urls = {"https://one.example", "https://two.example"};
    api.sandbox.urls = {"https://plain.example"};
    for (const std::string& url : api.production.urls) {
      api.backend_certificates.push_back({url, certificate});
    }
    return model::FeedEntry{"api", id, to_json(api)};
  };
  const auto trusts_of = [](const Snapshot& snapshot, const std::string& id) {
    const Api* api = snapshot.routes().find("/" + id + "/1/x").api;
    std::vector<TlsTrust> trusts;
    for (const auto type : {model::KeyType::production, model::KeyType::sandbox}) {
      for (const Backend& backend : api->backends(type).list) {
        trusts.push_back(backend.origin.tls());
      }
    }
    return trusts;
  };
  const TlsTrust everywhere = trust_->everywhere();
  model::FeedRange range;
  range.tag = "t";
  range.to = 1;
  range.upserts = {api_with("a", one_), api_with("b", one_), api_with("c", other_)};
  const auto first = Snapshot(everywhere).with(range);
  const TlsTrust of_a = trusts_of(*first, "a").front();
  EXPECT_EQ(trusts_of(*first, "a"), (std::vector<TlsTrust>{of_a, of_a, everywhere}));
  EXPECT_EQ(trusts_of(*first, "b"), trusts_of(*first, "a"));
  EXPECT_NE(trusts_of(*first, "c").front(), of_a);
  range.from = 1;
  range.to = 2;
  range.upserts = {api_with("c", one_), api_with("d", one_)};
  const auto second = first->with(range);
  EXPECT_EQ(trusts_of(*second, "c").front(), of_a);
  EXPECT_EQ(trusts_of(*second->replaced_by(range), "d").front(), of_a);
}

}  // namespace
}  // namespace gatehouse::gateway
