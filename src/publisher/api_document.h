// SPDX-License-Identifier: Apache-2.0
//
// An API's document: what we manage in it, what is hidden of it, and by which words it is found.
//
// Thread:  pure functions.
#pragma once

#include "rest/call.h"
#include "storage/apis/api_scope_store.h"
#include "storage/apis/api_store.h"
#include "storage/apis/search_store.h"

namespace gatehouse::publisher {

// Takes out what clients may send back to us but only we decide: id, lifeCycleStatus, times, ...
void drop_managed(json::object& document);

// The REST resource: the document with what we manage, its secrets empty.
json::object api_view(const storage::ApiRow& api);
// The same of a revision: `id` and `revision_number` are the revision's.
json::object revision_view(const storage::ApiRow& api, const json::object& document,
                           std::string_view id, std::int64_t revision_number);
// An entry of a list.
json::object api_entry(const storage::ApiRow& api);

// Turns each new secret of `document` into its sealed form, and gives those that the client left
// empty the sealed form that `before` has.
using Seal = std::function<std::string(std::string_view secret)>;
void seal_secrets(json::object& document, const json::object& before, const Seal& seal);

storage::SearchTerms terms_of(const storage::ApiRow& api);
// The marks of the policies and shared scopes that a document names, the working copy's or a
// revision's: what keeps these from being deleted.
void add_references(const storage::ApiRow& api, storage::SearchTerms& terms);
// The scopes that the API defines itself, or those of all that it names.
enum class Sharing : std::uint8_t { own, shared };
std::vector<storage::ApiScope> scopes_of(const storage::ApiRow& api, Sharing sharing);

// The marks one of which an API must have to be seen by this caller in the publisher; none: all
// are.
std::vector<std::string> editor_audience(const rest::Caller& caller);
bool may_edit(const rest::Caller& caller, const storage::ApiRow& api);

}  // namespace gatehouse::publisher
