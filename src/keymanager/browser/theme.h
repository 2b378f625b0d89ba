// SPDX-License-Identifier: Apache-2.0
//
// How a tenant's pages look beyond the default: files of the folder THEMES/DOMAIN, each optional.
//
//   style.css             put behind our own style, so it overrides
//   logo.svg or logo.png  shown above the form
//   name.txt              what stands in the place of the product's name
//
// They are part of each page rather than linked, so a page asks nobody for anything. They are read
// for each page, so a change shows at once.
//
// Thread:  pool threads.
// Memory:  `theme_bytes_max` for each file; a larger one is left out.
#pragma once

#include <string>
#include <string_view>

namespace gatehouse::keymanager {

inline constexpr std::size_t theme_bytes_max = 128 * 1024;

struct Theme {
  std::string name = "Gatehouse";
  std::string style;
  std::string logo;  // a data: URI, or empty
};

class Themes {
 public:
  // Empty: every tenant has the default.
  explicit Themes(std::string folder) : folder_(std::move(folder)) {}

  Theme of(std::string_view domain) const;

 private:
  const std::string folder_;
};

}  // namespace gatehouse::keymanager
