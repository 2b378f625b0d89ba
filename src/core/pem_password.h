// SPDX-License-Identifier: Apache-2.0
//
// For whoever reads PEM with OpenSSL, which by itself asks the terminal for the pass phrase of a
// protected block.
//
// Thread:  a pure function.
// Source:  pem_password_cb(3).
#pragma once

namespace gatehouse {

// Nobody is asked: what is protected cannot be read.
inline int no_pem_password(char*, int, int, void*) { return -1; }

}  // namespace gatehouse
