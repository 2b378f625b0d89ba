// SPDX-License-Identifier: Apache-2.0
#include "keymanager/browser/theme.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "core/text.h"

namespace gatehouse::keymanager {

namespace {

namespace fs = std::filesystem;

// A domain becomes the name of a folder, so it must not lead out of the folder of themes.
bool is_folder_name(std::string_view domain) {
  return !domain.empty() && domain.front() != '.' &&
         std::all_of(domain.begin(), domain.end(), [](char c) {
           const char lower = ascii_lower(c);
           return (lower >= 'a' && lower <= 'z') || is_digit(c) || c == '-' || c == '.' || c == '_';
         });
}

std::string content_of(const fs::path& file) {
  std::error_code error;
  const std::uintmax_t size = fs::file_size(file, error);
  if (error || size > theme_bytes_max) return "";
  std::ifstream in(file, std::ios::binary);
  std::string content(size, '\0');
  in.read(content.data(), static_cast<std::streamsize>(size));
  content.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  return content;
}

}  // namespace

Theme Themes::of(std::string_view domain) const {
  Theme theme;
  if (folder_.empty() || !is_folder_name(domain)) return theme;
  const fs::path folder = fs::path(folder_) / domain;
  theme.style = content_of(folder / "style.css");
  // A style element ends where the text says so, whatever CSS thinks.
  if (to_lower(theme.style).find("</style") != std::string::npos) theme.style.clear();
  for (const auto& [file, type] :
       {std::pair("logo.svg", "image/svg+xml"), std::pair("logo.png", "image/png")}) {
    const std::string content = content_of(folder / file);
    if (content.empty()) continue;
    theme.logo = fmt::format("data:{};base64,{}", type, to_base64(content));
    break;
  }
  const std::string text = content_of(folder / "name.txt");
  const std::string_view name = trim(std::string_view(text).substr(0, text.find_first_of("\r\n")));
  if (!name.empty() && is_utf8(name)) theme.name = name;
  return theme;
}

}  // namespace gatehouse::keymanager
