// SPDX-License-Identifier: Apache-2.0
//
// Certificates as they are uploaded and shown.
//
// Thread:  pure functions.
#pragma once

#include "jose/certificate.h"
#include "rest/call.h"

namespace gatehouse::publisher {

// The file of the part `certificate`.
// Error: invalid_argument (909042, no certificate; 909043, one that has expired).
Result<jose::Certificate> uploaded_certificate(const rest::Call& call, Instant now);

// {status, validity{from, to}, version, subject} of a certificate of ours.
Result<rest::Reply> certificate_info(const std::string& pem, Instant now);
rest::Reply certificate_file(std::string pem);
// A page whose list is called `certificates`.
rest::Reply certificate_page(json::array list, std::int64_t total, const rest::Call& call);
// 200, as the contract has it, with the place of what was made.
rest::Reply certificate_added(json::object metadata, std::string location);

}  // namespace gatehouse::publisher
