// SPDX-License-Identifier: Apache-2.0
#include "rest/router.h"

#include <gtest/gtest.h>

#include "rest/problems.h"
#include "storage/database.h"

namespace gatehouse::rest {
namespace {

constexpr const char* orders = R"({
  "openapi": "3.0.3",
  "paths": {
    "/orders": {
      "get": {"operationId": "listOrders", "security": [{"OAuth2": ["orders:read", "orders:all"]}],
        "parameters": [
          {"name": "limit", "in": "query",
           "schema": {"type": "integer", "minimum": 0, "default": 25}},
          {"name": "offset", "in": "query", "schema": {"type": "integer", "default": 0}},
          {"name": "state", "in": "query", "schema": {"type": "string", "enum": ["open", "done"]}}],
        "responses": {"200": {"content": {"application/json": {}}}, "304": {}}},
      "post": {"operationId": "addOrder", "security": [{"OAuth2": ["orders:write"]}],
        "requestBody": {"required": true, "content": {
          "application/json": {"schema": {"$ref": "#/components/schemas/Order"}},
          "multipart/form-data": {"schema": {"type": "object", "required": ["file"], "properties": {
            "file": {"type": "string", "format": "binary"}, "count": {"type": "integer"}}}}}},
        "responses": {"201": {"content": {"application/json": {}}}}}},
    "/orders/menu": {
      "get": {"operationId": "getMenu", "security": [{}, {"OAuth2": []}],
        "responses": {"200": {"content": {"text/plain": {}}}}}},
    "/orders/{orderId}": {
      "get": {"operationId": "getOrder", "security": [{"OAuth2": ["orders:read"]}],
        "parameters": [{"name": "orderId", "in": "path", "required": true,
                        "schema": {"type": "string", "maxLength": 8}}],
        "responses": {"200": {}}},
      "delete": {"operationId": "deleteOrder", "security": [{"OAuth2": ["orders:write"]}],
        "responses": {"204": {}}}}},
  "components": {"schemas": {"Order": {"type": "object", "required": ["pizza"], "properties": {
    "id": {"type": "string", "readOnly": true}, "pizza": {"type": "string"},
    "size": {"type": "integer", "default": 30}}}}}})";

// Knows one token: "reader" may read, "writer" may write; any other holds nobody.
class KeyManager final : public http::Client {
 public:
  net::Task<Result<http::Response>> send(const http::Request& request,
                                         std::chrono::milliseconds timeout) override {
    co_return ask(request, timeout);
  }

  Result<http::Response> ask(const http::Request& request, std::chrono::milliseconds) override {
    EXPECT_EQ(request.method + request.path, "POST/internal/keys/v1/authenticate");
    if (down) return fail(ErrorCode::unavailable, "No answer");
    const auto question = parse_json_object(request.body);
    const std::string token = text_or(*question, "authorization", "");
    if (token == "Bearer reader") return person(R"(["orders:read"])");
    if (token == "Bearer writer") return person(R"(["orders:read","orders:write"])");
    return http::make_response(401, "application/json",
                               R"({"code":900903,"message":"x","description":"It has expired"})");
  }

  bool down = false;

 private:
  static http::Response person(std::string scopes) {
    return http::make_response(200, "application/json",
                               R"({"tenant":1,"tenant_domain":"carbon.super","user_id":"u1",)"
                               R"("user":"mary","roles":["cook"],"scopes":)" +
                                   scopes + "}");
  }
};

// Leaves a change number behind as a write on this thread does.
class Written : public storage::Database {
 public:
  static void note(std::uint64_t number) { note_change_number(number); }
};

class Rest : public ::testing::Test {
 protected:
  Rest() : router_(options(), key_manager_) {
    router_.bind("listOrders", [this](const Call& call) { return list(call); });
    router_.bind("addOrder", [this](const Call& call) { return add(call); });
    router_.bind("getMenu", [](const Call& call) -> Result<Reply> {
      return bytes("text/plain", call.caller.anonymous() ? "welcome" : "hello " + call.caller.user);
    });
    router_.bind("getOrder", [](const Call& call) -> Result<Reply> {
      if (call.path_value("orderId") == "none") return refuse(resource_not_found);
      return ok({{"id", call.path_value("orderId")}});
    });
    router_.bind("deleteOrder", [](const Call& call) -> Result<Reply> {
      if (call.path_value("orderId") == "known") Written::note(12);
      return no_content();
    });
  }

