// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres_value.h"

namespace gatehouse::storage {

namespace {

// Object ids of types, as in pg_type.dat.
enum Type : std::uint32_t {
  type_bool = 16,
  type_bytea = 17,
  type_name = 19,
  type_int8 = 20,
  type_int2 = 21,
  type_int4 = 23,
  type_text = 25,
  type_unknown = 705,
  type_varchar = 1043,
  type_numeric = 1700,
  type_void = 2278,
};

// Big-endian, in two's complement.
std::int64_t integer(std::string_view bytes) {
  const bool negative = !bytes.empty() && (static_cast<unsigned char>(bytes.front()) & 0x80U) != 0;
  std::uint64_t value = negative ? ~std::uint64_t{0} : 0;
  for (const char byte : bytes) value = value << 8U | static_cast<unsigned char>(byte);
  return static_cast<std::int64_t>(value);
}

constexpr std::size_t group_bytes = 2;
constexpr std::int64_t group_base = 10'000;

// Header: number of groups, weight of the first, sign, digits after the point; then the groups,
// each four decimal digits. Groups that are left out at the end are zero.
std::optional<std::int64_t> decimal(std::string_view bytes) {
  constexpr std::size_t header_bytes = 4 * group_bytes;
  constexpr std::int64_t negative = 0x4000;
  constexpr std::int64_t weight_max = 4;  // 10^19 has five groups
  if (bytes.size() < header_bytes) return std::nullopt;
  const std::int64_t groups = integer(bytes.substr(0, group_bytes));
  const std::int64_t weight = integer(bytes.substr(group_bytes, group_bytes));
  const std::int64_t sign = integer(bytes.substr(2 * group_bytes, group_bytes));
  if ((sign != 0 && sign != negative) || weight > weight_max || groups > weight + 1) {
    return std::nullopt;
  }
  std::int64_t value = 0;
  for (std::int64_t i = 0; i <= weight; ++i) {
    const std::size_t at = header_bytes + static_cast<std::size_t>(i) * group_bytes;
    const std::int64_t group = i < groups ? integer(bytes.substr(at, group_bytes)) : 0;
    if (__builtin_mul_overflow(value, group_base, &value) ||
        __builtin_sub_overflow(value, group, &value)) {
      return std::nullopt;
    }
  }
  if (sign == negative) return value;
  return value == INT64_MIN ? std::nullopt : std::optional(-value);
}

}  // namespace

std::optional<Parameter::Value> postgres_value(std::uint32_t type, std::string_view bytes) {
  switch (type) {
    case type_bool:
    case type_int2:
    case type_int4:
    case type_int8: return integer(bytes);
    case type_name:
    case type_text:
    case type_unknown:
    case type_varchar: return std::string(bytes);
    case type_bytea: return Bytes{std::string(bytes)};
    case type_numeric: {
      const std::optional<std::int64_t> value = decimal(bytes);
      return value ? std::optional<Parameter::Value>(*value) : std::nullopt;
    }
    case type_void: return std::monostate();
  }
  return std::nullopt;
}

}  // namespace gatehouse::storage
