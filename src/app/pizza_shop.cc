// SPDX-License-Identifier: Apache-2.0
#include "app/pizza_shop.h"

#include <algorithm>

namespace gatehouse::app {

namespace {

struct Pizza {
  std::string_view name;
  double price;
  std::vector<std::string> toppings;
};

const std::vector<Pizza>& menu() {
  static const std::vector<Pizza> pizzas{
      {"Margherita", 8.5, {"tomato", "mozzarella", "basil"}},
      {"Marinara", 7.0, {"tomato", "garlic", "oregano"}},
      {"Quattro Formaggi", 11.5, {"mozzarella", "gorgonzola", "fontina", "parmesan"}},
      {"Diavola", 10.5, {"tomato", "mozzarella", "salami", "chili"}},
  };
  return pizzas;
}

http::Response answer(int status, const json::value& body) {
  return http::make_response(status, "application/json", json::serialize(body));
}

http::Response refusal(int status, std::string_view reason) {
  return answer(status, json::object{{"error", reason}});
}

http::Response menu_answer() {
  json::array pizzas;
  for (const Pizza& pizza : menu()) {
    pizzas.push_back(json::object{
        {"name", pizza.name}, {"price", pizza.price}, {"toppings", to_json(pizza.toppings)}});
  }
  return answer(200, json::object{{"pizzas", std::move(pizzas)}});
}

}  // namespace

std::optional<http::Response> PizzaShop::try_answer(const http::Request& request) {
  constexpr std::string_view order_prefix = "/orders/";
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (request.path == "/menu") return reads ? menu_answer() : refusal(405, "The menu is read only");
  if (request.path == "/orders") {
    if (request.method == "POST") return place(request);
    if (!reads) return refusal(405, "Orders are listed and placed");
    return answer(200, json::object{{"orders", json::array(orders_.begin(), orders_.end())}});
  }
  if (request.path.starts_with(order_prefix)) {
    return on_order(request, std::string_view(request.path).substr(order_prefix.size()));
  }
  return refusal(404, "The shop has /menu and /orders");
}

http::Response PizzaShop::handle(const http::Request& request) { return *try_answer(request); }

http::Response PizzaShop::place(const http::Request& request) {
  const Result<json::object> wish = parse_json_object(request.body);
  if (!wish) return refusal(400, wish.error().message);
  const std::string name = text_or(*wish, "pizza", "");
  const std::int64_t quantity = number_or(*wish, "quantity", 1);
  const auto pizza = std::ranges::find(menu(), name, &Pizza::name);
  if (pizza == menu().end()) return refusal(400, "'pizza' must be on the menu");
  if (quantity < 1 || quantity > 100) return refusal(400, "'quantity' must be 1 to 100");
  json::object order{{"id", next_order_},
                     {"pizza", name},
                     {"quantity", quantity},
                     {"total", pizza->price * static_cast<double>(quantity)},
                     {"status", "baking"}};
  ++next_order_;
  orders_.push_back(order);
  if (orders_.size() > orders_max) orders_.pop_front();
  return answer(201, order);
}

http::Response PizzaShop::on_order(const http::Request& request, std::string_view id) {
  const auto order = std::ranges::find_if(orders_, [&](const json::object& item) {
    return std::to_string(item.at("id").as_int64()) == id;
  });
  if (order == orders_.end()) return refusal(404, "No such order");
  if (request.method != "DELETE") return answer(200, *order);
  orders_.erase(order);
  return http::Response{.status = 204, .headers = {}, .body = {}};
}

}  // namespace gatehouse::app
