// SPDX-License-Identifier: Apache-2.0
#include "schema/openapi.h"

#include <gtest/gtest.h>

namespace gatehouse::schema {
namespace {

constexpr const char* pets = R"({
  "openapi": "3.0.3",
  "security": [{"OAuth2": ["pets:read"]}],
  "paths": {
    "/pets/{petId}": {
      "parameters": [{"name": "petId", "in": "path", "required": true,
                      "schema": {"type": "string"}}],
      "get": {"operationId": "getPet", "responses": {
                "200": {"content": {"application/json": {}}},
                "404": {"$ref": "#/components/responses/NotFound"}, "default": {}}},
      "put": {"operationId": "updatePet", "security": [{"OAuth2": ["a", "b"]}],
              "parameters": [{"$ref": "#/components/parameters/limit"}],
              "requestBody": {"required": true,
                "content": {"application/json": {"schema": {"type": "object"}}}},
              "responses": {}}},
    "/pets": {"get": {"security": [], "responses": {}},
              "post": {"operationId": "addPet", "security": [{}, {"OAuth2": []}],
                       "responses": {}}}},
  "components": {
    "parameters": {"limit": {"name": "limit", "in": "query", "schema": {"type": "integer"}}},
    "responses": {"NotFound": {"content": {"text/plain": {}}}}}})";

const Operation& operation(const Document& document, std::string_view id) {
  for (const Operation& candidate : document.operations()) {
    if (candidate.id == id) return candidate;
  }
  GH_ASSERT_NOT_REACHED();
}

TEST(OpenApi, ReadsOperationsWithWhatTheirPathShares) {
  const auto document = Document::parse(pets);
  ASSERT_TRUE(document) << document.error().message;
  ASSERT_EQ(document->operations().size(), 4u);
  const Operation& get = operation(*document, "getPet");
  EXPECT_EQ(get.method, "GET");
  EXPECT_EQ(get.path, "/pets/{petId}");
  ASSERT_EQ(get.parameters.size(), 1u);
  EXPECT_EQ(get.parameters[0].place, ParameterPlace::path);
  EXPECT_TRUE(get.answers_with(404));
  EXPECT_FALSE(get.answers_with(500));
  EXPECT_EQ(get.answers[1].media_types, std::vector<std::string>{"text/plain"});
}

TEST(OpenApi, FollowsReferencesOfParametersAndBodies) {
  const auto document = Document::parse(pets);
  ASSERT_TRUE(document);
  const Operation& put = operation(*document, "updatePet");
  ASSERT_EQ(put.parameters.size(), 2u);
  EXPECT_EQ(put.parameters[1].name, "limit");
  EXPECT_TRUE(put.body_required);
  ASSERT_EQ(put.bodies.size(), 1u);
  EXPECT_EQ(put.bodies[0].media_type, "application/json");
  EXPECT_NE(put.bodies[0].schema, nullptr);
}

TEST(OpenApi, KnowsWhoMayCall) {
  const auto document = Document::parse(pets);
  ASSERT_TRUE(document);
  EXPECT_EQ(operation(*document, "getPet").scopes, std::vector<std::string>{"pets:read"});
  EXPECT_EQ(operation(*document, "updatePet").scopes, (std::vector<std::string>{"a", "b"}));
  EXPECT_FALSE(operation(*document, "updatePet").anonymous);
  EXPECT_TRUE(operation(*document, "GET /pets").anonymous);
  EXPECT_TRUE(operation(*document, "addPet").anonymous);
}

struct BrokenCase {
  const char* name;
  const char* text;
};

class BrokenDocument : public ::testing::TestWithParam<BrokenCase> {};

TEST_P(BrokenDocument, IsRefused) { EXPECT_FALSE(Document::parse(GetParam().text)); }

INSTANTIATE_TEST_SUITE_P(
    OpenApi, BrokenDocument,
    ::testing::Values(
        BrokenCase{"not_json", "openapi: 3.0.3"}, BrokenCase{"no_paths", R"({"openapi":"3.0.3"})"},
        BrokenCase{"one_name_twice", R"({"paths":{"/a":{"get":{"operationId":"x"},
                                                     "put":{"operationId":"x"}}}})"},
        BrokenCase{
            "reference_to_nothing",
            R"({"paths":{"/a":{"get":{"parameters":[{"$ref":"#/components/parameters/p"}]}}}})"},
        BrokenCase{"parameter_without_schema",
                   R"({"paths":{"/a":{"get":{"parameters":[{"name":"p","in":"query"}]}}}})"}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace gatehouse::schema
