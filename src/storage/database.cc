// SPDX-License-Identifier: Apache-2.0
#include "storage/database.h"

#include <utility>

namespace gatehouse::storage {

namespace {

thread_local std::uint64_t noted_change_number = 0;
thread_local bool inside_transaction = false;

template <typename T>
const T& value_or_default(const Parameter::Value& value) {
  static const T none{};
  if (std::holds_alternative<std::monostate>(value)) return none;
  const T* const found = std::get_if<T>(&value);
  GH_ASSERT(found != nullptr);
  return *found;
}

}  // namespace

bool Row::is_null(std::size_t column) const {
  return std::holds_alternative<std::monostate>(values_.at(column));
}

const std::string& Row::text(std::size_t column) const {
  return value_or_default<std::string>(values_.at(column));
}

const std::string& Row::bytes(std::size_t column) const {
  return value_or_default<Bytes>(values_.at(column)).bytes;
}

std::int64_t Row::number(std::size_t column) const {
  return value_or_default<std::int64_t>(values_.at(column));
}

std::uint64_t Database::take_change_number() { return std::exchange(noted_change_number, 0); }

Database::Inside::Inside() {
  refuse_inside();
  inside_transaction = true;
}

Database::Inside::~Inside() { inside_transaction = false; }

void Database::refuse_inside() { GH_ASSERT(!inside_transaction); }

void Database::note_change_number(std::uint64_t number) {
  noted_change_number = std::max(noted_change_number, number);
}

}  // namespace gatehouse::storage
