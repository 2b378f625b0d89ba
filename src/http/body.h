// SPDX-License-Identifier: Apache-2.0
//
// Finds the body of a message in the bytes that follow its head, where they lie: nothing is copied,
// the caller learns which parts are body.
//
// Chunked bodies are read strictly: plain hexadecimal sizes of at most 16 digits, CRLF and nothing
// else as line end, no spaces around the size. Extensions are skipped and trailers checked; neither
// may be large. A proxy writes the pieces in chunks of its own, so no quirk is passed on.
//
// Thread:  a plain object of one connection.
// Memory:  allocates only for trailers, at most `trailer_bytes_max`.
// Source:  RFC 9112, sections 6 and 7.1.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/head.h"

namespace gatehouse::http {

class ChunkedReader {
 public:
  static constexpr std::size_t extension_bytes_max = 4096;  // of all chunks together
  static constexpr std::size_t trailer_bytes_max = 4096;
  static constexpr std::size_t trailer_fields_max = 32;

  // `consumed` bytes are used up; `data`, when not empty, is their end.
  struct Step {
    std::size_t consumed = 0;
    std::string_view data;
  };

  // Goes on to the next data, to the end of the body, or to the end of `bytes`.
  Step read(std::string_view bytes);
  void clear();

  bool done() const { return stage_ == Stage::done; }
  bool refused() const { return stage_ == Stage::refused; }
  std::string_view reason() const { return reason_; }
  // The trailer fields as lines, each with its CRLF; complete when done.
  std::string_view trailers() const { return trailers_; }

 private:
  enum class Stage : std::uint8_t {
    size_first,
    size,
    extension,
    size_end,
    data,
    data_cr,
    data_lf,
    trailer_first,
    trailer,
    trailer_lf,
    end_lf,
    done,
    refused,
  };

  void take(char c);
  void take_size(char c);
  void end_size();
  void take_trailer(char c);
  void end_trailer();
  void refuse(std::string_view reason);

  Stage stage_ = Stage::size_first;
  std::uint8_t digits_ = 0;
  std::uint8_t trailer_count_ = 0;
  std::uint16_t extension_bytes_ = 0;
  std::uint64_t left_ = 0;  // of the current chunk
  std::string_view reason_;
  std::string trailers_;
  std::size_t line_begin_ = 0;  // of the current trailer, in trailers_
};

// The body of any message.
class BodyReader {
 public:
  using Step = ChunkedReader::Step;

  void begin(Framing framing, std::uint64_t content_length);
  Step read(std::string_view bytes);
  // The peer has sent its last: the end of an `until_close` body, too early for any other.
  void end_of_stream();

  bool done() const { return state_ == State::done; }
  bool refused() const { return state_ == State::refused; }
  std::string_view reason() const { return reason_; }
  Framing framing() const { return framing_; }
  // Bytes of the body that are still to come, when framing is `length`.
  std::uint64_t left() const { return left_; }
  std::string_view trailers() const { return chunked_.trailers(); }

 private:
  enum class State : std::uint8_t { reading, done, refused };

  Framing framing_ = Framing::none;
  State state_ = State::done;
  std::uint64_t left_ = 0;
  std::string_view reason_;
  ChunkedReader chunked_;
};

// Writing chunks: the head of one (in `room`), what ends one, and what ends the body.
using ChunkHead = std::array<char, 18>;
std::string_view chunk_head(ChunkHead& room, std::size_t size);
inline constexpr std::string_view chunk_end = "\r\n";
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

}  // namespace gatehouse::http
