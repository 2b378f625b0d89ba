// SPDX-License-Identifier: Apache-2.0
#include "gateway/possession.h"

#include <gtest/gtest.h>

#include "core/text.h"
#include "gateway/used_proofs.h"
#include "jose/jwt.h"

namespace gatehouse::gateway {
namespace {

constexpr std::string_view token_text = "gate_x";
const Instant the_time = from_ms(1'800'000'000'000);

const jose::PrivateKey& key() {
  static const jose::PrivateKey made = *jose::PrivateKey::generate(jose::Algorithm::es256);
  return made;
}
const jose::PrivateKey& other_key() {
  static const jose::PrivateKey made = *jose::PrivateKey::generate(jose::Algorithm::es256);
  return made;
}

std::shared_ptr<const Snapshot> world() {
  model::DeployedApi api;
  api.id = "pizza";
  api.context = "/pizza";
  api.version = "1";
  api.state = "PUBLISHED";
  api.vhost = "api.example.com";
  api.security_schemes = {"oauth2"};
  api.operations = {{"GET", "/menu", model::AuthType::any, "", {}}};
  api.production.urls = {"http://backend"};
  model::FeedRange range;
  range.tag = "t";
  range.to = 1;
  range.upserts = {{"api", "pizza", to_json(api)}};
  return Snapshot().with(range);
}

struct ProofOf {
  const jose::PrivateKey* by = &key();
  std::string method = "GET";
  std::string url = "https://api.example.com:8243/pizza/1/menu";
  std::string jti = "1";
  std::string token{token_text};
};

std::string proof(const ProofOf& of) {
  const json::object header{
      {"typ", "dpop+jwt"}, {"alg", "ES256"}, {"jwk", of.by->public_key().to_jwk()}};
  const json::object claims{{"jti", of.jti},
                            {"htm", of.method},
                            {"htu", of.url},
                            {"iat", to_ms(the_time) / 1000},
                            {"ath", to_base64url(to_bytes(sha256(of.token)))}};
  const std::string text =
      to_base64url(json::serialize(header)) + '.' + to_base64url(json::serialize(claims));
  return text + '.' + to_base64url(*of.by->sign(text));
}

class PossessionTest : public ::testing::Test {
 protected:
  // What becomes of a request with these header fields, over TLS.
  Flow check(const std::string& fields, const Token& token, bool dpop) {
    bytes_ = "GET /pizza/1/menu?x=1 HTTP/1.1\r\n" + fields + "\r\n";
    head_.clear();
    EXPECT_EQ(head_.read(bytes_), http::HeadState::complete) << bytes_;
    exchange_.begin(head_);
    exchange_.path = head_.path();
    exchange_.tls = true;
    exchange_.snapshot = snapshot_.get();
    exchange_.api = snapshot_->routes().find(exchange_.path).api;
    exchange_.credential = token_text;
    exchange_.dpop = dpop;
    exchange_.now = the_time;
    return check_possession(exchange_, used_, token);
  }
  static std::string with(const std::string& proof) {
    return "Host: api.example.com:8243\r\nDPoP: " + proof + "\r\n";
  }

