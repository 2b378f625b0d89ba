// SPDX-License-Identifier: Apache-2.0
//
// Whether the caller holds what its token is bound to: the key of a DPoP proof, or the certificate
// of its connection; and whether the token is for the resource that it opens here.
//
// Thread:  one event loop.
// Cost:    nothing for a token that is bound to nothing; one verification for a proof.
// Source:  RFC 9449, section 7.1; RFC 8705, section 3; RFC 8707, section 2.
#pragma once

#include "gateway/pipeline.h"

namespace gatehouse::gateway {

// `proceed`, or a fault. A proof is for the API's host, whatever Host says. A token bound to a key
// comes as "Authorization: DPoP" with a proof, any other one as Bearer.
Flow check_possession(Exchange& exchange, UsedProofs& used, const Token& token);

// True when the token is for all resources, or one of them is a beginning of this request's URL, by
// whole segments, on the API's host (whatever its port).
bool is_for_resource(const Exchange& exchange, const Token& token);

}  // namespace gatehouse::gateway
