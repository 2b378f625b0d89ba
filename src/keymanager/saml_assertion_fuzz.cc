// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the reading of XML and of SAML assertions: no input may crash, and no assertion may hold.
#include "keymanager/saml_assertion.h"

namespace gatehouse::keymanager {
namespace {

// Whatever the text is, nobody has signed it: nothing may be believed, and nothing may break.
void check(std::string_view input) {
  static const jose::PrivateKey key = *jose::PrivateKey::generate(jose::Algorithm::es256);
  const Result<XmlDocument> document = XmlDocument::parse(input);
  if (!document) return;
  GH_ASSERT(document->root() != nullptr);
  const std::string canonical = document->canonical(document->root(), nullptr, {});
  const Result<XmlDocument> again = XmlDocument::parse(canonical);
  if (again) GH_ASSERT(again->canonical(again->root(), nullptr, {}) == canonical);
  const SamlExpected expected{.issuer = saml_issuer(*document),
                              .keys = {key.public_key()},
                              .audiences = {"https://us"},
                              .recipient = "https://us/token"};
  GH_ASSERT(!verify_saml(*document, expected));
}

}  // namespace
}  // namespace gatehouse::keymanager

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  gatehouse::keymanager::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
