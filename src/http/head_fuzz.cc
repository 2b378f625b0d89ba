// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes heads of requests and responses: however the bytes are cut the outcome is the same, views
// stay inside, and what is taken has one framing. The first byte says where the text is cut.
#include <algorithm>

#include "core/error.h"
#include "http/authority.h"
#include "http/writer.h"

namespace gatehouse::http {
namespace {

void check_taken(const RequestHead& head) {
  GH_ASSERT(head.version() == Version::http_1_0 || !head.authority().empty());
  GH_ASSERT(head.authority().empty() || parse_authority(head.authority()));
  const Field* const length = head.find(FieldId::content_length);
  GH_ASSERT(head.framing() != Framing::chunked || length == nullptr);
  GH_ASSERT(head.framing() != Framing::length || length != nullptr);
  GH_ASSERT(!head.repeated(FieldId::host) && !head.repeated(FieldId::content_length));

  // What is forwarded is read the same again.
  std::string forwarded;
  append_request_line(forwarded, head.method_text(), head.target());
  append_fields(forwarded, head, FieldSet{FieldId::connection});
  end_head(forwarded);
  RequestHead again;
  GH_ASSERT(head.version() == Version::http_1_0 || again.read(forwarded) == HeadState::complete ||
            forwarded.size() > 16 * 1024);
}

template <typename HeadKind, typename Read>
void check(std::string_view text, std::size_t cut, Read read) {
  HeadKind whole;
  const HeadState state = read(whole, text);
  HeadKind pieced;
  HeadState piecewise = read(pieced, text.substr(0, cut));
  if (piecewise == HeadState::incomplete) piecewise = read(pieced, text);
  GH_ASSERT(piecewise == state);
  GH_ASSERT(pieced.refusal().status == whole.refusal().status);
  GH_ASSERT(pieced.refusal().reason == whole.refusal().reason);
  if (state != HeadState::complete) return;
  GH_ASSERT(pieced.size() == whole.size() && whole.size() <= text.size());
  for (const Field& field : whole.fields()) {
    GH_ASSERT(is_field_name(whole.name(field)) && is_field_value(whole.value(field)));
    GH_ASSERT(field.value.end() + 2 <= whole.size());
  }
}

void check_both(std::string_view input) {
  if (input.empty()) return;
  const std::string_view text = input.substr(1);
  const std::size_t cut = std::min<std::size_t>(static_cast<unsigned char>(input[0]), text.size());
  check<RequestHead>(text, cut, [](RequestHead& head, std::string_view bytes) {
    const HeadState state = head.read(bytes);
    if (state == HeadState::complete) check_taken(head);
    return state;
  });
  check<ResponseHead>(text, cut, [](ResponseHead& head, std::string_view bytes) {
    return head.read(bytes, Method::get);
  });
}

}  // namespace
}  // namespace gatehouse::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  gatehouse::http::check_both({reinterpret_cast<const char*>(data), size});
  return 0;
}
