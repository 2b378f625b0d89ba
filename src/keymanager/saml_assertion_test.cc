// SPDX-License-Identifier: Apache-2.0
#include "keymanager/saml_assertion.h"

#include <gtest/gtest.h>

#include <functional>

#include "keymanager/test_saml.h"

namespace gatehouse::keymanager {
namespace {

const Instant now = from_ms(1'795'000'000'000);

const jose::PrivateKey& their_key() {
  static const jose::PrivateKey key = *jose::PrivateKey::generate(jose::Algorithm::es256);
  return key;
}
const jose::PrivateKey& other_key() {
  static const jose::PrivateKey key = *jose::PrivateKey::generate(jose::Algorithm::es256);
  return key;
}

Result<SamlAssertion> verify(const std::string& xml) {
  GH_TRY(document, XmlDocument::parse(xml));
  return verify_saml(document, {.issuer = "https://idp.example.com",
                                .keys = {other_key().public_key(), their_key().public_key()},
                                .audiences = {"https://us", "https://us/token"},
                                .recipient = "https://us/token",
                                .now = now,
                                .leeway = std::chrono::seconds(30)});
}

SamlText good() {
  SamlText text;
  text.now = now;
  text.audience = "https://us";
  text.recipient = "https://us/token";
  return text;
}

std::string signed_good(const std::function<void(SamlText&)>& change = {}) {
  SamlText text = good();
  if (change) change(text);
  return text.signed_by(their_key());
}

TEST(Saml, SaysWhoAndUntilWhen) {
  const Result<SamlAssertion> assertion = verify(signed_good());
  ASSERT_TRUE(assertion) << assertion.error().detail;
  EXPECT_EQ(assertion->subject, "kim");
  EXPECT_EQ(assertion->id, "_1");
  EXPECT_EQ(assertion->expires_at, now + std::chrono::minutes(5));
}

TEST(Saml, IsTakenInAnyFormThatMeansTheSame) {
  const jose::PrivateKey rsa = *jose::PrivateKey::generate(jose::Algorithm::rs256);
  const XmlDocument document = *XmlDocument::parse(good().signed_by(rsa));
  EXPECT_TRUE(verify_saml(document, {.issuer = "https://idp.example.com",
                                     .keys = {rsa.public_key()},
                                     .audiences = {"https://us"},
                                     .recipient = "https://us/token",
                                     .now = now}));
  // Attributes in another order and an empty element in short: the canonical form is one.
  std::string xml = signed_good();
  replace(xml, R"( ID="_1" Version="2.0")", R"( Version='2.0'   ID='_1' )");
  replace(xml, R"(Recipient="https://us/token"></saml:SubjectConfirmationData>)",
          R"(Recipient="https://us/token" />)");
  EXPECT_TRUE(verify("<?xml version=\"1.0\"?>\n" + xml));
}

struct SamlCase {
  const char* name;
  std::function<void(SamlText&)> change;
  bool holds = false;
};

// What the issuer has signed but we must not take (RFC 7522, section 3).
TEST(Saml, MustBeMeantForUsNow) {
  const std::chrono::minutes minute{1};
  const SamlCase rows[] = {
      {"another issuer", [](SamlText& t) { t.issuer = "https://elsewhere"; }},
      {"another audience", [](SamlText& t) { t.audience = "https://elsewhere"; }},
      {"no audience", [](SamlText& t) { t.audience = ""; }},
      {"audience is a beginning", [](SamlText& t) { t.audience = "https://u"; }},
      {"the endpoint as audience", [](SamlText& t) { t.audience = "https://us/token"; }, true},
      {"another recipient", [](SamlText& t) { t.recipient = "https://us/other"; }},
      {"no recipient", [](SamlText& t) { t.recipient = ""; }},
      {"no subject", [](SamlText& t) { t.subject = ""; }},
      {"holder of key",
       [](SamlText& t) { t.method = "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"; }},
      {"expired", [&](SamlText& t) { t.not_on_or_after = now - minute; }},
      {"at its end within the leeway", [](SamlText& t) { t.not_on_or_after = now; }, true},
      {"not yet valid", [&](SamlText& t) { t.not_before = now + minute; }},
      {"another version", [](SamlText& t) { t.version = "1.1"; }},
      {"no ID", [](SamlText& t) { t.id = ""; }},
      {"an unknown condition",
       [](SamlText& t) { t.condition = "<saml:Condition></saml:Condition>"; }},
      {"one-time use", [](SamlText& t) { t.condition = "<saml:OneTimeUse></saml:OneTimeUse>"; },
       true},
  };
  for (const SamlCase& row : rows) {
    const Result<SamlAssertion> assertion = verify(signed_good(row.change));
    EXPECT_EQ(assertion.has_value(), row.holds)
        << row.name << ": " << (assertion ? "" : assertion.error().detail);
  }
}

TEST(Saml, MustBeSignedByTheIssuer) {
  const jose::PrivateKey stranger = *jose::PrivateKey::generate(jose::Algorithm::es256);
  EXPECT_FALSE(verify(good().signed_by(stranger)));
  EXPECT_FALSE(verify(good().text("")));
  std::string changed = signed_good();
  replace(changed, ">kim<", ">admin<");
  EXPECT_FALSE(verify(changed));
}

// The eight ways of signature wrapping of Somorovsky et al. ("On Breaking SAML", 2012), as far as
// they apply to a document that is an assertion: the signed assertion stays somewhere, and another
// one stands where a careless reader looks.
TEST(Saml, IsNotWrapped) {
  const std::string original = signed_good();
  const std::string signature = between(original, "<ds:Signature", "</ds:Signature>");
  const std::string bare = good().text("");
  SamlText evil_text = good();
  evil_text.subject = "admin";
  const auto evil = [&](const std::string& inside, const char* id = "_2") {
    SamlText text = evil_text;
    text.id = id;
    return text.text(inside);
  };
  const auto object = [](const std::string& inside) {
    return "<ds:Object>" + inside + "</ds:Object></ds:Signature>";
  };
  std::string with_object = signature;
  const std::string end = "</ds:Signature>";
  with_object.resize(with_object.size() - end.size());
  std::string advised = evil_text.text("<saml:Advice>" + original + "</saml:Advice>");
  const struct {
    const char* name;
    std::string xml;
  } rows[] = {
      {"1: the original in an Object of its signature", evil(with_object + object(bare))},
      {"2: the original beside its detached signature", evil(signature + bare)},
      {"3: the original as a child", evil(original)},
      {"4: another assertion inside the original",
       [&] {
         std::string xml = original;
         replace(xml, "<saml:Subject>", evil("") + "<saml:Subject>");
         return xml;
       }()},
      {"5: the signature moved, the original inside it", evil(with_object + object(bare), "_1")},
      {"6: the same ID twice", evil(signature + bare, "_1")},
      {"7: the original in an extension", evil("<x xmlns=\"urn:x\">" + original + "</x>", "_1")},
      {"8: the other one in an Object, the original as root",
       [&] {
         std::string xml = original;
         replace(xml, end, object(evil("")));
         return xml;
       }()},
      {"in an Advice", advised},
      {"two signatures",
       [&] {
         std::string xml = original;
         replace(xml, "<ds:Signature", signature + "<ds:Signature");
         return xml;
       }()},
      {"a second subject",
       [&] {
         std::string xml = original;
         replace(xml, "<saml:Subject>",
                 "<saml:Subject><saml:NameID>admin</saml:NameID></saml:Subject><saml:Subject>");
         return xml;
       }()},
  };
  for (const auto& row : rows) {
    const Result<SamlAssertion> assertion = verify(row.xml);
    EXPECT_FALSE(assertion) << row.name << ": " << (assertion ? assertion->subject : "");
  }
}

// Forms of signatures that leave something to choose, each made with the issuer's own key.
TEST(Saml, HasTheOneFormOfSignature) {
  const SamlCase rows[] = {
      {"reference to all", [](SamlText& t) { t.uri = ""; }},
      {"reference to another", [](SamlText& t) { t.uri = "#_2"; }},
      {"reference to a URL", [](SamlText& t) { t.uri = "http://127.0.0.1/x"; }},
      {"SHA-1 digest", [](SamlText& t) { t.digest = "http://www.w3.org/2000/09/xmldsig#sha1"; }},
      {"HMAC", [](SamlText& t) { t.signature = "http://www.w3.org/2000/09/xmldsig#hmac-sha1"; }},
      {"RSA with SHA-1",
       [](SamlText& t) { t.signature = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"; }},
      {"no transforms", [](SamlText& t) { t.transforms = ""; }},
      {"an XPath transform",
       [](SamlText& t) {
         t.transforms +=
             R"(<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116">)"
             "</ds:Transform>";
       }},
      {"an XSLT transform",
       [](SamlText& t) {
         t.transforms = R"(<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116">)"
                        "</ds:Transform>" +
                        t.transforms;
       }},
      {"canonical form with comments",
       [](SamlText& t) {
         t.canonicalization = "http://www.w3.org/2001/10/xml-exc-c14n#WithComments";
       }},
      {"two references", [](SamlText& t) { t.references = 2; }},
  };
  for (const SamlCase& row : rows) EXPECT_FALSE(verify(signed_good(row.change))) << row.name;
}

TEST(Xml, IsReadWithoutTrust) {
  const std::string root = "<a xmlns=\"urn:a\">x</a>";
  EXPECT_TRUE(XmlDocument::parse(root));
  const struct {
    const char* name;
    std::string xml;
  } rows[] = {
      {"empty", ""},
      {"not XML", "{}"},
      {"not closed", "<a>"},
      {"two roots", root + root},
      {"a DTD", "<!DOCTYPE a>" + root},
      {"an external entity", R"(<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>)"},
      {"an internal entity", R"(<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>)"},
      {"an external DTD", R"(<!DOCTYPE a SYSTEM "http://127.0.0.1/x.dtd"><a>x</a>)"},
      {"an unknown entity", "<a>&e;</a>"},
      {"a comment in a text", "<a>admin<!-- -->@example.com</a>"},
      {"a comment before the root", "<!-- -->" + root},
      {"an instruction", "<a><?x y?></a>"},
      {"too long", "<a>" + std::string(xml_bytes_max, 'x') + "</a>"},
      {"too deep",
       [] {
         std::string xml;
         for (int i = 0; i < 300; ++i) xml += "<a>";
         for (int i = 0; i < 300; ++i) xml += "</a>";
         return xml;
       }()},
  };
  for (const auto& row : rows) EXPECT_FALSE(XmlDocument::parse(row.xml)) << row.name;
}

}  // namespace
}  // namespace gatehouse::keymanager
