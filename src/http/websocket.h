// SPDX-License-Identifier: Apache-2.0
//
// WebSocket as a proxy needs it: who asks for one, whether the answer opens what was asked for, and
// where frames end. What is in a frame is not looked at.
//
// Thread:  pure functions, and a plain object per direction.
// Source:  RFC 6455, sections 4.1, 4.2 and 5.2.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/head.h"

namespace gatehouse::http {

enum class WebSocketWish : std::uint8_t {
  none,           // another request, or one for another protocol, which is never passed on
  opening,        // a handshake
  other_version,  // one of a version that nobody speaks any more
  malformed,      // it has a body, or no key, or not exactly one
};
WebSocketWish websocket_wish(const RequestHead& head);

// Sec-WebSocket-Accept for a Sec-WebSocket-Key.
std::string websocket_accept(std::string_view key);

// Whether an answer with status 101 opens what `request`, an opening handshake, has asked for:
// nothing but a WebSocket, with the key's own proof, a protocol that was offered, and extensions
// only if some were.
bool opens_websocket(const RequestHead& request, const ResponseHead& answer);

// The fields of the handshake. Without one they mean nothing, so they are not forwarded.
inline constexpr FieldSet websocket_fields = {
    FieldId::sec_websocket_accept, FieldId::sec_websocket_extensions, FieldId::sec_websocket_key,
    FieldId::sec_websocket_protocol, FieldId::sec_websocket_version};

// Status codes of close frames (RFC 6455, section 7.4.1).
enum class CloseCode : std::uint16_t { going_away = 1001, policy_violation = 1008 };

// A close frame as a server sends it.
using CloseFrame = std::array<char, 4>;
CloseFrame close_frame(CloseCode code);

// Finds the ends of frames in the bytes of one direction, however they are cut.
class FrameCounter {
 public:
  // Takes the bytes up to the end of the frame that they belong to, or all of them; how many.
  std::size_t take(std::string_view bytes);

  // A frame of ours may stand here.
  bool between_frames() const { return header_bytes_ == 0 && left_ == 0; }
  // A close frame has begun: no frame may follow it.
  bool closed() const { return closed_; }

 private:
  void take_header(unsigned char byte);

  std::uint64_t left_ = 0;          // of the payload
  std::uint8_t header_bytes_ = 0;   // of the current frame, while its header is read
  std::uint8_t length_bytes_ = 0;   // of the extended length, still to come
  std::uint8_t masking_bytes_ = 0;  // still to come
  bool closed_ = false;
};

}  // namespace gatehouse::http
