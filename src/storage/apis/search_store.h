// SPDX-License-Identifier: Apache-2.0
//
// The words by which things are found: table am_search_term, written in the transaction that writes
// the thing, so that search has no lag.
//
// A word is a run of letters and digits in lower case; a word in CamelCase counts whole and by its
// parts. Marks are exact terms that no word collides with, as they begin with '@': "@tag:Pizza",
// "@role:internal/creator".
//
// Thread:  one transaction.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "model/change.h"
#include "storage/database.h"

namespace gatehouse::storage {

// Terms of one object with their weights, the largest kept.
class SearchTerms {
 public:
  void add_words(std::string_view text, std::int64_t weight);
  void add_mark(std::string mark);

  const std::map<std::string, std::int64_t>& all() const { return terms_; }

 private:
  void add(std::string term, std::int64_t weight);

  std::map<std::string, std::int64_t> terms_;
};

inline constexpr std::size_t search_terms_max = 512;  // of one object; further words are left out

// The words of a query, in lower case, at most eight.
std::vector<std::string> search_words(std::string_view text);
// The least text that is greater than every text that begins with `prefix`, in byte order.
std::string after_prefix(std::string_view prefix);

class SearchStore {
 public:
  SearchStore(Transaction& transaction, model::TenantNumber tenant)
      : transaction_(transaction), tenant_(tenant) {}

  // Replaces the terms of an object.
  Result<> put(std::string_view object_id, const SearchTerms& terms);
  Result<> remove(std::string_view object_id);
  // Ids of the objects that have the term, sorted, at most `limit`.
  Result<std::vector<std::string>> objects_with(std::string_view term, std::int64_t limit) const;

 private:
  Transaction& transaction_;
  model::TenantNumber tenant_;
};

}  // namespace gatehouse::storage
