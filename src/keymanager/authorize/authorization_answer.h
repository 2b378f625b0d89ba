// SPDX-License-Identifier: Apache-2.0
//
// Sends the browser back to the client with an answer: in the query, in the fragment, or as a form.
// Each answer names its issuer, so a client of several servers cannot mix them up.
//
// Thread:  pure functions.
// Source:  RFC 6749, section 4.1.2; RFC 9207; OAuth 2.0 Form Post Response Mode.
#pragma once

#include <utility>
#include <vector>

#include "core/error.h"
#include "keymanager/authorize/authorization_request.h"
#include "keymanager/browser/theme.h"

namespace gatehouse::keymanager {

using AnswerFields = std::vector<std::pair<std::string, std::string>>;

// Where an answer comes from.
struct AnswerOrigin {
  std::string issuer;
  Theme theme;                // of the page of a form
  bool answers_form = false;  // 303 rather than 302
};

http::Response send_answer(const AnswerOrigin& origin, const ReturnAddress& back,
                           AnswerFields fields);
http::Response send_refusal(const AnswerOrigin& origin, const ReturnAddress& back,
                            const Error& error);

// The script that sends such a form, where scripts run; without, there is a button.
extern const std::string_view submit_script;

}  // namespace gatehouse::keymanager
