// SPDX-License-Identifier: Apache-2.0
#include "keymanager/saml_assertion.h"

#include <algorithm>
#include <optional>

#include "core/text.h"
#include "keymanager/saml_signature.h"

namespace gatehouse::keymanager {

namespace {

constexpr std::string_view saml = "urn:oasis:names:tc:SAML:2.0:assertion";
constexpr std::string_view bearer = "urn:oasis:names:tc:SAML:2.0:cm:bearer";

tl::unexpected<Error> refuse_assertion(std::string why) {
  return fail(ErrorCode::unauthenticated, "The assertion does not hold", std::move(why));
}

// xs:dateTime in UTC, as SAML 2.0 Core section 1.3.3 wants it: "2026-11-24T23:00:00.123Z".
std::optional<Instant> instant_of(std::string_view text) {
  constexpr std::string_view form = "dddd-dd-ddTdd:dd:dd";
  if (text.size() <= form.size() || !text.ends_with('Z')) return std::nullopt;
  for (std::size_t i = 0; i < form.size(); ++i) {
    if (form[i] == 'd' ? !is_digit(text[i]) : text[i] != form[i]) return std::nullopt;
  }
  const auto number = [&](std::size_t at, std::size_t size) {
    return static_cast<int>(parse_number(text.substr(at, size)).value_or(0));
  };
  const std::chrono::year_month_day day{std::chrono::year(number(0, 4)),
                                        std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                        std::chrono::day(static_cast<unsigned>(number(8, 2)))};
  const bool real = day.ok() && number(11, 2) < 24 && number(14, 2) < 60 && number(17, 2) < 61;
  if (!real) return std::nullopt;
  std::int64_t ms = 0;
  std::string_view fraction = text.substr(form.size(), text.size() - form.size() - 1);
  if (!fraction.empty()) {
    if (fraction.size() < 2 || fraction.size() > 10 || fraction.front() != '.') return std::nullopt;
    const std::string digits = (std::string(fraction.substr(1)) + "00").substr(0, 3);
    const std::optional<std::uint64_t> parsed = parse_number(digits);
    if (!parsed) return std::nullopt;
    ms = static_cast<std::int64_t>(*parsed);
  }
  return Instant(std::chrono::sys_days(day).time_since_epoch()) +
         std::chrono::hours(number(11, 2)) + std::chrono::minutes(number(14, 2)) +
         std::chrono::seconds(number(17, 2)) + std::chrono::milliseconds(ms);
}

// Whether now lies in NotBefore … NotOnOrAfter, either of which may be absent; and its end.
Result<std::optional<Instant>> end_of(const xmlNode* element, const SamlExpected& expected) {
  if (const std::string text = attribute(element, "NotBefore"); !text.empty()) {
    const std::optional<Instant> begin = instant_of(text);
    if (!begin || *begin > expected.now + expected.leeway) return refuse_assertion("not yet valid");
  }
  const std::string text = attribute(element, "NotOnOrAfter");
  if (text.empty()) return std::optional<Instant>();
  const std::optional<Instant> end = instant_of(text);
  if (!end || *end + expected.leeway <= expected.now) return refuse_assertion("expired");
  return end;
}

bool is_audience(const xmlNode* restriction, const SamlExpected& expected) {
  const std::vector<xmlNode*> named = child_elements(restriction);
  return std::any_of(named.begin(), named.end(), [&](const xmlNode* audience) {
    return is_element(audience, saml, "Audience") &&
           std::find(expected.audiences.begin(), expected.audiences.end(), text_of(audience)) !=
               expected.audiences.end();
  });
}

// Each restriction holds, there is one at least, and no condition is one that we do not know.
Result<> check_conditions(const xmlNode* conditions, const SamlExpected& expected) {
  bool restricted = false;
  for (const xmlNode* condition : child_elements(conditions)) {
    if (is_element(condition, saml, "OneTimeUse")) continue;  // each is used once here
    if (is_element(condition, saml, "ProxyRestriction")) continue;
    if (!is_element(condition, saml, "AudienceRestriction")) {
      return refuse_assertion("an unknown condition");
    }
    if (!is_audience(condition, expected)) return refuse_assertion("another audience");
    restricted = true;
  }
  if (!restricted) return refuse_assertion("no audience");
  return {};
}

// RFC 7522, section 3, item 5: one bearer confirmation for this endpoint that is still alive.
Result<std::optional<Instant>> check_confirmation(const xmlNode* subject,
                                                  const SamlExpected& expected) {
  for (const xmlNode* child : child_elements(subject)) {
    if (!is_element(child, saml, "SubjectConfirmation")) continue;
    if (attribute(child, "Method") != bearer) continue;
    const xmlNode* data = only_child(child, saml, "SubjectConfirmationData");
    if (data == nullptr || attribute(data, "Recipient") != expected.recipient) continue;
    Result<std::optional<Instant>> end = end_of(data, expected);
    if (end) return end;
  }
  return refuse_assertion("no bearer confirmation for this endpoint");
}

}  // namespace

std::string saml_issuer(const XmlDocument& document) {
  return text_of(only_child(document.root(), saml, "Issuer"));
}

Result<SamlAssertion> verify_saml(const XmlDocument& document, const SamlExpected& expected) {
  const xmlNode* root = document.root();
  if (!is_element(root, saml, "Assertion")) return refuse_assertion("no assertion");
  if (attribute(root, "Version") != "2.0") return refuse_assertion("another version");
  GH_CHECK(verify_enveloped(document, expected.keys));
  if (saml_issuer(document) != expected.issuer) return refuse_assertion("another issuer");
  const xmlNode* subject = only_child(root, saml, "Subject");
  SamlAssertion assertion{attribute(root, "ID"), text_of(only_child(subject, saml, "NameID")), {}};
  if (assertion.subject.empty()) return refuse_assertion("no subject");
  const xmlNode* conditions = only_child(root, saml, "Conditions");
  if (conditions == nullptr) return refuse_assertion("no conditions");
  GH_CHECK(check_conditions(conditions, expected));
  GH_TRY(end, end_of(conditions, expected));
  GH_TRY(confirmed_until, check_confirmation(subject, expected));
  if (!end && !confirmed_until) return refuse_assertion("no end");
  assertion.expires_at =
      std::min(end.value_or(Instant::max()), confirmed_until.value_or(Instant::max()));
  return assertion;
}

}  // namespace gatehouse::keymanager
