// SPDX-License-Identifier: Apache-2.0
//
// One honest token, and every way in which it is spoiled: for a test at each door that takes tokens
// of that kind. jwt_test.cc has the finer rows; these are those that a door could let in by itself,
// by looking at a token in its own way, or not looking.
//
// Thread:  one.
// Source:  RFC 8725, section 3, and public advisories.
#pragma once

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

#include "core/digest.h"
#include "core/text.h"
#include "jose/key.h"

namespace gatehouse::jose {

// What an ES256 key signs, in the words of its door.
struct HonestToken {
  const PrivateKey& key;
  json::object header;  // without alg
  json::object claims;
  // Claims of time that the door reads.
  std::vector<std::string> times{"exp", "nbf", "iat"};
};

struct SpoiledToken {
  std::string name;
  std::string text;
};

inline std::string token_text(const PrivateKey& key, std::string_view header,
                              std::string_view claims) {
  const std::string text = to_base64url(header) + '.' + to_base64url(claims);
  return text + '.' + to_base64url(*key.sign(text));
}

inline std::string header_text(const HonestToken& honest, const json::object& over = {}) {
  json::object header = honest.header;
  header["alg"] = "ES256";
  for (const auto& [name, value] : over) header[name] = value;
  return json::serialize(header);
}

inline std::string honest_text(const HonestToken& honest) {
  return token_text(honest.key, header_text(honest), json::serialize(honest.claims));
}

// The public key as others keep it in files.
inline std::string public_pem(const PrivateKey& own) {
  const std::string pkcs8 = own.to_pkcs8();
  const auto* at = reinterpret_cast<const unsigned char*>(pkcs8.data());
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(pkcs8.size())), EVP_PKEY_free);
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
  GH_ASSERT(PEM_write_bio_PUBKEY(out.get(), key.get()) == 1);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(out.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

// r and s as two integers of ASN.1, which is what OpenSSL makes.
inline std::string der_of(std::string_view raw) {
  const auto integer = [](std::string_view half) {
    while (half.size() > 1 && half[0] == 0) half.remove_prefix(1);
    std::string body((half[0] & 0x80) != 0 ? 1 : 0, '\0');
    body += half;
    return std::string("\x02") + static_cast<char>(body.size()) + body;
  };
  const std::string body = integer(raw.substr(0, 32)) + integer(raw.substr(32));
  return std::string("\x30") + static_cast<char>(body.size()) + body;
}

inline void add_algorithms(const HonestToken& honest, std::vector<SpoiledToken>& all) {
  const std::string claims = json::serialize(honest.claims);
  for (const char* none : {"none", "None", "nOnE", "NONE"}) {
    const std::string unsigned_text =
        to_base64url(header_text(honest, {{"alg", none}})) + '.' + to_base64url(claims) + '.';
    all.push_back({fmt::format("alg {} without signature", none), unsigned_text});
    all.push_back({fmt::format("alg {} with signature", none),
                   token_text(honest.key, header_text(honest, {{"alg", none}}), claims)});
  }
  const json::object jwk = honest.key.public_key().to_jwk();
  const std::string secrets[] = {public_pem(honest.key), json::serialize(jwk),
                                 std::string(jwk.at("x").as_string()), ""};
  for (const std::string& secret : secrets) {
    const std::string text =
        to_base64url(header_text(honest, {{"alg", "HS256"}})) + '.' + to_base64url(claims);
    all.push_back({"HS256 with " + (secret.empty() ? "nothing" : secret.substr(0, 12)),
                   text + '.' + to_base64url(to_bytes(hmac_sha256(secret, text)))});
  }
  for (const char* other : {"es256", "RS256", "EdDSA", ""}) {
    all.push_back({fmt::format("alg '{}'", other),
                   token_text(honest.key, header_text(honest, {{"alg", other}}), claims)});
  }
}

inline void add_keys(const HonestToken& honest, std::vector<SpoiledToken>& all) {
  static const PrivateKey stranger = *PrivateKey::generate(Algorithm::es256);
  const std::string claims = json::serialize(honest.claims);
  const std::string honest_kid = honest.key.public_key().kid();
  const struct {
    const char* name;
    json::object header;
  } rows[] = {{"strangers key", {}},
              {"strangers key under our kid", {{"kid", honest_kid}}},
              {"strangers kid", {{"kid", stranger.public_key().kid()}}},
              {"jku", {{"jku", "https://evil.example/jwks"}, {"kid", honest_kid}}},
              {"x5u", {{"x5u", "https://evil.example/pem"}, {"kid", honest_kid}}},
              {"x5c", {{"x5c", {"MIIB"}}, {"kid", honest_kid}}},
              {"kid is a path", {{"kid", "../../../../../dev/null"}}},
              {"kid is sql", {{"kid", "x' UNION SELECT 'AA=="}}},
              {"kid is a command", {{"kid", "key|/usr/bin/id"}}}};
  for (const auto& row : rows) {
    all.push_back({row.name, token_text(stranger, header_text(honest, row.header), claims)});
  }
  // Where the door wants a key in the header, this is a good token of the stranger instead.
  if (!honest.header.contains("jwk")) {
    const json::object jwk{{"jwk", stranger.public_key().to_jwk()}, {"kid", honest_kid}};
    all.push_back({"jwk", token_text(stranger, header_text(honest, jwk), claims)});
  }
  for (const json::value& kid : {json::value(7), json::value(json::object()), json::value()}) {
    all.push_back({"kid " + json::serialize(kid),
                   token_text(honest.key, header_text(honest, {{"kid", kid}}), claims)});
  }
}

inline void add_extensions(const HonestToken& honest, std::vector<SpoiledToken>& all) {
  const std::string claims = json::serialize(honest.claims);
  const json::object rows[] = {{{"crit", {"exp"}}, {"exp", 1}},
                               {{"crit", json::array()}},
                               {{"crit", {"b64"}}, {"b64", false}},
                               {{"b64", false}},
                               {{"b64", true}}};
  for (const json::object& row : rows) {
    all.push_back({json::serialize(row), token_text(honest.key, header_text(honest, row), claims)});
  }
  // RFC 7797: the claims as they are, signed as they are.
  const std::string head = to_base64url(header_text(honest, {{"crit", {"b64"}}, {"b64", false}}));
  all.push_back({"payload in clear",
                 head + '.' + claims + '.' + to_base64url(*honest.key.sign(head + '.' + claims))});
}

inline void add_signatures(const HonestToken& honest, std::vector<SpoiledToken>& all) {
  const std::string good = honest_text(honest);
  const std::string signed_part = good.substr(0, good.rfind('.') + 1);
  const std::string raw = *from_base64url(std::string_view(good).substr(signed_part.size()));
  const std::string zeros(32, '\0');
  const struct {
    const char* name;
    std::string bytes;
  } rows[] = {{"zero signature", zeros + zeros},
              {"zero r", zeros + raw.substr(32)},
              {"zero s", raw.substr(0, 32) + zeros},
              {"DER for raw", der_of(raw)},
              {"signature short by one", raw.substr(0, 63)},
              {"signature long by one", raw + '\0'},
              {"no signature", ""}};
  for (const auto& row : rows) all.push_back({row.name, signed_part + to_base64url(row.bytes)});
  all.push_back({"five parts", good + ".x.y"});
}

inline void add_claims(const HonestToken& honest, std::vector<SpoiledToken>& all) {
  const std::string header = header_text(honest);
  const std::string claims = json::serialize(honest.claims);
  for (const auto& [name, value] : honest.claims) {
    const std::string twice = fmt::format(R"({{"{}":{},{})", std::string_view(name),
                                          json::serialize(value), claims.substr(1));
    all.push_back(
        {fmt::format("{} twice", std::string_view(name)), token_text(honest.key, header, twice)});
  }
  const std::string twice = R"({"alg":"none",)" + header.substr(1);
  all.push_back({"alg twice", token_text(honest.key, twice, claims)});
  for (const std::string& time : honest.times) {
    for (const char* number : {"-1", "1e300", "1e400", "9223372036854775807",
                               "18446744073709551616", "\"4102444800\"", "null", "true"}) {
      json::object others = honest.claims;
      others.erase(time);
      const std::string spoiled =
          fmt::format(R"({{"{}":{},{})", time, number, json::serialize(others).substr(1));
      all.push_back({time + ' ' + number, token_text(honest.key, header, spoiled)});
    }
  }
}

inline std::vector<SpoiledToken> spoiled_tokens(const HonestToken& honest) {
  GH_ASSERT(honest.key.public_key().algorithm() == Algorithm::es256);
  std::vector<SpoiledToken> all;
  add_algorithms(honest, all);
  add_keys(honest, all);
  add_extensions(honest, all);
  add_signatures(honest, all);
  add_claims(honest, all);
  return all;
}

}  // namespace gatehouse::jose
