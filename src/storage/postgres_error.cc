// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres_error.h"

#include "storage/database.h"

namespace gatehouse::storage {

namespace {

constexpr std::string_view unique_violation = "23505";
constexpr std::string_view protocol_violation = "08P01";  // a wrong number of arguments

bool is_any(std::string_view sqlstate, std::initializer_list<std::string_view> states) {
  return std::find(states.begin(), states.end(), sqlstate) != states.end();
}

}  // namespace

Trouble trouble_of(std::string_view sqlstate) {
  // Serialization failure, deadlock, and our own refusal to wait for the change log's lock.
  if (is_any(sqlstate, {"40001", "40P01", "55P03"})) return Trouble::repeat;
  if (sqlstate == protocol_violation) return Trouble::refused;
  // Shut down, crashed, starting, idle for too long.
  if (sqlstate.empty() || sqlstate.starts_with("08") ||
      is_any(sqlstate, {"57P01", "57P02", "57P03", "57P05", "25P03", "25P04"})) {
    return Trouble::lost;
  }
  return Trouble::refused;
}

Error error_of(std::string_view sqlstate, std::string detail) {
  if (sqlstate == unique_violation) {
    return {ErrorCode::conflict, "Already exists", std::move(detail)};
  }
  // A character that the encoding of the database does not have, or a NUL.
  if (is_any(sqlstate, {"22021", "22P05"})) {
    return {ErrorCode::invalid_argument, bad_text, std::move(detail)};
  }
  // 53: no room, memory or connections; 57: cancelled or shut down; 58: the machine's fault.
  const bool away = trouble_of(sqlstate) != Trouble::refused || sqlstate.starts_with("53") ||
                    sqlstate.starts_with("57") || sqlstate.starts_with("58");
  if (away) return {ErrorCode::unavailable, "The database is not available", std::move(detail)};
  return {ErrorCode::internal, "Internal error", std::move(detail)};
}

}  // namespace gatehouse::storage
