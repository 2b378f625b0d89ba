// SPDX-License-Identifier: Apache-2.0
#include "storage/apis/api_query.h"

#include <fmt/format.h>

#include "core/text.h"
#include "storage/apis/search_store.h"

namespace gatehouse::storage {

namespace {

struct Token {
  std::string field;  // empty: a free word
  std::string value;
  enum class Form { plain, quoted } form = Form::plain;
};

// Reads up to the closing quote, or to the next space.
Token read_value(std::string_view& text) {
  Token token;
  if (!text.empty() && text.front() == '"') {
    const std::size_t end = text.find('"', 1);
    token.form = Token::Form::quoted;
    token.value = text.substr(1, end == text.npos ? text.npos : end - 1);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  } else {
    token.value = text.substr(0, text.find(' '));
    text.remove_prefix(token.value.size());
  }
  return token;
}

std::vector<Token> tokens_of(std::string_view text) {
  std::vector<Token> tokens;
  while (!(text = trim(text)).empty()) {
    const std::size_t end = text.find_first_of(": \"");
    std::string field;
    if (end != text.npos && end > 0 && text[end] == ':') {
      field = to_lower(text.substr(0, end));
      text.remove_prefix(end + 1);
    }
    Token token = read_value(text);
    token.field = std::move(field);
    tokens.push_back(std::move(token));
  }
  return tokens;
}

void add_words(ApiQuery& query, std::string_view text) {
  for (std::string& word : search_words(text)) query.words.push_back(std::move(word));
}

void apply(ApiQuery& query, const Token& token) {
  const bool whole = token.form == Token::Form::quoted;
  if (token.field == "name" && whole) {
    query.name = token.value;
  } else if (token.field == "context" && whole) {
    query.context = token.value;
  } else if (token.field == "version") {
    query.version = token.value;
  } else if (token.field == "provider") {
    query.marks.push_back(provider_mark(token.value));
  } else if (token.field == "tag" || token.field == "tags") {
    query.marks.push_back(tag_mark(token.value));
  } else if (token.field == "api-category") {
    query.marks.push_back(category_mark(token.value));
  } else if (token.field == "type") {
    query.marks.push_back(type_mark(token.value));
  } else if (token.field == "status" || token.field == "lcstate") {
    std::string state = token.value;
    for (char& c : state) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    query.states.push_back(std::move(state));
  } else {
    add_words(query, token.value);
  }
}

}  // namespace

ApiQuery parse_api_query(std::string_view text) {
  ApiQuery query;
  for (const Token& token : tokens_of(text)) apply(query, token);
  return query;
}

std::string tag_mark(std::string_view tag) { return fmt::format("@tag:{}", tag); }
std::string provider_mark(std::string_view provider) {
  return fmt::format("@provider:{}", to_lower(provider));
}
std::string category_mark(std::string_view category) {
  return fmt::format("@category:{}", to_lower(category));
}
std::string type_mark(std::string_view type) { return fmt::format("@type:{}", to_lower(type)); }
std::string shared_scope_mark(std::string_view scope) { return fmt::format("@scope:{}", scope); }
std::string policy_mark(std::string_view level, std::string_view name) {
  return fmt::format("@policy:{}:{}", level, name);
}
std::string role_mark(std::string_view role) { return fmt::format("@role:{}", to_lower(role)); }
std::string editor_role_mark(std::string_view role) {
  return fmt::format("@editor-role:{}", to_lower(role));
}
std::string editor_mark(std::string_view user_id) { return fmt::format("@editor:{}", user_id); }

}  // namespace gatehouse::storage
