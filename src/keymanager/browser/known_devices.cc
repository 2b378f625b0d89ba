// SPDX-License-Identifier: Apache-2.0
#include "keymanager/browser/known_devices.h"

#include "core/digest.h"
#include "core/json.h"
#include "core/text.h"
#include "keymanager/browser/cookies.h"

namespace gatehouse::keymanager {

namespace {

constexpr std::size_t number_size = 16;

// Another user's, or that of a password that was changed, does not open.
std::string context_of(const Account& account) {
  return fmt::format("device\n{}\n{}\n{}", account.tenant, account.user.id,
                     sha256_hex(account.user.password));
}

}  // namespace

std::string KnownDevices::cookie_for(const Account& account) const {
  const json::object text{{"device", to_base64url(random_.bytes(number_size))},
                          {"until", to_ms(clock_.now() + lifetime)}};
  const std::string sealed = sealer_.seal(json::serialize(text), context_of(account), random_);
  return fmt::format("{}; Max-Age={}", make_cookie(device_cookie, to_base64url(sealed)),
                     std::chrono::seconds(lifetime).count());
}

std::optional<std::string> KnownDevices::device_of(const std::string& cookie,
                                                   const Account& account) const {
  const Result<std::string> sealed = from_base64url(cookie);
  if (!sealed) return std::nullopt;
  const Result<std::string> opened = sealer_.open(*sealed, context_of(account));
  if (!opened) return std::nullopt;
  const Result<json::object> text = parse_json_object(*opened);
  if (!text || from_ms(number_or(*text, "until", 0)) <= clock_.now()) return std::nullopt;
  return text_or(*text, "device", "");
}

}  // namespace gatehouse::keymanager
