// SPDX-License-Identifier: Apache-2.0
#include "rest/problem.h"

#include <gtest/gtest.h>

#include <set>

#include "core/json.h"
#include "rest/problems.h"

namespace gatehouse::rest {
namespace {

TEST(Problem, NumbersAreUniqueAndAscend) {
  std::uint32_t last = 0;
  for (const Problem& problem : all_problems()) {
    EXPECT_GT(problem.number, last) << problem.message;
    last = problem.number;
  }
}

struct StatusCase {
  const char* name;
  ErrorCode code;
  int status;
};

class ProblemStatus : public ::testing::TestWithParam<StatusCase> {};

TEST_P(ProblemStatus, FollowsTheCode) {
  const http::Response response = problem_response(fail(GetParam().code, "Why").value());
  EXPECT_EQ(response.status, GetParam().status);
  const json::value body = json::parse(response.body);
  EXPECT_EQ(body.at("code").as_int64(), GetParam().status);
  EXPECT_EQ(body.at("message").as_string(), http::reason_phrase(GetParam().status));
}

INSTANTIATE_TEST_SUITE_P(
    Codes, ProblemStatus,
    ::testing::Values(StatusCase{"invalid_argument", ErrorCode::invalid_argument, 400},
                      StatusCase{"unauthenticated", ErrorCode::unauthenticated, 401},
                      StatusCase{"forbidden", ErrorCode::forbidden, 403},
                      StatusCase{"not_found", ErrorCode::not_found, 404},
                      StatusCase{"conflict", ErrorCode::conflict, 409},
                      StatusCase{"exhausted", ErrorCode::exhausted, 429},
                      StatusCase{"unavailable", ErrorCode::unavailable, 503},
                      StatusCase{"internal", ErrorCode::internal, 500}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Problem, TellsTheNumberTheTitleAndThisCase) {
  const http::Response response =
      problem_response(refuse_because(api_in_use, "Applications use it: shop, till").value());
  EXPECT_EQ(response.status, 409);
  EXPECT_EQ(json::parse(response.body), json::parse(R"({"code":909005,
      "message":"Applications subscribe to the API",
      "description":"Applications use it: shop, till","moreInfo":"","error":[]})"));
}

TEST(Problem, WhatIsForTheLogStaysInside) {
  const http::Response response =
      problem_response(fail(ErrorCode::internal, "no table am_api", "host db1").value());
  EXPECT_EQ(response.body.find("am_api"), std::string::npos);
  EXPECT_EQ(response.body.find("db1"), std::string::npos);
}

}  // namespace
}  // namespace gatehouse::rest
