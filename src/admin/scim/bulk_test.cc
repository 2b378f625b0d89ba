// SPDX-License-Identifier: Apache-2.0
#include "admin/scim/bulk.h"

#include <gtest/gtest.h>

namespace gatehouse::admin {
namespace {

json::object parse(const std::string& text) { return *parse_json_object(text); }

std::string request(const std::string& operations) {
  return R"({"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"failOnErrors":2,)"
         R"("Operations":[)" +
         operations + "]}";
}

TEST(ScimBulk, ReadsOperations) {
  const auto read = bulk_request_from(
      parse(request(R"({"method":"post","bulkId":"a","path":"/Users","data":{"userName":"x"}},)"
                    R"({"method":"DELETE","path":"/Groups/1","version":"W/\"2\""})")));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->errors_max, 2);
  ASSERT_EQ(read->operations.size(), 2U);
  EXPECT_EQ(read->operations[0].method, "POST");
  EXPECT_EQ(read->operations[0].bulk_id, "a");
  EXPECT_EQ(read->operations[1].path, "/Groups/1");
  EXPECT_EQ(read->operations[1].version, "W/\"2\"");
}

struct RefusalCase {
  const char* name;
  std::string operations;
  const char* type;
};

class ScimBulkRefusals : public ::testing::TestWithParam<RefusalCase> {};

TEST_P(ScimBulkRefusals, HaveTheirType) {
  const auto read = bulk_request_from(parse(request(GetParam().operations)));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().detail, GetParam().type);
}

INSTANTIATE_TEST_SUITE_P(
    Rfc7644, ScimBulkRefusals,
    ::testing::Values(
        RefusalCase{"no_object", "1", "invalidSyntax"},
        RefusalCase{"no_method", R"({"path":"/Users","bulkId":"a","data":{}})", "invalidSyntax"},
        RefusalCase{"get", R"({"method":"GET","path":"/Groups/1"})", "invalidSyntax"},
        RefusalCase{"no_bulk_id", R"({"method":"POST","path":"/Users","data":{}})",
                    "invalidSyntax"},
        RefusalCase{"no_data", R"({"method":"PUT","path":"/Groups/1"})", "invalidSyntax"},
        RefusalCase{"another_resource",
                    R"({"method":"POST","bulkId":"a","path":"/Bulk","data":{}})", "invalidPath"},
        RefusalCase{"oneself", R"({"method":"DELETE","path":"/Me"})", "invalidPath"},
        RefusalCase{"no_id", R"({"method":"DELETE","path":"/Groups/"})", "invalidPath"},
        RefusalCase{"id_for_post", R"({"method":"POST","bulkId":"a","path":"/Groups/1","data":{}})",
                    "invalidPath"},
        RefusalCase{"deeper", R"({"method":"DELETE","path":"/Groups/1/2"})", "invalidPath"},
        RefusalCase{"query", R"({"method":"DELETE","path":"/Groups/1?x=y"})", "invalidPath"},
        RefusalCase{"header_in_version",
                    R"({"method":"DELETE","path":"/Groups/1","version":"a\r\nb: c"})",
                    "invalidValue"},
        RefusalCase{"twice",
                    R"({"method":"POST","bulkId":"a","path":"/Users","data":{}},)"
                    R"({"method":"POST","bulkId":"a","path":"/Users","data":{}})",
                    "invalidValue"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(ScimBulk, HasALimit) {
  std::string many;
  for (std::size_t i = 0; i <= bulk_operations_max; ++i) {
    many += R"({"method":"DELETE","path":"/Groups/1"},)";
  }
  many.pop_back();
  EXPECT_EQ(bulk_request_from(parse(request(many))).error().detail, "413");
  EXPECT_FALSE(bulk_request_from(parse(R"({"Operations":[]})")));
  EXPECT_FALSE(bulk_request_from(
      parse(R"({"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"]})")));
}

TEST(ScimBulk, PutsIdsInThePlaceOfReferences) {
  const BulkOperation operation{
      .method = "PUT",
      .bulk_id = "",
      .version = "",
      .path = "/Groups/bulkId:g",
      .data = parse(R"({"members":[{"value":"bulkId:a"},{"value":"bulkId"}],"x":"a bulkId:a"})")};
  EXPECT_FALSE(resolved(operation, {}));
  EXPECT_FALSE(resolved(operation, {{"a", "1"}}));
  EXPECT_FALSE(resolved(operation, {{"g", "2"}}));
  const auto made = resolved(operation, {{"a", "1"}, {"g", "2"}});
  ASSERT_TRUE(made);
  EXPECT_EQ(made->path, "/Groups/2");
  EXPECT_EQ(json::serialize(made->data),
            R"({"members":[{"value":"1"},{"value":"bulkId"}],"x":"a bulkId:a"})");
}

}  // namespace
}  // namespace gatehouse::admin
