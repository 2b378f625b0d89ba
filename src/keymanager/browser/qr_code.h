// SPDX-License-Identifier: Apache-2.0
//
// A text as a QR code in a page.
//
// Thread:  any; libqrencode keeps nothing between calls of QRcode_encodeString.
// Source:  ISO/IEC 18004, by libqrencode (docs/decisions/qrencode.md).
#pragma once

#include "keymanager/browser/html.h"

namespace gatehouse::keymanager {

// An image of about 200 pixels, described by `label`; nothing, when the text is too long for a
// code.
Markup qr_image(const std::string& text, std::string_view label);

}  // namespace gatehouse::keymanager
