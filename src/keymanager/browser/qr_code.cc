// SPDX-License-Identifier: Apache-2.0
#include "keymanager/browser/qr_code.h"

#include <qrencode.h>

#include <memory>

namespace gatehouse::keymanager {

namespace {

constexpr int quiet_zone = 4;  // modules of white around it, as the standard wants
constexpr unsigned char is_dark = 1;

struct Free {
  void operator()(QRcode* code) const { QRcode_free(code); }
};

}  // namespace

Markup qr_image(const std::string& text, std::string_view label) {
  const std::unique_ptr<QRcode, Free> code(
      QRcode_encodeString(text.c_str(), 0, QR_ECLEVEL_M, QR_MODE_8, 1));
  if (code == nullptr) return {};
  std::string path;
  for (int y = 0; y < code->width; ++y) {
    for (int x = 0; x < code->width; ++x) {
      if ((code->data[y * code->width + x] & is_dark) == 0) continue;
      path += fmt::format("M{} {}h1v1h-1z", x + quiet_zone, y + quiet_zone);
    }
  }
  const int size = code->width + 2 * quiet_zone;
  return html(R"(<svg class="qr" role="img" aria-label="{}" width="200" height="200" )"
              R"(viewBox="0 0 {} {}" shape-rendering="crispEdges"><path d="{}"/></svg>)",
              label, size, size, Markup{std::move(path)});
}

}  // namespace gatehouse::keymanager
