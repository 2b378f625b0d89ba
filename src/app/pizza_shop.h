// SPDX-License-Identifier: Apache-2.0
//
// The sample backend: a pizza shop with a menu and orders, in memory.
//
//   GET /menu → {"pizzas":[{"name","price","toppings"}]}
//   GET /orders · POST /orders {"pizza","quantity"} → 201 · GET, DELETE /orders/{id}
//
// Thread:  one event loop.
// Memory:  at most `orders_max` orders; the oldest goes first.
#pragma once

#include <deque>
#include <optional>

#include "core/json.h"
#include "http/handler.h"

namespace gatehouse::app {

class PizzaShop final : public http::Handler {
 public:
  static constexpr std::size_t orders_max = 1000;

  std::optional<http::Response> try_answer(const http::Request& request) override;
  http::Response handle(const http::Request& request) override;

 private:
  http::Response place(const http::Request& request);
  http::Response on_order(const http::Request& request, std::string_view id);

  std::deque<json::object> orders_;
  std::int64_t next_order_ = 1;
};

}  // namespace gatehouse::app
