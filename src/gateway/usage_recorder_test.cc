// SPDX-License-Identifier: Apache-2.0
#include "gateway/usage_recorder.h"

#include <gtest/gtest.h>

namespace gatehouse::gateway {
namespace {

class UsageTest : public ::testing::Test {
 protected:
  UsageTest() : api_(deployed(), trust_, number_) {
    call_.api = &api_;
    call_.operation = api_.find("/menu", "GET");
    call_.application = &shop_;
    call_.status = 200;
    call_.request_bytes = 10;
    call_.response_bytes = 20;
    call_.latency = std::chrono::microseconds(3);
    call_.now = from_ms(125'000);
  }
  static model::DeployedApi deployed() {
    model::DeployedApi api;
    api.id = "pizza";
    api.operations = {{"GET", "/menu", model::AuthType::any, "", {}}};
    return api;
  }

  std::uint32_t number_ = 1;
  BackendTrust trust_{nullptr};
  Api api_;
  Application shop_{{"shop", 1, "Shop", "ann", "", ""}, 9};
  UsageRecorder recorder_;
  Call call_;
};

TEST_F(UsageTest, CallsOfOneKindAreOneRow) {
  recorder_.add(call_);
  recorder_.add(call_);
  const json::array rows = recorder_.take(call_.now);
  ASSERT_EQ(rows.size(), 1U);
  const json::object& row = rows[0].as_object();
  EXPECT_EQ(row.at("minute_ms").as_int64(), 120'000);
  EXPECT_EQ(row.at("api_id").as_string(), "pizza");
  EXPECT_EQ(row.at("resource").as_string(), "GET /menu");
  EXPECT_EQ(row.at("application_id").as_string(), "shop");
  EXPECT_EQ(row.at("key_type").as_string(), "PRODUCTION");
  EXPECT_EQ(row.at("status_class").as_int64(), 2);
  EXPECT_EQ(row.at("count").to_number<int>(), 2);
  EXPECT_EQ(row.at("request_bytes").to_number<int>(), 20);
  EXPECT_EQ(row.at("response_bytes").to_number<int>(), 40);
  EXPECT_EQ(row.at("latency").as_array().size(), 32U);
  EXPECT_EQ(row.at("latency").as_array()[2].to_number<int>(), 2);
  EXPECT_TRUE(recorder_.take(call_.now).empty());
}

TEST_F(UsageTest, CallsOfEachKindHaveTheirOwnRow) {
  recorder_.add(call_);
  for (const auto change :
       {+[](Call& call) { call.status = 404; }, +[](Call& call) { call.fault_code = 900902; },
        +[](Call& call) { call.application = nullptr; },
        +[](Call& call) { call.operation = nullptr; },
        +[](Call& call) { call.key_type = model::KeyType::sandbox; },
        +[](Call& call) { call.now += std::chrono::minutes(1); }}) {
    Call call = call_;
    change(call);
    recorder_.add(call);
  }
  EXPECT_EQ(recorder_.take(call_.now).size(), 7U);
}

}  // namespace
}  // namespace gatehouse::gateway
