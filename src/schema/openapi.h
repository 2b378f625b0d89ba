// SPDX-License-Identifier: Apache-2.0
//
// An OpenAPI 3.0 document as our routers read it: its operations with parameters, bodies, answers
// and scopes. Schemas stay where they are in the document; a Validator follows their references.
//
// Thread:  immutable once parsed.
// Cost:    one parse; a document of 100 kB takes about a millisecond.
// Source:  OpenAPI 3.0.3. Of a security requirement's scopes one is enough, and an empty
// requirement
//          lets anonymous callers in.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/json.h"
#include "schema/validator.h"

namespace gatehouse::schema {

enum class ParameterPlace : std::uint8_t { path, query, header };

struct Parameter {
  std::string name;
  ParameterPlace place = ParameterPlace::query;
  bool required = false;
  const json::object* schema = nullptr;  // in the document
};

// A body that an operation takes.
struct Body {
  std::string media_type;
  const json::object* schema = nullptr;  // in the document
};

struct Answer {
  int status = 200;
  std::vector<std::string> media_types;
};

struct Operation {
  std::string method;  // upper case
  std::string path;    // template below the base path: "/apis/{apiId}"
  std::string id;      // operationId, or "GET /apis/{apiId}" where there is none
  std::vector<Parameter> parameters;
  std::vector<Body> bodies;
  bool body_required = false;
  std::vector<Answer> answers;
  std::vector<std::string> scopes;  // one of them is enough; empty: being known is
  bool anonymous = false;

  bool answers_with(int status) const;
};

class Document {
 public:
  // Error: invalid_argument, when it is not JSON, names two operations alike or refers to nothing.
  static Result<Document> parse(std::string_view text);
  static Result<Document> from(json::object root);

  const std::vector<Operation>& operations() const { return operations_; }
  const json::object& root() const { return *root_; }
  Validator validator() const { return Validator(*root_); }

 private:
  explicit Document(json::object root) : root_(std::make_unique<json::object>(std::move(root))) {}

  std::unique_ptr<const json::object> root_;  // stays in place: operations point into it
  std::vector<Operation> operations_;
};

}  // namespace gatehouse::schema
