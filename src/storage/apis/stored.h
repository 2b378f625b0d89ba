// SPDX-License-Identifier: Apache-2.0
//
// What the stores of this folder share: stored JSON documents, windows of a list, and parameters of
// statements whose number of values is only known at run time.
//
// Thread:  plain values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "storage/database.h"

namespace gatehouse::storage {

// The document of a column. Error: internal, because only we write these columns.
Result<json::object> stored_document(std::string_view text);
// The texts of a column that holds a JSON array.
std::vector<std::string> stored_texts(std::string_view text);
std::string to_stored(const std::vector<std::string>& texts);

// One window of a list in a unique and stable order.
struct Window {
  std::int64_t offset = 0;
  std::int64_t limit = 25;
};

template <typename Item>
struct Listed {
  std::vector<Item> items;
  std::int64_t total = 0;  // without the window
};

// Gathers parameters in the order in which their names enter the text of a statement.
class Binding {
 public:
  std::string one(Parameter parameter);                     // "$3"
  std::string list(const std::vector<std::string>& texts);  // "$4, $5"; "NULL" for none

  std::span<const Parameter> parameters() const { return parameters_; }

 private:
  std::vector<Parameter> parameters_;
};

}  // namespace gatehouse::storage
