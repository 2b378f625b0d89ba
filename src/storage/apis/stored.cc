// SPDX-License-Identifier: Apache-2.0
#include "storage/apis/stored.h"

#include "core/text.h"

namespace gatehouse::storage {

Result<json::object> stored_document(std::string_view text) {
  auto document = parse_json_object(text);
  if (!document) return fail(ErrorCode::internal, "A stored document is damaged");
  return document;
}

std::vector<std::string> stored_texts(std::string_view text) {
  std::vector<std::string> texts;
  const auto value = parse_json(text);
  if (!value || !value->is_array()) return texts;
  for (const json::value& item : value->get_array()) {
    if (item.is_string()) texts.emplace_back(item.get_string());
  }
  return texts;
}

std::string to_stored(const std::vector<std::string>& texts) {
  return json::serialize(to_json(texts));
}

std::string Binding::one(Parameter parameter) {
  parameters_.push_back(std::move(parameter));
  return fmt::format("${}", parameters_.size());
}

std::string Binding::list(const std::vector<std::string>& texts) {
  if (texts.empty()) return "NULL";
  std::vector<std::string> names;
  for (const std::string& text : texts) names.push_back(one(text));
  return join(names, ", ");
}

}  // namespace gatehouse::storage
