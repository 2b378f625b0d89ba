// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the ends of WebSocket frames: however the bytes are cut, frames end at the same places.
// The first byte says how large the pieces are.
#include <vector>

#include "core/error.h"
#include "http/websocket.h"

namespace gatehouse::http {
namespace {

struct Reading {
  std::vector<std::size_t> ends;
  bool between = true;
  bool closed = false;
};

Reading read(std::string_view text, std::size_t piece_max) {
  Reading reading;
  FrameCounter frames;
  std::size_t at = 0;
  while (at < text.size()) {
    std::string_view piece = text.substr(at, piece_max);
    while (!piece.empty()) {
      const std::size_t taken = frames.take(piece);
      GH_ASSERT(taken > 0 && taken <= piece.size());
      at += taken;
      piece.remove_prefix(taken);
      if (frames.between_frames()) reading.ends.push_back(at);
      GH_ASSERT(piece.empty() || frames.between_frames());
    }
  }
  reading.between = frames.between_frames();
  reading.closed = frames.closed();
  return reading;
}

void check(std::string_view input) {
  if (input.empty()) return;
  const std::string_view text = input.substr(1);
  const Reading whole = read(text, text.size());
  const Reading pieces = read(text, 1 + static_cast<unsigned char>(input[0]) % 16);
  GH_ASSERT(pieces.ends == whole.ends && pieces.between == whole.between);
  GH_ASSERT(pieces.closed == whole.closed);
}

}  // namespace
}  // namespace gatehouse::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  gatehouse::http::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
