// SPDX-License-Identifier: Apache-2.0
//
// /applications/{applicationId}/oauth-keys/{keyMappingId}/secrets: several secrets of one client,
// so that one can be replaced without an outage.
#include "devportal/devportal.h"
#include "rest/application_client.h"
#include "rest/problems.h"

namespace gatehouse::devportal {

namespace {

std::int64_t to_seconds(Instant instant) { return to_ms(instant) / 1000; }

// Of a secret that was made before, people see its last letters.
json::object view_of(const rest::SecretInfo& secret) {
  json::object more;
  more["description"] = secret.description;
  if (secret.expires_at != Instant{}) more["expiresAt"] = to_seconds(secret.expires_at);
  json::object view;
  view["secretId"] = secret.id;
  view["secretValue"] = secret.text.empty() ? "***" + secret.hint : secret.text;
  view["additionalProperties"] = std::move(more);
  return view;
}

}  // namespace

Result<storage::KeyMapping> DevPortal::find_own_client(const rest::Call& call) {
  GH_TRY(application, find_application(call));
  GH_TRY(mapping, find_key(call, application));
  if (!mapping.is_ours()) return rest::refuse(rest::key_manager_gives_no_keys, mapping.id);
  return mapping;
}

// POST …/generate-secret {"additionalProperties":{"description","expiresIn"}}: one more secret;
// it is in this answer and nowhere else.
Result<rest::Reply> DevPortal::generate_consumer_secret(const rest::Call& call) {
  GH_TRY(mapping, find_own_client(call));
  const json::object none;
  const json::object& body = call.body.is_object() ? call.object() : none;
  const json::object* given = object_at(body, "additionalProperties");
  const json::object& more = given == nullptr ? none : *given;
  GH_TRY(secret, rest::add_secret(key_manager_, mapping.client_id,
                                  {.description = text_or(more, "description", ""),
                                   .seconds = rest::seconds_or(more, "expiresIn", 0)}));
  rest::Reply reply;
  reply.status = 201;
  reply.body = view_of(secret);
  return reply;
}

// GET …/secrets: newest first.
Result<rest::Reply> DevPortal::list_consumer_secrets(const rest::Call& call) {
  GH_TRY(mapping, find_own_client(call));
  GH_TRY(secrets, rest::list_secrets(key_manager_, mapping.client_id));
  json::array list;
  for (const rest::SecretInfo& secret : secrets) list.push_back(view_of(secret));
  return rest::ok(rest::list_of(std::move(list)));
}

// POST …/revoke-secret {"secretId"}: it holds no longer.
//   409  it is the last one that works
Result<rest::Reply> DevPortal::revoke_consumer_secret(const rest::Call& call) {
  GH_TRY(mapping, find_own_client(call));
  GH_CHECK(
      rest::revoke_secret(key_manager_, mapping.client_id, text_or(call.object(), "secretId", "")));
  return rest::no_content();
}

}  // namespace gatehouse::devportal