  std::shared_ptr<const Snapshot> snapshot_ = world();
  UsedProofs used_;
  std::string bytes_;
  http::RequestHead head_;
  Exchange exchange_;
};

TEST_F(PossessionTest, OfAKeyIsShownByAProof) {
  Token bound;
  bound.key_thumbprint = key().public_key().thumbprint();
  const struct {
    const char* name;
    std::string fields;
    bool dpop;
    std::string_view error;  // empty: proceeds
  } rows[] = {
      {"good", with(proof({})), true, ""},
      {"the same again", with(proof({})), true, "invalid_dpop_proof"},
      {"as Bearer", with(proof({.jti = "2"})), false, "invalid_token"},
      {"without a proof", "Host: api.example.com:8243\r\n", true, "invalid_dpop_proof"},
      {"two proofs", with(proof({.jti = "3"})) + "DPoP: " + proof({.jti = "4"}) + "\r\n", true,
       "invalid_dpop_proof"},
      {"another key", with(proof({.by = &other_key()})), true, "invalid_token"},
      {"another method", with(proof({.method = "POST", .jti = "5"})), true, "invalid_dpop_proof"},
      {"another path", with(proof({.url = "https://api.example.com:8243/pizza/1/order"})), true,
       "invalid_dpop_proof"},
      {"another token", with(proof({.jti = "6", .token = "gate_y"})), true, "invalid_dpop_proof"},
      {"for another server that Host names",
       "Host: evil.example:8243\r\nDPoP: " +
           proof({.url = "https://evil.example:8243/pizza/1/menu", .jti = "7"}) + "\r\n",
       true, "invalid_dpop_proof"},
      {"not a token", with("x"), true, "invalid_dpop_proof"},
      {"good with another id", with(proof({.jti = "8"})), true, ""},
  };
  for (const auto& row : rows) {
    const Flow flow = check(row.fields, bound, row.dpop);
    EXPECT_EQ(flow, row.error.empty() ? Flow::proceed : Flow::answer) << row.name;
    EXPECT_EQ(exchange_.fault.dpop_error, row.error) << row.name;
  }
}

TEST_F(PossessionTest, RefusesAProofForATokenWithoutAKey) {
  EXPECT_EQ(check(with(proof({})), Token(), true), Flow::answer);
  EXPECT_EQ(check(with(proof({})), Token(), false), Flow::proceed);
}

TEST_F(PossessionTest, OfACertificateIsThatOfTheConnection) {
  Token bound;
  bound.certificate_thumbprint = "thumbprint";
  const std::string host = "Host: api.example.com\r\n";
  EXPECT_EQ(check(host, bound, false), Flow::answer);
  EXPECT_EQ(exchange_.fault.code, FaultCode::invalid_credentials);
  exchange_.certificate_thumbprint = "other";
  EXPECT_EQ(check(host, bound, false), Flow::answer);
  exchange_.certificate_thumbprint = "thumbprint";
  EXPECT_EQ(check(host, bound, false), Flow::proceed);
}

TEST_F(PossessionTest, SaysInItsAnswerWhichProofsItTakes) {
  Fault fault;
  fault.code = FaultCode::invalid_credentials;
  fault.dpop_error = "invalid_dpop_proof";
  EXPECT_EQ(fault_fields(fault),
            "WWW-Authenticate: DPoP realm=\"WSO2 API Manager\", error=\"invalid_dpop_proof\", "
            "algs=\"RS256 PS256 ES256 EdDSA\"\r\n");
}

TEST_F(PossessionTest, OfATokenForResourcesOpensThoseOnly) {
  const struct {
    std::vector<std::string> audiences;
    bool opens;
  } rows[] = {{{}, true},
              {{"https://api.example.com"}, true},
              {{"https://API.example.com:8243/"}, true},
              {{"https://api.example.com/pizza"}, true},
              {{"https://api.example.com/pizza/1/menu/"}, true},
              {{"https://api.example.com/pizza/1/menu?x=1"}, true},
              {{"urn:other", "https://api.example.com/pizza"}, true},
              {{"https://api.example.com/piz"}, false},
              {{"https://api.example.com/pizza/2"}, false},
              {{"https://example.com/pizza"}, false},
              {{"urn:pizza"}, false},
              {{"https://"}, false}};
  for (const auto& row : rows) {
    Token token;
    token.audiences = row.audiences;
    check("Host: api.example.com\r\n", Token(), false);
    EXPECT_EQ(is_for_resource(exchange_, token), row.opens)
        << (row.audiences.empty() ? "" : row.audiences.front());
  }
}

}  // namespace
}  // namespace gatehouse::gateway
