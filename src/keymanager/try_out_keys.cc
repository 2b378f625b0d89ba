// SPDX-License-Identifier: Apache-2.0
#include "keymanager/try_out_keys.h"

#include "core/id.h"
#include "jose/jwt.h"

namespace gatehouse::keymanager {

namespace {

constexpr std::string_view try_out_type = "internal-key+jwt";

}  // namespace

TryOutKeys::TryOutKeys(const Resources& resources, const SigningKeys& keys, std::string issuer)
    : clock_(resources.clock), random_(resources.random), keys_(keys), issuer_(std::move(issuer)) {}

Result<std::string> TryOutKeys::issue(const std::string& api_id, const std::string& user_id) const {
  const std::int64_t now = to_ms(clock_.now()) / 1000;
  json::object claims;
  claims["iss"] = issuer_;
  claims["sub"] = user_id;
  claims["api_id"] = api_id;
  claims["jti"] = random_uuid(random_);
  claims["iat"] = now;
  claims["exp"] = now + lifetime.count();
  return jose::sign(keys_.current()->signer(), try_out_type, claims);
}

}  // namespace gatehouse::keymanager
