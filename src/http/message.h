// SPDX-License-Identifier: Apache-2.0
//
// A whole HTTP message as the control plane sees it: head and body in memory. (The data plane
// streams instead: http/head.h.)
//
// Thread:  plain values.
// Source:  RFC 9110.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gatehouse::http {

// Header fields in the order of the message. Names compare without case.
class Headers {
 public:
  // The first field of this name, or null.
  const std::string* find(std::string_view name) const;
  std::string_view value_or(std::string_view name, std::string_view fallback) const;
  // How many fields of this name there are; security decisions refuse more than one.
  std::size_t count(std::string_view name) const;

  void add(std::string name, std::string value);
  // Replaces every field of this name by one.
  void set(std::string_view name, std::string value);
  void remove(std::string_view name);

  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  std::size_t size() const { return fields_.size(); }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

// A node of this cluster that has proved itself: its name, and the environments it may read.
struct KnownNode {
  std::string name;
  std::vector<std::string> environments;
};

// Who sent a request.
struct Peer {
  std::string address;  // as text, without a port; the client's, after trusted proxies
  bool tls = false;
  std::string certificate{};  // DER, of a client that has shown one; nobody has judged it
  // Whom a door for nodes has let in; nothing: a request of this process, which may all.
  std::optional<KnownNode> node{};
};

// What a peer that calls itself `said` is called here: as it says in this process; a node of
// another machine by the name that it has proved, with what it says behind a '/' when that is
// another.
std::string name_of(const Peer& peer, const std::string& said);

struct Request {
  std::string method = "GET";
  std::string target;  // as sent: path and query in origin form
  std::string path;    // normalised and percent-decoded path, see http/target.h
  std::string query;   // raw, without '?'
  Headers headers;
  std::string body;
  Peer peer;
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
};

// A request from the inside: method and target ("/path?query"), the rest empty.
Request make_request(std::string method, std::string target, std::string body = "",
                     std::string content_type = "");
Response make_response(int status, std::string content_type, std::string body);

// "Not Found" for 404; "Unknown" for a status that RFC 9110 does not name.
std::string_view reason_phrase(int status);

}  // namespace gatehouse::http
