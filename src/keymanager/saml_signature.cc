// SPDX-License-Identifier: Apache-2.0
#include "keymanager/saml_signature.h"

#include <algorithm>

#include "core/digest.h"
#include "core/text.h"

namespace gatehouse::keymanager {

namespace {

constexpr std::string_view exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";
constexpr std::string_view enveloped = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
constexpr std::string_view sha256_name = "http://www.w3.org/2001/04/xmlenc#sha256";
constexpr std::string_view rsa_sha256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
constexpr std::string_view ecdsa_sha256 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";

tl::unexpected<Error> refuse_signature(std::string why) {
  return fail(ErrorCode::unauthenticated, "The signature does not hold", std::move(why));
}

std::size_t count_signatures(const xmlNode* element) {
  std::size_t count = is_element(element, dsig_space, "Signature") ? 1 : 0;
  for (const xmlNode* child : child_elements(element)) count += count_signatures(child);
  return count;
}

// How many elements bear this name, in whichever spelling of the attribute.
std::size_t count_names(const xmlNode* element, const std::string& id) {
  std::size_t count = 0;
  for (const char* name : {"ID", "Id", "id"}) count += attribute(element, name) == id ? 1 : 0;
  for (const xmlNode* child : child_elements(element)) count += count_names(child, id);
  return count;
}

// base64 as XML has it: lines.
Result<std::string> bytes_of(const xmlNode* element) {
  std::string text = text_of(element);
  std::erase_if(text, [](char c) { return c == '\n' || c == '\r' || c == ' ' || c == '\t'; });
  return from_base64(text);
}

// The prefixes of an InclusiveNamespaces below an exclusive canonicalization. Nothing, when it is
// another method or has other parameters.
std::optional<std::vector<std::string>> prefixes_of(const xmlNode* method) {
  if (attribute(method, "Algorithm") != exclusive) return std::nullopt;
  const std::vector<xmlNode*> parameters = child_elements(method);
  if (parameters.empty()) return std::vector<std::string>();
  const bool known =
      parameters.size() == 1 && is_element(parameters.front(), exclusive, "InclusiveNamespaces");
  if (!known) return std::nullopt;
  return split_words(attribute(parameters.front(), "PrefixList"));
}

// The digest of the root is that of the one reference.
Result<> check_reference(const XmlDocument& document, const xmlNode* signature,
                         const xmlNode* reference) {
  const std::string id = attribute(document.root(), "ID");
  if (id.empty() || attribute(reference, "URI") != '#' + id) return refuse_signature("another URI");
  if (count_names(document.root(), id) != 1) return refuse_signature("an ID twice");
  const std::vector<xmlNode*> transforms =
      child_elements(only_child(reference, dsig_space, "Transforms"));
  const bool usual = transforms.size() == 2 && is_element(transforms[0], dsig_space, "Transform") &&
                     is_element(transforms[1], dsig_space, "Transform") &&
                     attribute(transforms[0], "Algorithm") == enveloped &&
                     child_elements(transforms[0]).empty();
  if (!usual) return refuse_signature("other transforms");
  const std::optional<std::vector<std::string>> prefixes = prefixes_of(transforms[1]);
  if (!prefixes) return refuse_signature("other transforms");
  if (attribute(only_child(reference, dsig_space, "DigestMethod"), "Algorithm") != sha256_name) {
    return refuse_signature("another digest");
  }
  const Result<std::string> digest = bytes_of(only_child(reference, dsig_space, "DigestValue"));
  const std::string canonical = document.canonical(document.root(), signature, *prefixes);
  if (!digest || canonical.empty() ||
      !equals_in_constant_time(*digest, to_bytes(sha256(canonical)))) {
    return refuse_signature("the digest differs");
  }
  return {};
}

std::optional<jose::Algorithm> algorithm_named(const std::string& name) {
  if (name == rsa_sha256) return jose::Algorithm::rs256;
  if (name == ecdsa_sha256) return jose::Algorithm::es256;
  return std::nullopt;
}

}  // namespace

Result<> verify_enveloped(const XmlDocument& document, const std::vector<jose::PublicKey>& keys) {
  const xmlNode* signature = only_child(document.root(), dsig_space, "Signature");
  if (signature == nullptr || count_signatures(document.root()) != 1) {
    return refuse_signature("not one signature of the root");
  }
  if (only_child(signature, dsig_space, "Object") != nullptr) return refuse_signature("an Object");
  const xmlNode* info = only_child(signature, dsig_space, "SignedInfo");
  const xmlNode* reference = only_child(info, dsig_space, "Reference");
  if (reference == nullptr) return refuse_signature("not one reference");
  GH_CHECK(check_reference(document, signature, reference));
  const std::optional<std::vector<std::string>> prefixes =
      prefixes_of(only_child(info, dsig_space, "CanonicalizationMethod"));
  if (!prefixes) return refuse_signature("another canonicalization");
  const std::optional<jose::Algorithm> algorithm =
      algorithm_named(attribute(only_child(info, dsig_space, "SignatureMethod"), "Algorithm"));
  if (!algorithm) return refuse_signature("another signature method");
  const Result<std::string> value = bytes_of(only_child(signature, dsig_space, "SignatureValue"));
  if (!value) return refuse_signature("not base64");
  // ECDSA is r ‖ s here as in JWS (XML Signature 1.1, section 6.4.3).
  const std::string text = document.canonical(info, nullptr, *prefixes);
  const bool holds = std::any_of(keys.begin(), keys.end(), [&](const jose::PublicKey& key) {
    return key.algorithm() == *algorithm && key.verify(text, *value);
  });
  if (!holds || text.empty()) return refuse_signature("nobody of the issuer's");
  return {};
}

}  // namespace gatehouse::keymanager
