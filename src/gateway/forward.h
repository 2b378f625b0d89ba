// SPDX-License-Identifier: Apache-2.0
//
// What is written to a backend for a request, and to a client for an answer.
//
// The head that arrived goes on with what belongs to this hop left out: connection fields, the
// credential, and everything by which a client could pose as a proxy or as somebody else. The
// gateway's own fields stand in their place, once.
//
// Thread:  pure functions.
// Cost:    appends to a string that its owner keeps; runs of plain fields are copied in one piece.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/exchange.h"
#include "http/head.h"
#include "http/writer.h"

namespace gatehouse::gateway {

// The ids of one call, in the form of their fields.
struct CallIds {
  std::array<char, 64> activity_room{};
  std::size_t activity_size = 0;
  std::array<char, 55> traceparent{};  // "00-<trace>-<span>-<flags>"
  bool trace_continued = false;        // then tracestate goes on, too

  std::string_view activity() const { return {activity_room.data(), activity_size}; }
  std::string_view trace() const { return {traceparent.data(), traceparent.size()}; }
};

// The request's own ids where they are well-formed, else new ones from `random` (two numbers).
// Source: W3C Trace Context, section 3.2.
CallIds call_ids(const http::RequestHead& head, std::uint64_t high, std::uint64_t low);

enum class Trust : std::uint8_t { none, proxy };  // of the peer: whether its X-Forwarded-* count

struct ForwardedRequest {
  const Exchange& exchange;
  const Backend& backend;
  const CallIds& ids;
  std::string_view socket_address;  // of the peer
  Trust trust;
};
void append_request(std::string& out, const ForwardedRequest& request);

// How the body of an answer is framed for the client.
enum class AnswerFraming : std::uint8_t {
  as_is,    // Content-Length of the backend, or no body
  chunked,  // the length is unknown
  close,    // the same for a client of HTTP/1.0
};
AnswerFraming answer_framing(const http::ResponseHead& head, http::Version client);

struct ForwardedAnswer {
  const Exchange& exchange;
  const http::ResponseHead& head;
  const CallIds& ids;
  AnswerFraming framing;
  bool persists;
};
void append_answer(std::string& out, const ForwardedAnswer& answer);
// 101, where a WebSocket begins (http::opens_websocket).
void append_switch(std::string& out, const http::ResponseHead& head, const CallIds& ids);

// A whole answer of the gateway's own: `fields` are lines with CRLF.
struct OwnAnswer {
  int status = 200;
  std::string_view content_type;  // empty: no body
  std::string_view body;
  std::string_view fields;
  bool persists = true;
  const http::RequestHead* head = nullptr;  // null: it could not be read
};
void append_own_answer(std::string& out, const OwnAnswer& answer, const CallIds& ids);

}  // namespace gatehouse::gateway