  RouterOptions options() {
    RouterOptions options;
    options.base_paths = {"/api/orders/v4", "/api/orders/v3"};
    options.openapi_json = orders;
    options.openapi_yaml = "openapi: '3.0.3'";
    options.after_write = [this](std::uint64_t change) { waited_.push_back(change); };
    return options;
  }

  Result<Reply> list(const Call& call) {
    page_ = call.page();
    return ok(page_of({"a", "b"}, 60, call));
  }

  Result<Reply> add(const Call& call) {
    body_ = call.body;
    parts_ = call.parts;
    return created({{"id", "7"}}, "/orders/7");
  }

  http::Response send(std::string method, std::string target, std::string_view token = "",
                      std::string body = "", std::string type = "") {
    http::Request request = http::make_request(std::move(method), "/api/orders/v4" + target,
                                               std::move(body), std::move(type));
    if (!token.empty()) request.headers.add("Authorization", "Bearer " + std::string(token));
    for (const auto& [name, value] : headers_) request.headers.add(name, value);
    return router_.handle(request);
  }

  static json::value parsed(const http::Response& response) { return json::parse(response.body); }

  KeyManager key_manager_;
  Router router_;
  std::vector<std::uint64_t> waited_;
  std::vector<std::pair<std::string, std::string>> headers_;
  Page page_;
  json::value body_;
  std::vector<Part> parts_;
};

struct RefusalCase {
  const char* name;
  const char* method;
  const char* target;
  const char* token;
  const char* body;
  const char* type;
  int status;
  std::int64_t code;
  const char* description;
};

class RestRefusal : public Rest, public ::testing::WithParamInterface<RefusalCase> {};

TEST_P(RestRefusal, IsAProblemWithItsNumber) {
  const RefusalCase& row = GetParam();
  const http::Response response = send(row.method, row.target, row.token, row.body, row.type);
  EXPECT_EQ(response.status, row.status) << response.body;
  EXPECT_EQ(response.headers.value_or("Content-Type", ""), "application/json");
  const json::value problem = parsed(response);
  EXPECT_EQ(problem.at("code").as_int64(), row.code);
  EXPECT_EQ(problem.at("description").as_string(), row.description);
  EXPECT_EQ(problem.at("moreInfo").as_string(), "");
  EXPECT_TRUE(problem.at("error").as_array().empty());
}

constexpr const char* json_type = "application/json; charset=utf-8";

