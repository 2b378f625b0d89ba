// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the reading and checking of JSON: no input may crash, and what passed a schema can be
// written, read again, and passes unchanged a second time.
#include "core/text.h"
#include "schema/openapi.h"

namespace gatehouse::schema {
namespace {

// Has one of everything that a schema can say.
constexpr const char* orders = R"({
  "paths": {"/orders": {"post": {"operationId": "addOrder", "requestBody": {"content": {
    "application/json": {"schema": {"$ref": "#/components/schemas/Order"}}}}, "responses": {}}}},
  "components": {"schemas": {
    "Base": {"type": "object", "required": ["name"], "properties": {
      "id": {"type": "string", "readOnly": true},
      "name": {"type": "string", "minLength": 1, "maxLength": 8, "pattern": "^[a-z]*$"}}},
    "Order": {"allOf": [{"$ref": "#/components/schemas/Base"}, {"type": "object", "properties": {
      "size": {"type": "integer", "minimum": 1, "maximum": 50, "default": 30},
      "price": {"type": "number", "minimum": 0, "exclusiveMinimum": true},
      "note": {"type": "string", "nullable": true},
      "uuid": {"type": "string", "format": "uuid"},
      "state": {"type": "string", "enum": ["open", "done"], "default": "open"},
      "time": {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": "^[0-9]+$"}]},
      "labels": {"type": "object", "additionalProperties": {"type": "string"}},
      "parts": {"type": "array", "minItems": 1, "maxItems": 4, "uniqueItems": true,
                "items": {"$ref": "#/components/schemas/Order"}}}}]}}}})";

void check(std::string_view input) {
  static const Result<Document> document = Document::parse(orders);
  (void)Document::parse(input);
  Result<json::value> value = parse_json(input);
  if (!value) return;
  GH_ASSERT(is_utf8(input));
  const json::object& schema = *document->operations()[0].bodies[0].schema;
  if (!document->validator().check(schema, *value)) return;
  GH_ASSERT(parse_json(json::serialize(*value)));
  json::value second = *value;
  GH_ASSERT(document->validator().check(schema, second));
  GH_ASSERT(second == *value);
}

}  // namespace
}  // namespace gatehouse::schema

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  gatehouse::schema::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
