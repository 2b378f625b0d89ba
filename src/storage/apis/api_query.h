// SPDX-License-Identifier: Apache-2.0
//
// The language in which people search APIs: `name:"Pizza" version:1.0 free words`.
//
// Fields: name, version, provider, context, status (or lcstate), tag (or tags), api-category,
// description, content, type. A quoted value is compared whole; an unquoted one of name, context,
// description or content by its words, each of which may be the beginning of a longer one. Words
// without a field search everything that was indexed.
//
// Thread:  plain values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::storage {

// Every condition must hold; an empty one holds always.
struct ApiQuery {
  std::string name;                   // whole, without regard to case
  std::string version;                // whole
  std::string context;                // whole
  std::vector<std::string> words;     // each begins a word of the API
  std::vector<std::string> marks;     // each is a mark of the API
  std::vector<std::string> states;    // one of them
  std::vector<std::string> audience;  // marks: one of them; who may see the API
};

// Reads what a user typed; never fails: what has no meaning is searched as words.
ApiQuery parse_api_query(std::string_view text);

// Marks that ApiStore writes and queries name.
std::string tag_mark(std::string_view tag);
std::string provider_mark(std::string_view provider);
std::string category_mark(std::string_view category);
std::string type_mark(std::string_view type);
std::string shared_scope_mark(std::string_view scope);
// `level` as model::to_text says it; also a mark of revisions, by their id.
std::string policy_mark(std::string_view level, std::string_view name);
// Who sees an API in the portal: everybody, users of the tenant, holders of a role.
inline constexpr std::string_view everybody_mark = "@public";
inline constexpr std::string_view tenant_mark = "@tenant";
std::string role_mark(std::string_view role);
// Who sees an API in the publisher: everybody there, or holders of a role, or the provider.
inline constexpr std::string_view editors_mark = "@editors";
std::string editor_role_mark(std::string_view role);
std::string editor_mark(std::string_view user_id);

}  // namespace gatehouse::storage
