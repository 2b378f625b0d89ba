// SPDX-License-Identifier: Apache-2.0
//
// What the bus tells of changes. To everybody, on bus::subject_changes:
//
//   {"number":9,"previous":7}
//
// To the gateways of exactly these environments, and nobody else, on a subject of their own: the
// changes themselves, as GET /changes has them, if they are small. A gateway may hear what its
// environments hold and nothing of others, so who may listen on which subject is a permission.
//
// Thread:  pure functions.
// Source:  docs/feed.md.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace gatehouse::model {

// Changes of more than this are asked for.
inline constexpr std::size_t hint_bytes_max = 16 * 1024;

// "changes.Default", "changes.eu,us": the same for the same environments in any order; without a
// space, a wildcard, or a dot of a name.
std::string changes_subject(std::vector<std::string> environments);

}  // namespace gatehouse::model
