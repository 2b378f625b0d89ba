// SPDX-License-Identifier: Apache-2.0
#include "keymanager/client_metadata.h"

#include <algorithm>
#include <array>

#include "core/text.h"
#include "keymanager/client_kind.h"

namespace gatehouse::keymanager {

Method method_of(const storage::Client& client) {
  if (is_public(client)) return Method::none;
  struct Name {
    std::string_view text;
    Method method;
  };
  constexpr std::array names{
      Name{"", Method::secret},
      Name{"client_secret_basic", Method::secret},
      Name{"client_secret_post", Method::secret},
      Name{"private_key_jwt", Method::private_key_jwt},
      Name{"tls_client_auth", Method::tls},
      Name{"self_signed_tls_client_auth", Method::self_signed_tls},
  };
  const std::string text = text_or(client.document, "token_endpoint_auth_method", "");
  for (const Name& name : names) {
    if (name.text == text) return name.method;
  }
  return Method::unknown;
}

std::optional<jose::Algorithm> algorithm_of(const storage::Client& client,
                                            std::string_view member) {
  const Result<jose::Algorithm> algorithm =
      jose::parse_algorithm(text_or(client.document, member, ""));
  return algorithm ? std::optional(*algorithm) : std::nullopt;
}

std::vector<std::string> registered_scopes(const storage::Client& client,
                                           std::vector<std::string> asked) {
  const std::vector<std::string> own = split_words(text_or(client.document, "scope", ""));
  if (own.empty()) return asked;
  std::erase_if(asked, [&](const std::string& scope) {
    return std::find(own.begin(), own.end(), scope) == own.end();
  });
  return asked;
}

}  // namespace gatehouse::keymanager
