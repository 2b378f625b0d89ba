// SPDX-License-Identifier: Apache-2.0
#include "rest/documents.h"

#include <gtest/gtest.h>

#include "schema/openapi.h"
#include "schema/parts.h"
#include "schema/scalar.h"
#include "schema/yaml.h"

namespace gatehouse::rest {
namespace {

struct DocumentCase {
  const char* name;
  const EmbeddedDocument& document;
};

class OurDocument : public ::testing::TestWithParam<DocumentCase> {
 protected:
  OurDocument() : document_(schema::Document::parse(GetParam().document.json)) {}

  // Calls `visit` with every object below `value`, `value` included.
  template <typename Visit>
  static void each_object(const json::value& value, const Visit& visit) {
    if (const json::object* object = value.if_object()) {
      visit(*object);
      for (const auto& member : *object) each_object(member.value(), visit);
    } else if (const json::array* array = value.if_array()) {
      for (const json::value& element : *array) each_object(element, visit);
    }
  }

  Result<schema::Document> document_;
};

TEST_P(OurDocument, IsTheSameInBothForms) {
  ASSERT_TRUE(document_) << document_.error().message;
  const auto yaml = schema::parse_yaml(GetParam().document.yaml);
  ASSERT_TRUE(yaml) << yaml.error().message;
  EXPECT_EQ(yaml->as_object(), document_->root());
}

TEST_P(OurDocument, RefersOnlyToWhatItHas) {
  ASSERT_TRUE(document_);
  each_object(json::value(document_->root()), [&](const json::object& object) {
    const json::value* reference = object.if_contains("$ref");
    if (reference == nullptr || !reference->is_string()) return;
    EXPECT_NE(schema::resolve(document_->root(), reference->get_string()), nullptr) << *reference;
  });
}

TEST_P(OurDocument, HasPatternsThatCompile) {
  ASSERT_TRUE(document_);
  each_object(json::value(document_->root()), [](const json::object& object) {
    const json::value* pattern = object.if_contains("pattern");
    if (pattern == nullptr || !pattern->is_string()) return;
    EXPECT_TRUE(schema::complaint({{"pattern", *pattern}}, json::value("text"))) << *pattern;
  });
}

TEST_P(OurDocument, DescribesEveryPartOfItsPaths) {
  ASSERT_TRUE(document_);
  for (const schema::Operation& operation : document_->operations()) {
    std::size_t described = 0;
    for (const schema::Parameter& parameter : operation.parameters) {
      if (parameter.place != schema::ParameterPlace::path) continue;
      EXPECT_NE(operation.path.find("{" + parameter.name + "}"), std::string::npos) << operation.id;
      ++described;
    }
    EXPECT_EQ(std::count(operation.path.begin(), operation.path.end(), '{'), described)
        << operation.id;
  }
}

TEST_P(OurDocument, RefusesUnknownFieldsInEveryBody) {
  ASSERT_TRUE(document_);
  for (const schema::Operation& operation : document_->operations()) {
    for (const schema::Body& body : operation.bodies) {
      ASSERT_NE(body.schema, nullptr) << operation.id;
      if (body.schema->contains("additionalProperties")) continue;  // invites them
      json::value value = {{"no_such_field", 1}};
      const bool is_list = text_or(*body.schema, "type", "") == "array";
      if (is_list) value = json::array{value};
      const Result<> done = document_->validator().check(*body.schema, value);
      ASSERT_FALSE(done) << operation.id;
      EXPECT_EQ(done.error().message,
                is_list ? "/0/no_such_field: unknown field" : "/no_such_field: unknown field")
          << operation.id;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Api, OurDocument,
                         ::testing::Values(DocumentCase{"publisher", publisher_document},
                                           DocumentCase{"devportal", devportal_document},
                                           DocumentCase{"admin", admin_document},
                                           DocumentCase{"analytics", analytics_document},
                                           DocumentCase{"gateway", gateway_document}),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace gatehouse::rest
