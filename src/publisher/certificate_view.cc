// SPDX-License-Identifier: Apache-2.0
#include "publisher/certificate_view.h"

#include "rest/problems.h"

namespace gatehouse::publisher {

Result<jose::Certificate> uploaded_certificate(const rest::Call& call, Instant now) {
  const rest::Part* part = call.part("certificate");
  auto certificate = jose::read_certificate(part == nullptr ? "" : part->bytes);
  if (!certificate) {
    return rest::refuse_because(rest::certificate_malformed, certificate.error().message);
  }
  if (certificate->not_after <= now) {
    return rest::refuse_because(
        rest::certificate_expired,
        fmt::format("The certificate expired at {}", to_rfc3339(certificate->not_after)));
  }
  return certificate;
}

Result<rest::Reply> certificate_info(const std::string& pem, Instant now) {
  GH_TRY(certificate, jose::read_certificate(pem));
  json::object info;
  info["status"] = certificate.holds_at(now)      ? "Active"
                   : now < certificate.not_before ? "Not yet valid"
                                                  : "Expired";
  info["validity"] = json::object{{"from", to_rfc3339(certificate.not_before)},
                                  {"to", to_rfc3339(certificate.not_after)}};
  info["version"] = fmt::format("V{}", certificate.version);
  info["subject"] = certificate.subject;
  return rest::ok(std::move(info));
}

rest::Reply certificate_file(std::string pem) {
  return rest::bytes("application/octet-stream", std::move(pem));
}

rest::Reply certificate_page(json::array list, std::int64_t total, const rest::Call& call) {
  json::object page = rest::page_of(std::move(list), total, call);
  json::value certificates = std::move(page["list"]);
  page.erase("list");
  page["certificates"] = std::move(certificates);
  return rest::ok(std::move(page));
}

rest::Reply certificate_added(json::object metadata, std::string location) {
  rest::Reply reply = rest::created(std::move(metadata), std::move(location));
  reply.status = 200;
  return reply;
}

}  // namespace gatehouse::publisher
