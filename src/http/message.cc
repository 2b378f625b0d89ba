// SPDX-License-Identifier: Apache-2.0
#include "http/message.h"

#include "core/text.h"
#include "http/target.h"

namespace gatehouse::http {

const std::string* Headers::find(std::string_view name) const {
  for (const auto& [field, value] : fields_) {
    if (equals_ignoring_case(field, name)) return &value;
  }
  return nullptr;
}

std::string_view Headers::value_or(std::string_view name, std::string_view fallback) const {
  const std::string* value = find(name);
  return value == nullptr ? fallback : *value;
}

std::size_t Headers::count(std::string_view name) const {
  std::size_t count = 0;
  for (const auto& [field, value] : fields_) {
    if (equals_ignoring_case(field, name)) ++count;
  }
  return count;
}

void Headers::add(std::string name, std::string value) {
  fields_.emplace_back(std::move(name), std::move(value));
}

void Headers::set(std::string_view name, std::string value) {
  remove(name);
  add(std::string(name), std::move(value));
}

void Headers::remove(std::string_view name) {
  std::erase_if(fields_,
                [&](const auto& field) { return equals_ignoring_case(field.first, name); });
}

std::string name_of(const Peer& peer, const std::string& said) {
  if (!peer.node || peer.node->name == said) return said;
  return peer.node->name + "/" + said;
}

Request make_request(std::string method, std::string target, std::string body,
                     std::string content_type) {
  Request request;
  request.method = std::move(method);
  const std::size_t mark = target.find('?');
  request.path = decode_path(std::string_view(target).substr(0, mark));
  if (mark != std::string::npos) request.query = target.substr(mark + 1);
  request.target = std::move(target);
  request.body = std::move(body);
  if (!content_type.empty()) request.headers.add("Content-Type", std::move(content_type));
  return request;
}

Response make_response(int status, std::string content_type, std::string body) {
  Response response;
  response.status = status;
  response.headers.add("Content-Type", std::move(content_type));
  response.body = std::move(body);
  return response;
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 100: return "Continue";
    case 101: return "Switching Protocols";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 421: return "Misdirected Request";
    case 422: return "Unprocessable Content";
    case 426: return "Upgrade Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    default: return "Unknown";
  }
}

}  // namespace gatehouse::http
