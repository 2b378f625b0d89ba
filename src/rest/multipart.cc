// SPDX-License-Identifier: Apache-2.0
#include "rest/multipart.h"

#include "core/text.h"
#include "rest/media_type.h"

namespace gatehouse::rest {

namespace {

constexpr std::size_t boundary_bytes_max = 70;

tl::unexpected<Error> broken(std::string why) {
  return fail(ErrorCode::invalid_argument, "The multipart body " + std::move(why));
}

// The head's fields that matter; others are left alone.
Result<Part> part_of(std::string_view head) {
  Part part;
  while (!head.empty()) {
    const std::size_t end = head.find("\r\n");
    const std::string_view line = head.substr(0, end);
    head = end == std::string_view::npos ? "" : head.substr(end + 2);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return broken("has a header line without a colon");
    const std::string_view name = trim(line.substr(0, colon));
    const std::string_view value = trim(line.substr(colon + 1));
    if (equals_ignoring_case(name, "Content-Disposition")) {
      if (media_type_of(value) != "form-data") return broken("has a part that is not form data");
      part.name = media_parameter(value, "name");
      part.file_name = media_parameter(value, "filename");
    } else if (equals_ignoring_case(name, "Content-Type")) {
      part.media_type = media_type_of(value);
    }
  }
  if (part.name.empty()) return broken("has a part without a name");
  return part;
}

}  // namespace

Result<std::vector<Part>> parse_multipart(std::string_view content_type, std::string_view body) {
  const std::string boundary = media_parameter(content_type, "boundary");
  if (boundary.empty() || boundary.size() > boundary_bytes_max) {
    return broken("has no boundary of 1 to 70 characters");
  }
  const std::string first = "--" + boundary;
  const std::string delimiter = "\r\n--" + boundary;
  if (!body.starts_with(first)) return broken("does not begin with its boundary");
  std::vector<Part> parts;
  std::string_view rest = body.substr(first.size());
  while (!rest.starts_with("--")) {
    if (!rest.starts_with("\r\n")) return broken("has a boundary that does not end its line");
    if (parts.size() == parts_max) return broken("has too many parts");
    rest.remove_prefix(2);
    const std::size_t head_end = rest.substr(0, part_head_bytes_max).find("\r\n\r\n");
    if (head_end == std::string_view::npos) return broken("has a part whose head does not end");
    GH_TRY(part, part_of(rest.substr(0, head_end)));
    rest.remove_prefix(head_end + 4);
    const std::size_t end = rest.find(delimiter);
    if (end == std::string_view::npos) return broken("ends inside a part");
    part.bytes = rest.substr(0, end);
    rest.remove_prefix(end + delimiter.size());
    parts.push_back(std::move(part));
  }
  if (rest.substr(2).find_first_not_of(" \t\r\n") != std::string_view::npos) {
    return broken("goes on after its end");
  }
  return parts;
}

}  // namespace gatehouse::rest
