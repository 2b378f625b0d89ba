// SPDX-License-Identifier: Apache-2.0
//
// The look of every page. Colours have a contrast of 4.5 : 1 at least in both schemes (WCAG 2.1,
// 1.4.3), and nothing depends on colour alone.
//
// Thread:  constants.
#pragma once

#include <string_view>

namespace gatehouse::keymanager {

extern const std::string_view page_style;

}  // namespace gatehouse::keymanager
