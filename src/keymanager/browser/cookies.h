// SPDX-License-Identifier: Apache-2.0
//
// Cookies of our pages. Their names bind them to this host and to TLS; no script reads them;
// another site's form does not bring them.
//
// Thread:  pure functions.
// Source:  RFC 6265; RFC 6265bis, sections 4.1.2.7 (SameSite) and 4.1.3.2 (__Host-).
#pragma once

#include <string>
#include <string_view>

#include "http/message.h"

namespace gatehouse::keymanager {

inline constexpr std::string_view session_cookie = "__Host-gatehouse-session";
inline constexpr std::string_view device_cookie = "__Host-gatehouse-device";
inline constexpr std::string_view form_cookie = "__Host-gatehouse-form";

// Empty when absent, or there twice: then somebody has planted one.
std::string cookie_of(const http::Request& request, std::string_view name);

// A Set-Cookie that ends with the browser's session.
std::string make_cookie(std::string_view name, std::string_view value);
std::string end_cookie(std::string_view name);

}  // namespace gatehouse::keymanager
