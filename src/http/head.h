// SPDX-License-Identifier: Apache-2.0
//
// Reads the head of an HTTP/1.1 message where it lies: a head is offsets into the bytes of the
// connection, and the facts that framing and forwarding need are collected on the way.
//
// `read` is given everything that has arrived since the message began and says `incomplete` until
// the empty line is there; each complete line is parsed once. However the bytes are cut, the
// outcome is the same, because the reader never looks beyond the first byte that is wrong.
//
// Strict, since a message that two readers understand differently is an attack: one CRLF is the
// only line end, no folded lines, no space before a colon, one Content-Length in plain digits or
// one `Transfer-Encoding: chunked` but never both, one Host, nothing before the request line but
// one empty line. `Connection` may not name a field that framing or identity stand on.
//
// Thread:  a plain object of one connection.
// Memory:  about 1.3 KiB inside the object; `read` allocates nothing. Views point into the bytes
//          last given to `read` or `rebase`.
// Source:  RFC 9112, narrowed as said above.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "http/field.h"

namespace gatehouse::http {

inline constexpr std::size_t head_fields_max = 100;

struct HeadLimits {
  std::size_t bytes_max = 16 * 1024;  // of the whole head; at most 20 KiB. Beyond it: 431
  std::size_t target_max = 8 * 1024;  // of the request target. Beyond it: 414
};

// A part of the head, by its place.
struct Slice {
  std::uint16_t begin = 0;
  std::uint16_t size = 0;

  std::size_t end() const { return std::size_t{begin} + size; }
};

struct Field {
  Slice name;
  Slice value;  // without spaces at both ends
  FieldId id = FieldId::other;
  bool named_by_connection = false;  // the sender's own hop-by-hop field: never forwarded
  bool plain = false;                // written exactly as "name: value\r\n"
};

enum class Method : std::uint8_t { get, head, post, put, patch, delete_, options, trace, other };
enum class Version : std::uint8_t { http_1_0, http_1_1 };

// How the body of a message ends.
enum class Framing : std::uint8_t { none, length, chunked, until_close };

enum class HeadState : std::uint8_t { incomplete, complete, refused };

// Why a message is not taken. The connection cannot go on after it.
struct Refusal {
  int status = 0;           // for a request: what the client gets; for a response: always 502
  std::string_view reason;  // a literal
};

// What heads of requests and of responses share.
class Head {
 public:
  // The whole head in bytes, its empty line included; the body begins there.
  std::size_t size() const { return size_; }
  std::string_view bytes() const { return {bytes_, size_}; }
  // The head now lies at `bytes`, unchanged.
  void rebase(const char* bytes) { bytes_ = bytes; }

  std::string_view text(Slice slice) const { return {bytes_ + slice.begin, slice.size}; }
  std::span<const Field> fields() const { return {fields_.data(), field_count_}; }
  std::string_view name(const Field& field) const { return text(field.name); }
  std::string_view value(const Field& field) const { return text(field.value); }

  // The first field with this id, or null. Constant time.
  const Field* find(FieldId id) const;
  // The value of that field; empty when it is absent.
  std::string_view value(FieldId id) const;
  // The first field of this name, compared without case; for names that have no id.
  const Field* find(std::string_view name) const;
  // True when two or more fields have this id. A decision on security refuses them.
  bool repeated(FieldId id) const { return repeated_.has(id); }

  Version version() const { return version_; }
  Framing framing() const { return framing_; }
  // Of the body when framing is `length`; 0 when it is `none`.
  std::uint64_t content_length() const { return content_length_; }
  // The sender goes on with this connection after the message.
  bool keep_alive() const { return keep_alive_; }
  // `Connection: upgrade` with an Upgrade field.
  bool wants_upgrade() const { return wants_upgrade_; }

  // Set when the state is `refused`.
  const Refusal& refusal() const { return refusal_; }

 protected:
  HeadState refuse(int status, std::string_view reason);
  HeadState read_fields(const char*& at, const char* end);
  HeadState take_field(Slice name, Slice value, const char* line_end);
  HeadState take_known(const Field& field);
  HeadState take_connection(std::string_view value);
  HeadState take_length(std::string_view value);
  HeadState finish_fields();
  HeadState mark_named_fields(std::string_view names, std::size_t& budget);
  void clear_fields();
  Slice slice(const char* begin, const char* end) const;

  const char* bytes_ = nullptr;
  std::size_t size_ = 0;
  std::size_t next_line_ = 0;  // where the first unparsed line begins
  bool start_line_read_ = false;
  Version version_ = Version::http_1_1;
  Framing framing_ = Framing::none;
  bool keep_alive_ = false;
  bool wants_upgrade_ = false;
  bool chunked_ = false;
  bool option_close_ = false;
  bool option_keep_alive_ = false;
  bool option_upgrade_ = false;
  bool names_others_ = false;  // Connection names fields without an id
  std::uint64_t content_length_ = 0;
  FieldSet seen_;
  FieldSet repeated_;
  Refusal refusal_;
  std::size_t field_count_ = 0;
  std::array<std::uint8_t, field_id_count> first_;  // by id, valid where seen_ has it
  std::array<Field, head_fields_max> fields_;
};

class RequestHead : public Head {
 public:
  RequestHead() { clear(); }

  // `bytes` is everything from the first byte of the message; more than the head may be there.
  HeadState read(std::string_view bytes, const HeadLimits& limits = {});
  // Makes the object ready for the next message.
  void clear();

  Method method() const { return method_; }
  std::string_view method_text() const { return text(method_slice_); }
  // As sent: "/path?query", "http://host/path?query" or, with OPTIONS, "*".
  std::string_view target() const { return text(target_); }
  // Raw, not normalised (http/target.h); empty for "http://host". "*" for OPTIONS of the server.
  std::string_view path() const { return text(path_); }
  // Without its '?'. A target may have an empty query: has_query tells.
  std::string_view query() const { return text(query_); }
  bool has_query() const { return has_query_; }

  // "host[:port]", of Host or of an absolute target, which agree; empty only for HTTP/1.0.
  std::string_view authority() const { return text(authority_); }
  std::string_view host() const { return text(host_); }  // without the port

  // The client waits for "100 Continue" before it sends the body.
  bool expects_continue() const { return expects_continue_; }

 private:
  HeadState read_line(const char*& at, const char* end, std::size_t target_max);
  HeadState read_version(const char*& at, const char* end);
  HeadState take_line(Slice method, Slice target);
  HeadState take_target();
  HeadState take_absolute_target(std::size_t scheme_size);
  HeadState take_host(Slice text);
  HeadState finish();

  Method method_ = Method::other;
  bool has_query_ = false;
  bool absolute_ = false;
  bool expects_continue_ = false;
  Slice method_slice_;
  Slice target_;
  Slice path_;
  Slice query_;
  Slice authority_;
  Slice host_;

  // What a Host field said last, and how much of it is the host: a client says the same each time.
  std::array<char, 64> said_host_;
  std::uint8_t said_size_ = 0;
  std::uint8_t said_host_size_ = 0;
};

class ResponseHead : public Head {
 public:
  ResponseHead() { clear(); }

  // `request` is the method that is answered: the answer to HEAD has no body.
  HeadState read(std::string_view bytes, Method request, const HeadLimits& limits = {});
  void clear();

  int status() const { return status_; }
  // 1xx but 101: another head follows.
  bool interim() const { return status_ < 200 && status_ != 101; }

 private:
  HeadState read_line(const char*& at, const char* end);
  HeadState finish(Method request);

  int status_ = 0;
};

}  // namespace gatehouse::http
