// SPDX-License-Identifier: Apache-2.0
#include "storage/apis/search_store.h"

#include "core/text.h"

namespace gatehouse::storage {

namespace {

constexpr std::size_t word_bytes_max = 64;
constexpr std::size_t query_words_max = 8;

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

// Bytes of non-ASCII letters count as letters: a word in any script stays whole.
bool is_word_byte(char c) {
  return is_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') ||
         static_cast<unsigned char>(c) >= 0x80;
}

std::vector<std::string_view> runs_of(std::string_view text) {
  std::vector<std::string_view> runs;
  std::size_t start = 0;
  for (std::size_t at = 0; at <= text.size(); ++at) {
    if (at < text.size() && is_word_byte(text[at])) continue;
    if (at > start && at - start <= word_bytes_max) runs.push_back(text.substr(start, at - start));
    start = at + 1;
  }
  return runs;
}

// "PizzaShackAPI" → "Pizza", "Shack", "API".
std::vector<std::string_view> parts_of(std::string_view run) {
  std::vector<std::string_view> parts;
  std::size_t start = 0;
  for (std::size_t at = 1; at < run.size(); ++at) {
    if (!is_upper(run[at]) || is_upper(run[at - 1])) continue;
    parts.push_back(run.substr(start, at - start));
    start = at;
  }
  parts.push_back(run.substr(start));
  return parts;
}

}  // namespace

void SearchTerms::add(std::string term, std::int64_t weight) {
  const auto known = terms_.find(term);
  if (known != terms_.end()) {
    known->second = std::max(known->second, weight);
  } else if (terms_.size() < search_terms_max) {
    terms_.emplace(std::move(term), weight);
  }
}

void SearchTerms::add_words(std::string_view text, std::int64_t weight) {
  for (const std::string_view run : runs_of(text)) {
    add(to_lower(run), weight);
    for (const std::string_view part : parts_of(run)) add(to_lower(part), weight);
  }
}

void SearchTerms::add_mark(std::string mark) { add(std::move(mark), 1); }

std::vector<std::string> search_words(std::string_view text) {
  std::vector<std::string> words;
  for (const std::string_view run : runs_of(text)) {
    if (words.size() < query_words_max) words.push_back(to_lower(run));
  }
  return words;
}

std::string after_prefix(std::string_view prefix) {
  // U+10FFFF is above every character that text may hold.
  return std::string(prefix) + "\xf4\x8f\xbf\xbf";
}

Result<> SearchStore::put(std::string_view object_id, const SearchTerms& terms) {
  GH_CHECK(remove(object_id));
  for (const auto& [term, weight] : terms.all()) {
    GH_CHECK(transaction_.execute(
        "INSERT INTO am_search_term (tenant_id, term, object_id, weight) VALUES ($1, $2, $3, $4)",
        tenant_, term, object_id, weight));
  }
  return {};
}

Result<> SearchStore::remove(std::string_view object_id) {
  GH_CHECK(transaction_.execute(
      "DELETE FROM am_search_term WHERE tenant_id = $1 AND object_id = $2", tenant_, object_id));
  return {};
}

Result<std::vector<std::string>> SearchStore::objects_with(std::string_view term,
                                                           std::int64_t limit) const {
  GH_TRY(rows, transaction_.query("SELECT object_id FROM am_search_term "
                                  "WHERE tenant_id = $1 AND term = $2 ORDER BY object_id LIMIT $3",
                                  tenant_, term, limit));
  std::vector<std::string> ids;
  for (const Row& row : rows) ids.push_back(row.text(0));
  return ids;
}

}  // namespace gatehouse::storage
