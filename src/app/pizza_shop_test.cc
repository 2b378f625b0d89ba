// SPDX-License-Identifier: Apache-2.0
#include "app/pizza_shop.h"

#include <gtest/gtest.h>

namespace gatehouse::app {
namespace {

struct ShopCase {
  const char* name;
  const char* method;
  const char* path;
  const char* body;
  int status;
};

class Shop : public ::testing::TestWithParam<ShopCase> {};

TEST_P(Shop, Answers) {
  PizzaShop shop;
  ASSERT_EQ(shop.handle(http::make_request("POST", "/orders", R"({"pizza":"Marinara"})")).status,
            201);
  const ShopCase& row = GetParam();
  EXPECT_EQ(shop.handle(http::make_request(row.method, row.path, row.body)).status, row.status);
}

INSTANTIATE_TEST_SUITE_P(
    Orders, Shop,
    ::testing::Values(
        ShopCase{"menu", "GET", "/menu", "", 200},
        ShopCase{"menu_is_read_only", "POST", "/menu", "{}", 405},
        ShopCase{"list", "GET", "/orders", "", 200}, ShopCase{"one", "GET", "/orders/1", "", 200},
        ShopCase{"unknown", "GET", "/orders/2", "", 404},
        ShopCase{"removed", "DELETE", "/orders/1", "", 204},
        ShopCase{"placed", "POST", "/orders", R"({"pizza":"Diavola","quantity":2})", 201},
        ShopCase{"not_on_the_menu", "POST", "/orders", R"({"pizza":"Hawaii"})", 400},
        ShopCase{"too_many", "POST", "/orders", R"({"pizza":"Diavola","quantity":101})", 400},
        ShopCase{"not_json", "POST", "/orders", "pizza!", 400},
        ShopCase{"elsewhere", "GET", "/kitchen", "", 404}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(PizzaShop, KeepsABoundedNumberOfOrders) {
  PizzaShop shop;
  for (std::size_t i = 0; i < PizzaShop::orders_max + 5; ++i) {
    shop.handle(http::make_request("POST", "/orders", R"({"pizza":"Marinara"})"));
  }
  EXPECT_EQ(shop.handle(http::make_request("GET", "/orders/5")).status, 404);
  EXPECT_EQ(shop.handle(http::make_request("GET", "/orders/6")).status, 200);
}

}  // namespace
}  // namespace gatehouse::app
