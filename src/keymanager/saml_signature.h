// SPDX-License-Identifier: Apache-2.0
//
// The signature of an XML document whose root is what was signed, in the one form that leaves
// nothing to choose (keymanager/saml_assertion.h).
//
// Thread:  pure functions.
// Source:  XML Signature Syntax and Processing 1.1, section 3.2; SAML 2.0 Core, section 5.4.
#pragma once

#include "jose/key.h"
#include "keymanager/xml_document.h"

namespace gatehouse::keymanager {

inline constexpr std::string_view dsig_space = "http://www.w3.org/2000/09/xmldsig#";

// Whether one of `keys` has signed the root, whose attribute ID is its name.
// Error: unauthenticated; `detail` says why.
Result<> verify_enveloped(const XmlDocument& document, const std::vector<jose::PublicKey>& keys);

}  // namespace gatehouse::keymanager
