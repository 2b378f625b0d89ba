// SPDX-License-Identifier: Apache-2.0
#include "rest/route_tree.h"

#include <gtest/gtest.h>

namespace gatehouse::rest {
namespace {

class Routes : public ::testing::Test {
 protected:
  Routes() {
    for (const char* path :
         {"/apis", "/apis/{apiId}", "/apis/validate", "/apis/{apiId}/revisions/{revisionId}",
          "/policies/{level}", "/policies/{level}/{name}", "/policies/streaming/{kind}/all"}) {
      tree_.add(path, path, nullptr);
    }
  }

  // The template that fits, with its values: "/apis/{apiId} apiId=7".
  std::string find(std::string_view path) const {
    std::vector<std::string> values;
    const RouteTree::Methods* methods = tree_.find(path, values);
    if (methods == nullptr) return "";
    const auto& [path_template, target] = *methods->begin();
    std::string text = path_template;
    for (std::size_t i = 0; i < values.size(); ++i) text += " " + target.names[i] + "=" + values[i];
    return text;
  }

  RouteTree tree_;
};

TEST_F(Routes, LiteralsWinOverParameters) {
  EXPECT_EQ(find("/apis/validate"), "/apis/validate");
  EXPECT_EQ(find("/apis/7"), "/apis/{apiId} apiId=7");
}

TEST_F(Routes, LiteralThatLeadsNowhereIsAParameter) {
  EXPECT_EQ(find("/apis/validate/revisions/1"),
            "/apis/{apiId}/revisions/{revisionId} apiId=validate revisionId=1");
  EXPECT_EQ(find("/policies/streaming/x"), "/policies/{level}/{name} level=streaming name=x");
}

TEST_F(Routes, ParameterIsOneDecodedSegment) {
  EXPECT_EQ(find("/policies/application/10%2FMin%20x"),
            "/policies/{level}/{name} level=application name=10/Min x");
}

TEST_F(Routes, MethodsMayNameAParameterDifferently) {
  RouteTree tree;
  tree.add("/roles/{id}", "GET", nullptr);
  tree.add("/roles/{name}", "DELETE", nullptr);
  std::vector<std::string> values;
  const RouteTree::Methods* methods = tree.find("/roles/cook", values);
  ASSERT_NE(methods, nullptr);
  EXPECT_EQ(methods->at("GET").names, std::vector<std::string>{"id"});
  EXPECT_EQ(methods->at("DELETE").names, std::vector<std::string>{"name"});
}

TEST_F(Routes, EverythingElseIsNowhere) {
  for (const char* path : {"", "/", "/apis/", "/apis//revisions/1", "/apis/7/revisions",
                           "/apis/7/revisions/1/2", "/apis/%zz", "/APIS"}) {
    EXPECT_EQ(find(path), "") << path;
  }
}

}  // namespace
}  // namespace gatehouse::rest
