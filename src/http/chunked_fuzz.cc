// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes chunked bodies: however the bytes are cut the body is the same, and written anew it is
// read the same again. The first byte says how large the pieces are.
#include "core/error.h"
#include "http/body.h"

namespace gatehouse::http {
namespace {

struct Reading {
  std::string data;
  std::string rechunked;
  std::size_t consumed = 0;
  bool done = false;
  std::string reason;
};

Reading read(std::string_view text, std::size_t piece_max) {
  Reading reading;
  ChunkedReader reader;
  while (reading.consumed < text.size() && !reader.done() && !reader.refused()) {
    const std::string_view piece = text.substr(reading.consumed, piece_max);
    const ChunkedReader::Step step = reader.read(piece);
    GH_ASSERT(step.consumed > 0 && step.consumed <= piece.size());
    reading.consumed += step.consumed;
    reading.data += step.data;
    if (step.data.empty()) continue;
    ChunkHead room;
    reading.rechunked += chunk_head(room, step.data.size());
    reading.rechunked.append(step.data).append(chunk_end);
  }
  reading.done = reader.done();
  reading.reason = reader.reason();
  reading.rechunked += "0\r\n";
  reading.rechunked.append(reader.trailers()).append("\r\n");
  return reading;
}

void check(std::string_view input) {
  if (input.empty()) return;
  const std::string_view text = input.substr(1);
  const Reading whole = read(text, text.size());
  const Reading pieces = read(text, 1 + static_cast<unsigned char>(input[0]) % 16);
  GH_ASSERT(pieces.data == whole.data && pieces.done == whole.done);
  GH_ASSERT(pieces.reason == whole.reason && pieces.consumed == whole.consumed);
  if (!whole.done) return;
  const Reading again = read(pieces.rechunked, 7);
  GH_ASSERT(again.done && again.data == whole.data);
}

}  // namespace
}  // namespace gatehouse::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  gatehouse::http::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
