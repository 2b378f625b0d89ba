// SPDX-License-Identifier: Apache-2.0
//
// SAML assertions that tests sign themselves. The text is written in canonical form by hand, so
// that what is verified is not what our own canonicalization made.
//
// Thread:  plain values.
#pragma once

#include <ctime>
#include <string>

#include "core/digest.h"
#include "core/text.h"
#include "jose/key.h"

namespace gatehouse::keymanager {

inline void replace(std::string& text, const std::string& what, const std::string& by) {
  const std::size_t at = text.find(what);
  GH_ASSERT(at != std::string::npos);
  text.replace(at, what.size(), by);
}

inline std::string between(const std::string& text, const std::string& from,
                           const std::string& to) {
  const std::size_t begin = text.find(from);
  return text.substr(begin, text.find(to, begin) + to.size() - begin);
}

// An assertion for kim, good for five minutes.
struct SamlText {
  Instant now{};
  std::string id = "_1";
  std::string version = "2.0";
  std::string issuer = "https://idp.example.com";
  std::string subject = "kim";
  std::string method = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
  std::string audience;
  std::string recipient;
  std::string condition;
  Instant not_before{};
  Instant not_on_or_after{};  // the epoch: in five minutes

  std::string uri{"#_1"};
  int references = 1;
  std::string canonicalization = "http://www.w3.org/2001/10/xml-exc-c14n#";
  std::string digest = "http://www.w3.org/2001/04/xmlenc#sha256";
  std::string signature;  // empty: the key's
  std::string transforms =
      R"(<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature">)"
      R"(</ds:Transform>)"
      R"(<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:Transform>)";

  static std::string time(Instant instant) { return to_rfc3339(instant); }

  // The assertion with this element behind its issuer.
  std::string text(const std::string& inside) const {
    const Instant end =
        not_on_or_after == Instant{} ? now + std::chrono::minutes(5) : not_on_or_after;
    const std::string until = "NotOnOrAfter=\"" + time(end) + '"';
    const std::string from =
        not_before == Instant{} ? "" : "NotBefore=\"" + time(not_before) + "\" ";
    std::string made = R"(<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion")";
    made += " ID=\"" + id + "\" Version=\"" + version + "\">";
    made += "<saml:Issuer>" + issuer + "</saml:Issuer>" + inside;
    made += "<saml:Subject><saml:NameID>" + subject + "</saml:NameID>";
    made += "<saml:SubjectConfirmation Method=\"" + method + "\"><saml:SubjectConfirmationData ";
    made += until + " Recipient=\"" + recipient + "\"></saml:SubjectConfirmationData>";
    made += "</saml:SubjectConfirmation></saml:Subject><saml:Conditions " + from + until + '>';
    made += condition;
    if (!audience.empty()) {
      made += "<saml:AudienceRestriction><saml:Audience>" + audience +
              "</saml:Audience></saml:AudienceRestriction>";
    }
    return made + "</saml:Conditions></saml:Assertion>";
  }

  std::string signed_by(const jose::PrivateKey& key) const {
    const bool rsa = key.public_key().algorithm() == jose::Algorithm::rs256;
    const std::string algorithm = !signature.empty()
                                      ? signature
                                      : std::string("http://www.w3.org/2001/04/xmldsig-more#") +
                                            (rsa ? "rsa-sha256" : "ecdsa-sha256");
    const std::string reference = "<ds:Reference URI=\"" + uri + "\"><ds:Transforms>" + transforms +
                                  "</ds:Transforms><ds:DigestMethod Algorithm=\"" + digest +
                                  "\"></ds:DigestMethod><ds:DigestValue>" +
                                  to_base64(to_bytes(sha256(text("")))) +
                                  "</ds:DigestValue></ds:Reference>";
    std::string info = "<ds:CanonicalizationMethod Algorithm=\"" + canonicalization +
                       "\"></ds:CanonicalizationMethod><ds:SignatureMethod Algorithm=\"" +
                       algorithm + "\"></ds:SignatureMethod>";
    for (int i = 0; i < references; ++i) info += reference;
    const std::string space = R"( xmlns:ds="http://www.w3.org/2000/09/xmldsig#")";
    const std::string canonical = "<ds:SignedInfo" + space + '>' + info + "</ds:SignedInfo>";
    return text("<ds:Signature" + space + "><ds:SignedInfo>" + info +
                "</ds:SignedInfo><ds:SignatureValue>" + to_base64(*key.sign(canonical)) +
                "</ds:SignatureValue></ds:Signature>");
  }
};

}  // namespace gatehouse::keymanager
