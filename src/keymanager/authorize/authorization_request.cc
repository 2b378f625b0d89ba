// SPDX-License-Identifier: Apache-2.0
#include "keymanager/authorize/authorization_request.h"

#include <algorithm>
#include <array>

#include "core/text.h"
#include "keymanager/authorize/proof_key.h"
#include "keymanager/authorize/redirect_uri.h"
#include "keymanager/client_kind.h"
#include "keymanager/client_metadata.h"
#include "keymanager/oauth_error.h"

namespace gatehouse::keymanager {

namespace {

constexpr std::size_t text_bytes_max = 2048;  // of state, nonce and hints
constexpr std::int64_t max_age_seconds_max = 365 * 86'400;
constexpr std::array<std::string_view, 4> known_prompts{"none", "login", "consent",
                                                        "select_account"};
constexpr std::array<std::string_view, 3> mode_names{"query", "fragment", "form_post"};

bool holds(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Tokens travel in the fragment, a code in the query, unless the client says otherwise.
ResponseMode usual_mode(std::string_view response_type) {
  return response_type == "code" || response_type.empty() ? ResponseMode::query
                                                          : ResponseMode::fragment;
}

ResponseMode mode_of(const Form& form) {
  const ResponseMode usual = usual_mode(form.text("response_type"));
  const auto* const named =
      std::find(mode_names.begin(), mode_names.end(), form.text("response_mode"));
  if (named == mode_names.end()) return usual;
  const auto mode = static_cast<ResponseMode>(named - mode_names.begin());
  // A query ends in logs and in histories, so no token ever travels there.
  return mode == ResponseMode::query ? usual : mode;
}

Result<> check_mode(const Form& form) {
  const std::string_view mode = form.text("response_mode");
  if (mode.empty()) return {};
  if (std::find(mode_names.begin(), mode_names.end(), mode) == mode_names.end()) {
    return refuse(invalid_request, "The response mode is unknown");
  }
  if (mode == "query" && usual_mode(form.text("response_type")) != ResponseMode::query) {
    return refuse(invalid_request, "Tokens are not sent in a query");
  }
  return {};
}

Result<std::string> response_type_of(const Form& form, const storage::Client& client,
                                     ImplicitGrant implicit) {
  GH_TRY(text, form.required("response_type"));
  std::vector<std::string> words = split_words(text);
  std::sort(words.begin(), words.end());
  std::string type = join(words, " ");
  const bool code = type == "code";
  const bool tokens = type == "token" || type == "id_token" || type == "id_token token";
  if (!code && (!tokens || implicit == ImplicitGrant::off)) {
    return refuse(unsupported_response_type, "The response type is not supported");
  }
  if (!client.may(code ? "authorization_code" : "implicit")) {
    return refuse(unauthorized_client, "The client may not use this response type");
  }
  return type;
}

Result<std::string> challenge_of(const Form& form, const storage::Client& client) {
  const std::string_view challenge = form.text("code_challenge");
  const std::string_view method = form.text("code_challenge_method");
  if (challenge.empty()) {
    if (!method.empty()) return refuse(invalid_request, "'code_challenge' is missing");
    if (needs_proof_key(client)) {
      return refuse(invalid_request, "This client needs a code_challenge (S256)");
    }
    return std::string();
  }
  // Without a method the standard means plain, which protects nothing.
  if (method != "S256") return refuse(invalid_request, "The code_challenge_method must be S256");
  if (!is_challenge(challenge)) return refuse(invalid_request, "The code_challenge is malformed");
  return std::string(challenge);
}

Result<std::vector<std::string>> prompts_of(const Form& form) {
  std::vector<std::string> prompts = split_words(form.text("prompt"));
  for (const std::string& prompt : prompts) {
    if (std::find(known_prompts.begin(), known_prompts.end(), prompt) == known_prompts.end()) {
      return refuse(invalid_request, "A prompt is unknown");
    }
  }
  if (holds(prompts, "none") && prompts.size() > 1) {
    return refuse(invalid_request, "The prompt none stands alone");
  }
  return prompts;
}

Result<std::optional<std::int64_t>> max_age_of(const Form& form, const storage::Client& client) {
  const json::value* usual = client.document.if_contains("default_max_age");
  if (!form.has("max_age") && usual != nullptr && usual->is_int64()) return usual->get_int64();
  if (!form.has("max_age")) return std::optional<std::int64_t>();
  const std::optional<std::uint64_t> seconds = parse_number(form.text("max_age"));
  if (!seconds) return refuse(invalid_request, "'max_age' is not a number of seconds");
  return std::optional<std::int64_t>(static_cast<std::int64_t>(
      std::min<std::uint64_t>(*seconds, static_cast<std::uint64_t>(max_age_seconds_max))));
}

Result<> check_texts(const Form& form) {
  for (const char* name : {"state", "nonce", "login_hint", "acr_values", "dpop_jkt"}) {
    if (form.text(name).size() > text_bytes_max) {
      return refuse(invalid_request, fmt::format("'{}' is too long", name));
    }
  }
  if (form.has("request")) return refuse(request_not_supported, "Push the request instead");
  if (form.has("request_uri")) return refuse(request_uri_not_supported, "Push the request instead");
  if (form.has("registration")) return refuse(registration_not_supported, "Register beforehand");
  return {};
}

}  // namespace

bool AuthorizationRequest::has_prompt(std::string_view prompt) const {
  return holds(prompts, prompt);
}

bool AuthorizationRequest::asks_for(std::string_view response) const {
  return holds(split_words(response_type), response);
}

Result<ReturnAddress> return_address(const Form& form, const storage::Client& client) {
  ReturnAddress back;
  back.redirect_uri = form.text("redirect_uri");
  if (back.redirect_uri.empty()) {
    // RFC 6749, section 3.1.2.3: it may be left out when there is no choice.
    if (client.callback_urls.size() != 1 || !is_redirect_uri(client.callback_urls.front())) {
      return refuse(invalid_request, "The request names no redirect_uri");
    }
    back.redirect_uri = client.callback_urls.front();
  } else if (!is_registered(back.redirect_uri, client.callback_urls)) {
    return refuse(invalid_request, "The redirect_uri is not one that the client has registered");
  }
  back.mode = mode_of(form);
  back.state = form.text("state").substr(0, text_bytes_max);
  return back;
}

Result<AuthorizationRequest> authorization_request(const Form& form, const storage::Client& client,
                                                   ImplicitGrant implicit) {
  AuthorizationRequest request;
  request.client_id = client.client_id;
  GH_TRY(back, return_address(form, client));
  request.back = std::move(back);
  request.redirect_given = form.has("redirect_uri");
  GH_CHECK(check_texts(form));
  GH_CHECK(check_mode(form));
  GH_TRY(type, response_type_of(form, client, implicit));
  request.response_type = std::move(type);
  GH_TRY(scopes, form.scopes());
  request.scopes = registered_scopes(client, std::move(scopes));
  if (request.asks_for("code")) {
    GH_TRY(challenge, challenge_of(form, client));
    request.challenge = std::move(challenge);
  }
  GH_TRY(prompts, prompts_of(form));
  request.prompts = std::move(prompts);
  GH_TRY(max_age, max_age_of(form, client));
  request.max_age_seconds = max_age;
  request.nonce = form.text("nonce");
  request.key_thumbprint = form.text("dpop_jkt");
  request.acr_values = form.has("acr_values") ? split_words(form.text("acr_values"))
                                              : texts_of(client.document, "default_acr_values");
  request.login_hint = form.text("login_hint");
  request.id_token_hint = form.text("id_token_hint");
  if (request.asks_for("id_token")) {
    if (request.nonce.empty()) return refuse(invalid_request, "'nonce' is missing");
    if (!holds(request.scopes, "openid"))
      return refuse(invalid_request, "The scope openid is missing");
  }
  return request;
}

json::object to_json(const AuthorizationRequest& request) {
  json::object object{{"client_id", request.client_id},
                      {"redirect_uri", request.back.redirect_uri},
                      {"mode", static_cast<int>(request.back.mode)},
                      {"state", request.back.state},
                      {"redirect_given", request.redirect_given},
                      {"response_type", request.response_type},
                      {"scopes", gatehouse::to_json(request.scopes)},
                      {"challenge", request.challenge},
                      {"nonce", request.nonce},
                      {"dpop_jkt", request.key_thumbprint},
                      {"prompts", gatehouse::to_json(request.prompts)},
                      {"acr_values", gatehouse::to_json(request.acr_values)},
                      {"login_hint", request.login_hint},
                      {"pushed", to_base64url(request.pushed_hash)}};
  if (request.max_age_seconds) object["max_age"] = *request.max_age_seconds;
  return object;
}

AuthorizationRequest authorization_request_from(const json::object& object) {
  AuthorizationRequest request;
  request.client_id = text_or(object, "client_id", "");
  request.back.redirect_uri = text_or(object, "redirect_uri", "");
  request.back.mode = static_cast<ResponseMode>(number_or(object, "mode", 0));
  request.back.state = text_or(object, "state", "");
  request.redirect_given = flag_or(object, "redirect_given", false);
  request.response_type = text_or(object, "response_type", "");
  request.scopes = texts_of(object, "scopes");
  request.challenge = text_or(object, "challenge", "");
  request.nonce = text_or(object, "nonce", "");
  request.key_thumbprint = text_or(object, "dpop_jkt", "");
  request.prompts = texts_of(object, "prompts");
  request.acr_values = texts_of(object, "acr_values");
  request.login_hint = text_or(object, "login_hint", "");
  request.pushed_hash = from_base64url(text_or(object, "pushed", "")).value_or("");
  if (object.contains("max_age")) request.max_age_seconds = number_or(object, "max_age", 0);
  return request;
}

}  // namespace gatehouse::keymanager
