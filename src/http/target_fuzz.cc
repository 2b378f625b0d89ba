// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes paths: the form of a form is itself, it never climbs, and it means what it shows.
#include "core/text.h"
#include "http/scan.h"
#include "http/target.h"

namespace gatehouse::http {
namespace {

void check(std::string_view path) {
  std::string room(3 * path.size() + 1, '\0');
  const Result<std::string_view> form = normalise_path(path, room);
  if (!form) return;
  std::string second_room(3 * form->size(), '\0');
  const Result<std::string_view> again = normalise_path(*form, second_room);
  GH_ASSERT(again && *again == *form);
  GH_ASSERT(form->front() == '/' && form->find("//") == std::string_view::npos);
  GH_ASSERT(scalar::skip_target(form->data(), form->data() + form->size()) ==
            form->data() + form->size());

  const std::string text = decode_path(*form);
  GH_ASSERT(is_utf8(text));
  for (const std::string_view segment : split(std::string_view(text).substr(1), '/')) {
    const std::string_view name = segment.substr(0, segment.find(';'));
    GH_ASSERT(name != "." && name != "..");
    for (const char c : segment) GH_ASSERT(c != '\\' && (c < 0 || c >= 0x20) && c != 0x7f);
  }
}

}  // namespace
}  // namespace gatehouse::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  gatehouse::http::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