INSTANTIATE_TEST_SUITE_P(
    Router, RestRefusal,
    ::testing::Values(
        RefusalCase{"unknown_path", "GET", "/nothing", "reader", "", "", 404, 900401,
                    "There is nothing at this path"},
        RefusalCase{"base_path_is_whole", "GET", "x/orders", "reader", "", "", 404, 900401,
                    "There is nothing at this path"},
        RefusalCase{"wrong_verb", "PATCH", "/orders", "reader", "", "", 405, 405,
                    "The resource has no such method"},
        RefusalCase{"no_credentials", "GET", "/orders", "", "", "", 401, 900902,
                    "No credentials were sent"},
        RefusalCase{"key_manager_refuses", "GET", "/orders", "stolen", "", "", 401, 900903,
                    "It has expired"},
        RefusalCase{"wrong_token_where_none_is_needed", "GET", "/orders/menu", "stolen", "", "",
                    401, 900903, "It has expired"},
        RefusalCase{"scope_missing", "DELETE", "/orders/7", "reader", "", "", 403, 900910,
                    "One of these scopes is needed: orders:write"},
        RefusalCase{"parameter_type", "GET", "/orders?limit=many", "reader", "", "", 400, 400,
                    "limit: must be a whole number"},
        RefusalCase{"parameter_bound", "GET", "/orders?limit=-1", "reader", "", "", 400, 400,
                    "limit: must be at least 0"},
        RefusalCase{"parameter_enum", "GET", "/orders?state=x", "reader", "", "", 400, 400,
                    "state: must be one of open, done"},
        RefusalCase{"parameter_twice", "GET", "/orders?state=open&state=done", "reader", "", "",
                    400, 400, "state: given more than once"},
        RefusalCase{"path_parameter", "GET", "/orders/123456789", "reader", "", "", 400, 400,
                    "orderId: must have at most 8 characters"},
        RefusalCase{"body_missing", "POST", "/orders", "writer", "", "", 400, 400,
                    "/: a body is required"},
        RefusalCase{"body_type", "POST", "/orders", "writer", "pizza=1",
                    "application/x-www-form-urlencoded", 415, 415,
                    "The body has a type that is not taken"},
        RefusalCase{"unknown_field", "POST", "/orders", "writer", R"({"pizza":"x","colour":1})",
                    json_type, 400, 400, "/colour: unknown field"},
        RefusalCase{"form_without_file", "POST", "/orders", "writer",
                    "--b\r\nContent-Disposition: form-data; name=count\r\n\r\n7\r\n--b--",
                    "multipart/form-data; boundary=b", 400, 400, "/file: required"},
        RefusalCase{"form_field_type", "POST", "/orders", "writer",
                    "--b\r\nContent-Disposition: form-data; name=count\r\n\r\nx\r\n--b--",
                    "multipart/form-data; boundary=b", 400, 400, "/count: must be a whole number"},
        RefusalCase{"handler_refuses", "GET", "/orders/none", "reader", "", "", 404, 900401,
                    "There is nothing at this path"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST_F(Rest, WrongVerbNamesTheRightOnes) {
  EXPECT_EQ(send("PATCH", "/orders", "reader").headers.value_or("Allow", ""),
            "GET, POST, HEAD, OPTIONS");
  const http::Response options = send("OPTIONS", "/orders/7");
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(options.headers.value_or("Allow", ""), "DELETE, GET, HEAD, OPTIONS");
}

TEST_F(Rest, UnauthorizedSaysHow) {
  EXPECT_EQ(send("GET", "/orders").headers.value_or("WWW-Authenticate", ""), "Bearer");
}

TEST_F(Rest, WithoutAKeyManagerNobodyIsKnown) {
  key_manager_.down = true;
  EXPECT_EQ(send("GET", "/orders", "reader").status, 503);
  EXPECT_EQ(send("GET", "/orders/menu").body, "welcome");
}

TEST_F(Rest, OneAuthorizationHeaderOnly) {
  headers_ = {{"Authorization", "Bearer writer"}};
  EXPECT_EQ(send("GET", "/orders", "reader").status, 401);
}

TEST_F(Rest, AnonymousCallersAndKnownOnesShareAnOpenOperation) {
  EXPECT_EQ(send("GET", "/orders/menu").body, "welcome");
  EXPECT_EQ(send("GET", "/orders/menu", "reader").body, "hello mary");
}

TEST_F(Rest, AliasesServeTheSame) {
  http::Request request = http::make_request("GET", "/api/orders/v3/orders/7");
  request.headers.add("authorization", "Bearer reader");
  EXPECT_EQ(router_.handle(request).status, 200);
}

TEST_F(Rest, HeadReadsLikeGet) { EXPECT_EQ(send("HEAD", "/orders/7", "reader").status, 200); }

TEST_F(Rest, EncodedSlashStaysInItsSegment) {
  EXPECT_EQ(parsed(send("GET", "/orders/a%2Fb", "reader")).at("id").as_string(), "a/b");
}

TEST_F(Rest, BodyIsWhatTheSchemaMakesOfIt) {
  const http::Response response =
      send("POST", "/orders", "writer", R"({"id":"9","pizza":"quattro"})", json_type);
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.headers.value_or("Location", ""), "/api/orders/v4/orders/7");
  EXPECT_EQ(response.headers.value_or("Cache-Control", ""), "no-store");
  EXPECT_EQ(body_, json::parse(R"({"pizza":"quattro","size":30})"));
}

TEST_F(Rest, FormKeepsFilesApartFromFields) {
  const http::Response response =
      send("POST", "/orders", "writer",
           "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n"
           "Content-Type: image/png\r\n\r\n\xFF\xFEz\r\n"
           "--b\r\nContent-Disposition: form-data; name=count\r\n\r\n7\r\n--b--\r\n",
           "multipart/form-data; boundary=b");
  ASSERT_EQ(response.status, 201) << response.body;
  ASSERT_EQ(parts_.size(), 2u);
  EXPECT_EQ(parts_[0].file_name, "a.bin");
  EXPECT_EQ(parts_[0].media_type, "image/png");
  EXPECT_EQ(body_.at("count").as_int64(), 7);
}

TEST_F(Rest, PagesLinkToTheirNeighbours) {
  const json::value page = parsed(send("GET", "/orders?limit=2&offset=1&state=open&x=1", "reader"));
  EXPECT_EQ(page_.limit, 2);
  EXPECT_EQ(page_.offset, 1);
  EXPECT_EQ(page, json::parse(R"({"count":2,"list":["a","b"],"pagination":{"offset":1,"limit":2,
      "total":60,"next":"/orders?limit=2&offset=3&state=open",
      "previous":"/orders?limit=2&offset=0&state=open"}})"));
}

TEST_F(Rest, PagesHave25ItemsAtFirstAndNeverMoreThan1000) {
  send("GET", "/orders", "reader");
  EXPECT_EQ(page_.limit, 25);
  send("GET", "/orders?limit=1000000", "reader");
  EXPECT_EQ(page_.limit, 1000);
}

TEST_F(Rest, AcceptMustAllowSomethingThatWeHave) {
  headers_ = {{"Accept", "text/html, image/*"}};
  EXPECT_EQ(send("GET", "/orders", "reader").status, 406);
  EXPECT_EQ(send("GET", "/orders/7", "reader").status, 200);  // promises no type
  headers_ = {{"Accept", "text/html, */*;q=0.1"}};
  EXPECT_EQ(send("GET", "/orders", "reader").status, 200);
}

TEST_F(Rest, KnownContentIsNotSentAgain) {
  const http::Response first = send("GET", "/orders", "reader");
  const std::string tag(first.headers.value_or("ETag", ""));
  ASSERT_FALSE(tag.empty());
  headers_ = {{"If-None-Match", "\"x\", " + tag}};
  const http::Response second = send("GET", "/orders", "reader");
  EXPECT_EQ(second.status, 304);
  EXPECT_EQ(second.body, "");
  EXPECT_EQ(send("GET", "/orders?offset=1", "reader").status, 200);
}

TEST_F(Rest, DocumentIsServedToAnyone) {
  const http::Response response = send("GET", "/openapi.yaml");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "openapi: '3.0.3'");
}

