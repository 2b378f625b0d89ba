// SPDX-License-Identifier: Apache-2.0
//
// SAML 2.0 assertions that a client hands in: whether the issuer has signed this very assertion,
// and whether it is meant for this server, now.
//
// Against signature wrapping the form is strict: the document is the assertion; it has one
// signature, its own child; that has one reference, to the assertion's ID, which no other element
// bears, with the two transforms that leave no choice. So what is signed is all that is read. Keys
// that come along are not looked at.
//
// Thread:  pure functions.
// Source:  RFC 7522, section 3; SAML 2.0 Core, sections 2.3, 2.4, 2.5 and 5.4; XML Signature 1.1.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "jose/key.h"
#include "keymanager/xml_document.h"

namespace gatehouse::keymanager {

struct SamlExpected {
  std::string issuer;
  std::vector<jose::PublicKey> keys;   // of the issuer: RSA or P-256, each with SHA-256
  std::vector<std::string> audiences;  // names of this server
  std::string recipient;               // URL of the token endpoint
  Instant now{};
  std::chrono::seconds leeway{0};
};

struct SamlAssertion {
  std::string id;
  std::string subject;
  Instant expires_at{};
};

// The issuer that an assertion names, before anything is believed; empty when it names none.
std::string saml_issuer(const XmlDocument& document);

// Error: unauthenticated; `detail` says why.
Result<SamlAssertion> verify_saml(const XmlDocument& document, const SamlExpected& expected);

}  // namespace gatehouse::keymanager
