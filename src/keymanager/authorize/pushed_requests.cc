// SPDX-License-Identifier: Apache-2.0
#include "keymanager/authorize/pushed_requests.h"

#include "core/digest.h"
#include "core/text.h"
#include "keymanager/oauth_error.h"
#include "storage/apis/pushed_request_store.h"

namespace gatehouse::keymanager {

namespace {

using storage::PushedRequestStore;
using storage::Transaction;

constexpr std::string_view prefix = "urn:ietf:params:oauth:request_uri:";
constexpr std::size_t reference_size = 32;

// What proves the client is not part of the request.
bool is_proof(std::string_view name) {
  return name == "client_secret" || name == "client_assertion" || name == "client_assertion_type";
}

std::string without_proofs(const Form& form, const storage::Client& client) {
  std::string text = "client_id=" + percent_encode(client.client_id);
  for (const auto& [name, value] : form.fields()) {
    if (is_proof(name) || name == "client_id") continue;
    text += '&' + percent_encode(name) + '=' + percent_encode(value);
  }
  return text;
}

}  // namespace

bool PushedRequests::is_reference(std::string_view request_uri) {
  return request_uri.starts_with(prefix);
}

http::Response PushedRequests::handle(const http::Request& request) {
  const Result<json::object> pushed = push(request);
  if (!pushed) return oauth_response(pushed.error());
  http::Response response = oauth_answer(*pushed);
  response.status = 201;
  return response;
}

Result<json::object> PushedRequests::push(const http::Request& request) {
  GH_TRY(form, Form::parse(request));
  GH_TRY(client, clients_.authenticate(request, form));
  if (form.has("request_uri")) return refuse(invalid_request, "A request is pushed only once");
  // What depends on the moment, such as the implicit grant of a tenant, is checked when it is used.
  const Result<AuthorizationRequest> checked =
      authorization_request(form, client, ImplicitGrant::on);
  if (!checked) return tl::unexpected<Error>(checked.error());
  const std::string reference = std::string(prefix) + to_base64url(random_.bytes(reference_size));
  const storage::PushedRequest row{.hash = to_bytes(sha256(reference)),
                                   .tenant = client.tenant,
                                   .client_id = client.client_id,
                                   .parameters = without_proofs(form, client),
                                   .expires_at = clock_.now() + lifetime};
  GH_CHECK(apis_.write(
      [&](Transaction& transaction) { return PushedRequestStore(transaction).insert(row); }));
  return json::object{{"request_uri", reference}, {"expires_in", lifetime.count()}};
}

Result<PushedRequests::Pushed> PushedRequests::find(std::string_view request_uri,
                                                    std::string_view client_id) const {
  std::string hash = to_bytes(sha256(request_uri));
  GH_TRY(stored, apis_.read([&](Transaction& transaction) {
    return PushedRequestStore(transaction).find(hash);
  }));
  if (!stored || stored->client_id != client_id || stored->expires_at <= clock_.now()) {
    return refuse(invalid_request_uri, "The request_uri does not hold any more");
  }
  GH_TRY(form, Form::parse_query(stored->parameters));
  return Pushed{std::move(form), std::move(hash)};
}

}  // namespace gatehouse::keymanager
