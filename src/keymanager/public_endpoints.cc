// SPDX-License-Identifier: Apache-2.0
#include "keymanager/public_endpoints.h"

#include <algorithm>

#include "core/text.h"
#include "keymanager/basic.h"
#include "keymanager/clients.h"

namespace gatehouse::keymanager {

namespace {

constexpr std::string_view key_set_path = "/oauth2/jwks";
constexpr std::string_view revocation_path = "/oauth2/revoke";

constexpr std::string_view introspection_path = "/oauth2/introspect";

// Of the password grant and of every form with a present or a new password, however it is encoded.
// Where it stands in another field, no harm is done.
bool has_password(std::string_view body) {
  if (body.find("password=") != std::string_view::npos) return true;
  if (body.find('%') == std::string_view::npos) return false;
  for (const std::string_view field : split(body, '&')) {
    const Result<std::string> name = percent_decode(field.substr(0, field.find('=')));
    if (name && name->ends_with("password")) return true;
  }
  return false;
}

// Resource servers introspect as clients; who has another name than a client of ours may be a user.
bool may_be_user(std::string_view authorization) {
  const std::optional<NameAndSecret> pair = basic_credentials(authorization);
  return pair && pair->name.size() != client_id_letters;
}

template <typename Endpoint>
Routes::Answer answer_of(Endpoint& endpoint) {
  return [&endpoint](const http::Request& request, const std::string&) {
    return endpoint.handle(request);
  };
}

}  // namespace

PublicEndpoints::PublicEndpoints(const PublicParts& parts, net::Pool& logins)
    : parts_(parts),
      logins_(logins),
      metadata_paths_{"/.well-known/openid-configuration",
                      "/oauth2/token/.well-known/openid-configuration",
                      "/oauth2/oidcdiscovery/.well-known/openid-configuration",
                      "/.well-known/oauth-authorization-server",
                      // RFC 8414, section 3.1: the issuer's path follows the well-known one.
                      "/.well-known/oauth-authorization-server/oauth2/token"} {
  mount();
}

void PublicEndpoints::mount() {
  routes_.add("POST", "/oauth2/token", answer_of(parts_.token));
  routes_.add("POST", "/oauth2endpoints/token", answer_of(parts_.token));
  routes_.add("POST", std::string(revocation_path), answer_of(parts_.revocation));
  routes_.add("POST", std::string(introspection_path), answer_of(parts_.introspection));
  routes_.add("GET", "/oauth2/userinfo", answer_of(parts_.user_info));
  routes_.add("POST", "/oauth2/userinfo", answer_of(parts_.user_info));
  routes_.add("POST", "/client-registration/v0.17/register", answer_of(parts_.registration));
  mount_registration();
  routes_.add("GET", std::string(key_set_path), [this](const http::Request&, const std::string&) {
    return parts_.discovery.key_set();
  });
  mount_pages();
  for (const std::string& path : metadata_paths_) {
    routes_.add("GET", path, [this](const http::Request&, const std::string&) {
      return parts_.discovery.metadata();
    });
  }
}

void PublicEndpoints::mount_pages() {
  routes_.add("POST", "/oauth2/par", answer_of(parts_.pushed));
  routes_.add("POST", "/oauth2/device_authorize",
              [this](const http::Request& request, const std::string&) {
                return parts_.devices.authorize(request);
              });
  routes_.add("GET", "/oauth2/device", [this](const http::Request& request, const std::string&) {
    return parts_.devices.show(request);
  });
  routes_.add("POST", "/oauth2/device", [this](const http::Request& request, const std::string&) {
    return parts_.devices.take(request);
  });
  routes_.add("GET", "/oauth2/submit.js", [](const http::Request&, const std::string&) {
    return http::make_response(200, "text/javascript", std::string(submit_script));
  });
  for (const char* verb : {"GET", "POST"}) {
    routes_.add(verb, "/oauth2/authorize", answer_of(parts_.authorization));
    routes_.add(verb, "/oidc/logout", answer_of(parts_.logout));
    for (const std::string page : {"account", "password", "second-factor"}) {
      routes_.add(verb, "/oauth2/" + page,
                  [this, page](const http::Request& request, const std::string&) {
                    return parts_.account.handle(request, page);
                  });
    }
    routes_.add(verb, "/oauth2/password-reset",
                [this](const http::Request& request, const std::string&) {
                  return parts_.account.handle_reset(request);
                });
    routes_.add(verb, "/oauth2/forgotten-password", answer_of(parts_.forgotten));
  }
}

void PublicEndpoints::mount_registration() {
  constexpr const char* one = "/oauth2/register/*";
  DynamicRegistrationEndpoint& endpoint = parts_.dynamic_registration;
  routes_.add("POST", "/oauth2/register", [&endpoint](const auto& request, const std::string&) {
    return endpoint.create(request);
  });
  routes_.add("GET", one, [&endpoint](const auto& request, const std::string& id) {
    return endpoint.read(request, id);
  });
  routes_.add("PUT", one, [&endpoint](const auto& request, const std::string& id) {
    return endpoint.update(request, id);
  });
  routes_.add("DELETE", one, [&endpoint](const auto& request, const std::string& id) {
    return endpoint.remove(request, id);
  });
}

std::optional<http::Response> PublicEndpoints::try_answer(const http::Request& request) {
  if (request.method != "GET") return std::nullopt;
  if (request.path == key_set_path) return parts_.discovery.key_set();
  const bool is_metadata = std::find(metadata_paths_.begin(), metadata_paths_.end(),
                                     request.path) != metadata_paths_.end();
  if (is_metadata) return parts_.discovery.metadata();
  return std::nullopt;
}

http::Handler* PublicEndpoints::gathers(const http::Request& request) {
  const bool revokes = request.method == "POST" && request.path == revocation_path;
  return revokes ? &parts_.revocation : nullptr;
}

http::Response PublicEndpoints::handle(const http::Request& request) {
  return routes_.answer(request);
}

net::Pool* PublicEndpoints::pool_of(const http::Request& request) {
  const bool registers = request.path.starts_with("/client-registration/") ||
                         request.path.starts_with("/oauth2/register");
  const std::string_view authorization = request.headers.value_or("Authorization", "");
  const bool by_basic = (registers && is_basic(authorization)) ||
                        (request.path == introspection_path && may_be_user(authorization));
  return by_basic || has_password(request.body) ? &logins_ : nullptr;
}

}  // namespace gatehouse::keymanager
