// SPDX-License-Identifier: Apache-2.0
//
// Parts of a body on their way to the other side, framed for one system call.
//
// Thread:  a plain object of one connection.
// Memory:  fixed; refers to the bytes where they lie.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "http/incoming.h"

namespace gatehouse::gateway {

enum class Chunks : std::uint8_t { no, yes };

class Pieces {
 public:
  static constexpr std::size_t pieces_max = 8;

  void clear() { count_ = 0, bytes_ = 0, last_ = false; }
  // Only while there is room and the last one has not come.
  void add(const http::BodyPiece& piece) {
    last_ = piece.last;
    if (piece.data.empty()) return;
    pieces_[count_++] = piece.data;
    bytes_ += piece.data.size();
  }
  // Takes what `source` has without waiting.
  template <typename Source>
  void take_from(Source& source) {
    while (!last_ && count_ < pieces_max) {
      const http::BodyPiece piece = source.take_body();
      add(piece);
      if (piece.data.empty()) return;
    }
  }

  bool last() const { return last_; }
  bool empty() const { return count_ == 0; }
  std::size_t bytes() const { return bytes_; }

  // `head`, then the pieces; with chunks also what ends the body after the last one. May be called
  // again for the same pieces.
  std::span<iovec> frame(std::string_view head, Chunks chunks) {
    std::size_t size = 0;
    const auto put = [&](std::string_view text) {
      if (!text.empty()) vector_[size++] = {const_cast<char*>(text.data()), text.size()};
    };
    put(head);
    for (std::size_t i = 0; i < count_; ++i) {
      if (chunks == Chunks::yes) put(http::chunk_head(chunk_heads_[i], pieces_[i].size()));
      put(pieces_[i]);
      if (chunks == Chunks::yes) put(http::chunk_end);
    }
    if (chunks == Chunks::yes && last_) put(http::last_chunk);
    return {vector_.data(), size};
  }

 private:
  std::array<std::string_view, pieces_max> pieces_;
  std::array<http::ChunkHead, pieces_max> chunk_heads_;
  std::array<iovec, pieces_max * 3 + 2> vector_;
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
  bool last_ = false;
};

}  // namespace gatehouse::gateway
