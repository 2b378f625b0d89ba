// SPDX-License-Identifier: Apache-2.0
//
// For tests: the client's and the backend's side of a WebSocket, as bytes.
//
// Thread:  as test_sockets.h.
#pragma once

#include <string>

#include "gateway/test_sockets.h"
#include "http/websocket.h"

namespace gatehouse::gateway {

inline const std::string websocket_key = "dGhlIHNhbXBsZSBub25jZQ==";
inline const std::string websocket_handshake =
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: "
    "13\r\nSec-WebSocket-Key: " +
    websocket_key + "\r\n";

// What a server says to that key.
inline std::string websocket_opening() {
  return "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
         "Sec-WebSocket-Accept: " +
         http::websocket_accept(websocket_key) + "\r\n\r\n";
}

// A text frame of a server, up to 125 bytes.
inline std::string text_frame(const std::string& text) {
  return std::string("\x81") + static_cast<char>(text.size()) + text;
}

inline std::string close_bytes(http::CloseCode code) {
  const http::CloseFrame frame = http::close_frame(code);
  return {frame.data(), frame.size()};
}

// Reads until so many bytes are there, and takes them; fewer at the end.
inline std::string read_bytes(TestSocket& socket, std::size_t size) {
  while (socket.unread().size() < size) {
    if (!socket.read()) break;
  }
  std::string bytes = socket.unread().substr(0, size);
  socket.unread().erase(0, size);
  return bytes;
}

}  // namespace gatehouse::gateway