TEST_F(Rest, WritesWaitForTheGateway) {
  send("GET", "/orders", "reader");
  EXPECT_TRUE(waited_.empty());
  send("DELETE", "/orders/7", "writer");
  EXPECT_EQ(waited_, std::vector<std::uint64_t>{0});
}

TEST_F(Rest, AnswersNameTheChangeThatTheyHangOn) {
  Written::note(11);  // of an earlier request on this thread
  EXPECT_EQ(send("GET", "/orders", "reader").headers.find("Gatehouse-Change"), nullptr);
  const http::Response response = send("DELETE", "/orders/known", "writer");
  EXPECT_EQ(response.headers.value_or("Gatehouse-Change", ""), "12");
  EXPECT_EQ(waited_, std::vector<std::uint64_t>{12});
}

TEST_F(Rest, EveryOperationNeedsItsHandler) {
  EXPECT_TRUE(router_.check());
  Router router(options(), key_manager_);
  router.bind("getMenu", [](const Call&) -> Result<Reply> { return no_content(); });
  router.bind("getMenus", [](const Call&) -> Result<Reply> { return no_content(); });
  const Result<> checked = router.check();
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().message,
            "/api/orders/v4: operations without handler: [listOrders addOrder getOrder "
            "deleteOrder]; handlers without operation: [getMenus]");
}

TEST_F(Rest, BrokenDocumentStopsTheStart) {
  RouterOptions broken = options();
  broken.openapi_json = "{";
  Router router(std::move(broken), key_manager_);
  EXPECT_FALSE(router.check());
}

}  // namespace
}  // namespace gatehouse::rest
