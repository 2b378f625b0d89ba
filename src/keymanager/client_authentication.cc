// SPDX-License-Identifier: Apache-2.0
#include "keymanager/client_authentication.h"

#include <algorithm>

#include "core/digest.h"
#include "keymanager/client_kind.h"
#include "keymanager/client_secrets.h"
#include "keymanager/oauth_error.h"

namespace gatehouse::keymanager {

namespace {

using storage::Client;
using storage::Transaction;

tl::unexpected<Error> not_authenticated(const char* why = "The client did not authenticate") {
  return refuse(invalid_client, why);
}

tl::unexpected<Error> two_ways() {
  return refuse(invalid_request, "The client authenticates in two ways");
}

// VSCHAR of RFC 6749, appendix A.1. No database is asked about anything else.
bool is_client_id(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

// By which two requests have the same secret of the same client in the same places; nothing, when
// the client shows none, or something that may be shown once.
std::optional<std::string> secret_shown(const http::Request& request, const Form& form) {
  if (form.has("client_assertion") || form.has("client_assertion_type")) return std::nullopt;
  if (request.headers.count("Authorization") > 1) return std::nullopt;
  const std::string_view header = request.headers.value_or("Authorization", "");
  if (header.empty() && !form.has("client_secret")) return std::nullopt;
  std::string shown(header);
  for (const char* const name : {"client_id", "client_secret"}) {
    shown += '\n';
    shown += form.text(name);
  }
  return shown;
}

}  // namespace

Result<Client> SharedAuthentication::authenticate(const http::Request& request, const Form& form) {
  const std::optional<std::string> shown = secret_shown(request, form);
  if (!shown) return clients_.authenticate(request, form);
  if (const auto known = seen_.find(*shown); known != seen_.end()) return known->second;
  GH_TRY(client, clients_.authenticate(request, form));
  seen_.emplace(*shown, client);
  return client;
}

Result<Client> ClientAuthentication::authenticate(const http::Request& request,
                                                  const Form& form) const {
  const std::size_t headers = request.headers.count("Authorization");
  if (headers > 1) return refuse(invalid_request, "Authorization is there twice");
  const bool asserts = form.has("client_assertion") || form.has("client_assertion_type");
  const bool has_secret = form.has("client_secret");
  if ((headers == 1 && (asserts || has_secret)) || (asserts && has_secret)) return two_ways();
  if (asserts) return by_assertion(request, form);
  if (headers == 0) {
    if (!form.has("client_id")) return not_authenticated();
    if (!has_secret) return without_secret(request, form);
    return check({std::string(form.text("client_id")), std::string(form.text("client_secret"))});
  }
  const std::optional<NameAndSecret> pair =
      client_credentials_of(request.headers.value_or("Authorization", ""));
  if (!pair) return not_authenticated();
  if (form.has("client_id") && form.text("client_id") != pair->name) return two_ways();
  return check(*pair);
}

Result<Client> ClientAuthentication::authenticate_confidential(const http::Request& request,
                                                               const Form& form) const {
  Result<Client> client = authenticate(request, form);
  if (client && is_public(*client)) return not_authenticated();
  return client;
}

Result<Client> ClientAuthentication::check(const NameAndSecret& pair) const {
  Result<KnownClient> known = find(pair.name);
  if (!known && known.error().code != ErrorCode::not_found) {
    return tl::unexpected<Error>(known.error());
  }
  if (!known || !is_one_of(pair.secret, known->secrets) || !known->client.active) {
    return not_authenticated("The client id or the client secret is wrong");
  }
  if (method_of(known->client) != Method::secret) {
    return not_authenticated("The client registered another way of authentication");
  }
  return std::move(known->client);
}

Result<Client> ClientAuthentication::by_assertion(const http::Request& request,
                                                  const Form& form) const {
  if (form.text("client_assertion_type") != client_assertion_type) {
    return refuse(invalid_request, "The type of the client assertion is not supported");
  }
  GH_TRY(assertion, form.required("client_assertion"));
  GH_TRY(subject, ClientAssertion::subject_of(assertion));
  if (form.has("client_id") && form.text("client_id") != subject) {
    return not_authenticated("client_id and the assertion name two clients");
  }
  Result<KnownClient> known = find(subject);
  if (!known && known.error().code != ErrorCode::not_found) {
    return tl::unexpected<Error>(known.error());
  }
  const bool takes =
      known && known->client.active && method_of(known->client) == Method::private_key_jwt;
  if (!takes) return not_authenticated("The client assertion does not hold");
  GH_CHECK(assertions_.check(assertion, known->client, request.path));
  return std::move(known->client);
}

// RFC 8705, section 2.2.2: one of the client's keys has it as its certificate.
Result<bool> ClientAuthentication::registered(const Client& client,
                                              const std::string& certificate) const {
  if (certificate.empty()) return false;
  const auto keys = keys_.find(client, [&](const ClientKeySet& set) {
    return std::any_of(
        set.certificates.begin(), set.certificates.end(),
        [&](const std::string& one) { return equals_in_constant_time(one, certificate); });
  });
  if (!keys && keys.error().code == ErrorCode::unavailable)
    return tl::unexpected<Error>(keys.error());
  return keys.has_value();
}

Result<Client> ClientAuthentication::without_secret(const http::Request& request,
                                                    const Form& form) const {
  Result<KnownClient> known = find(form.text("client_id"));
  if (!known && known.error().code != ErrorCode::not_found) {
    return tl::unexpected<Error>(known.error());
  }
  if (!known || !known->client.active) return not_authenticated();
  switch (method_of(known->client)) {
    case Method::none: return std::move(known->client);
    case Method::tls:
      if (!certificates_.is_of(known->client, request.peer.certificate)) break;
      return std::move(known->client);
    case Method::self_signed_tls: {
      GH_TRY(own, registered(known->client, request.peer.certificate));
      if (!own) break;
      return std::move(known->client);
    }
    case Method::secret:
    case Method::private_key_jwt:
    case Method::unknown: break;
  }
  return not_authenticated();
}

Result<ClientAuthentication::KnownClient> ClientAuthentication::find(
    std::string_view client_id) const {
  if (!is_client_id(client_id)) return fail(ErrorCode::not_found, "No such client");
  const Instant now = clock_.now();
  return apis_.read([&](Transaction& transaction) {
    return storage::ClientStore(transaction).find_known(client_id, now);
  });
}

}  // namespace gatehouse::keymanager
