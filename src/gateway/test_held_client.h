// SPDX-License-Identifier: Apache-2.0
//
// For tests: a client of a key manager whose answers the test gives.
//
// Thread:  the loop's.
#pragma once

#include "gateway/key_resolver.h"

namespace gatehouse::gateway {

// Answers when the test says so, with what the test says.
class HeldClient final : public http::Client {
 public:
  explicit HeldClient(net::Loop& loop) : changed_(loop) {}

  net::Task<Result<http::Response>> send(const http::Request& request,
                                         std::chrono::milliseconds) override {
    const auto body = parse_json_object(request.body);
    batches.push_back(texts_of(*body, "tokens"));
    const std::size_t mine = batches.size() - 1;
    changed_.notify_all();
    while (answers.size() <= mine) {
      const bool told = co_await changed_.wait_until(net::never);
      GH_ASSERT(told);
    }
    co_return answers[mine];
  }
  Result<http::Response> ask(const http::Request&, std::chrono::milliseconds) override {
    return fail(ErrorCode::internal, "Not on a loop");
  }

  void answer(std::uint64_t revocation, const std::vector<model::Validation>& list) {
    json::array array;
    for (const auto& each : list) array.push_back(to_json(each));
    answers.emplace_back(http::make_response(
        200, "application/json",
        json::serialize(json::object{{"revocation", revocation}, {"list", std::move(array)}})));
    changed_.notify_all();
  }
  void answer_nothing() {
    answers.emplace_back(fail(ErrorCode::unavailable, "Nobody is there"));
    changed_.notify_all();
  }
  net::Task<> wait_for_batches(std::size_t count) {
    while (batches.size() < count) {
      const bool told = co_await changed_.wait_until(net::never);
      GH_ASSERT(told);
    }
  }

  std::vector<std::vector<std::string>> batches;
  std::vector<Result<http::Response>> answers;

 private:
  net::Condition changed_;
};

// Of an application's token, or a user's.
inline model::Validation active_validation(const std::string& user = "") {
  model::Validation validation;
  validation.active = true;
  validation.client_id = "client";
  validation.user_id = user;
  validation.issued_at = from_ms(100);
  validation.expires_at = from_ms(1'000'000);
  return validation;
}

}  // namespace gatehouse::gateway
