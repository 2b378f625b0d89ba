// SPDX-License-Identifier: Apache-2.0
#include "gateway/fault.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "core/error.h"
#include "core/text.h"
#include "http/message.h"

namespace gatehouse::gateway {

namespace {

// What kind of body a fault has: its namespace in XML, and whether JSON shows a `type`.
enum class Family : std::uint8_t { security, throttling, runtime };

struct Row {
  FaultCode code;
  std::uint16_t status;
  Family family;
  std::string_view message;
  std::string_view description;
};

constexpr std::string_view over_quota = "You have exceeded your quota";

constexpr std::array rows{
    Row{FaultCode::not_found, 404, Family::runtime, "Not Found",
        "The requested resource is not available."},
    Row{FaultCode::method_not_allowed, 405, Family::runtime, "Method Not Allowed",
        "Method not allowed for given API resource"},
    Row{FaultCode::upgrade_required, 426, Family::runtime, "Upgrade Required",
        "This API is called over a WebSocket of version 13."},
    Row{FaultCode::origin_refused, 403, Family::security, "Forbidden",
        "A page of this origin may not open a WebSocket to this API."},
    Row{FaultCode::unsupported_transport, 403, Family::runtime, "Forbidden",
        "Unsupported Transport"},
    Row{FaultCode::api_blocked, 503, Family::runtime, "API blocked",
        "This API has been blocked temporarily. Please try again later or contact the system "
        "administrators."},
    Row{FaultCode::api_limit, 429, Family::throttling, "Message throttled out", over_quota},
    Row{FaultCode::backend_limit, 503, Family::throttling, "API Limit Reached",
        "API not accepting requests"},
    Row{FaultCode::resource_limit, 429, Family::throttling, "Message throttled out", over_quota},
    Row{FaultCode::application_limit, 429, Family::throttling, "Message throttled out", over_quota},
    Row{FaultCode::subscription_limit, 429, Family::throttling, "Message throttled out",
        over_quota},
    Row{FaultCode::subscription_burst, 429, Family::throttling, "Message throttled out",
        "You have exceeded your subscription burst limit quota"},
    Row{FaultCode::application_burst, 429, Family::throttling, "Message throttled out",
        "You have exceeded your application burst limit quota"},
    Row{FaultCode::key_manager_unavailable, 503, Family::security,
        "Unclassified Authentication Failure",
        "The credential cannot be checked at the moment. Please try again later."},
    Row{FaultCode::invalid_credentials, 401, Family::security, "Invalid Credentials",
        "Invalid Credentials. Make sure you have provided the correct security credentials"},
    Row{FaultCode::missing_credentials, 401, Family::security, "Missing Credentials",
        "Missing Credentials. Make sure your API invocation call has a header: 'Authorization : "
        "Bearer ACCESS_TOKEN' or 'Authorization : Basic ACCESS_TOKEN' or 'apikey : API_KEY'"},
    Row{FaultCode::token_expired, 401, Family::security, "Access Token Expired",
        "Access Token Expired. Renew the access token and try again"},
    Row{FaultCode::token_type, 401, Family::security, "Incorrect Access Token Type is provided",
        "The access token type used is not supported when invoking the API"},
    Row{FaultCode::subscription_blocked, 401, Family::security,
        "The requested API is temporarily blocked", "Access failure for API"},
    Row{FaultCode::not_subscribed, 403, Family::security, "Resource forbidden",
        "User is NOT authorized to access the Resource. API Subscription validation failed."},
    Row{FaultCode::subscription_inactive, 401, Family::security,
        "The subscription to the API is inactive", "Access failure for API"},
    Row{FaultCode::scope_missing, 403, Family::security,
        "The access token does not allow you to access the requested resource",
        "User is NOT authorized to access the Resource. Scope validation failed."},
    Row{FaultCode::certificate_refused, 401, Family::security, "Mutual TLS authentication failed",
        "The API is called with a client certificate that its provider has registered."},
    Row{FaultCode::incomplete_payload, 400, Family::runtime, "Runtime Error",
        "The request ended before its body was complete."},
    Row{FaultCode::backend_protocol, 502, Family::runtime, "Runtime Error",
        "The backend did not answer in HTTP."},
    Row{FaultCode::backend_unreachable, 503, Family::runtime, "Runtime Error",
        "Error connecting to the back end"},
    Row{FaultCode::backend_timeout, 504, Family::runtime, "Runtime Error", "Connection timed out"},
    Row{FaultCode::backend_closed, 502, Family::runtime, "Runtime Error",
        "The backend closed the connection"},
    Row{FaultCode::backend_connect_timeout, 504, Family::runtime, "Runtime Error",
        "Connection to the backend timed out"},
};

Row row_of(FaultCode code) {
  const auto* row =
      std::find_if(rows.begin(), rows.end(), [code](const Row& r) { return r.code == code; });
  if (row != rows.end()) return *row;
  const auto status = static_cast<std::uint32_t>(code);
  GH_ASSERT(status >= 400 && status < 600);
  return {code, static_cast<std::uint16_t>(status), Family::runtime,
          http::reason_phrase(static_cast<int>(status)), "The request was refused."};
}

constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// "2026-Nov-23 06:41:00+0000 UTC": rounded up to the second, so that who waits for it is let in.
std::string access_time(Instant at) {
  const std::time_t seconds =
      std::chrono::ceil<std::chrono::seconds>(at.time_since_epoch()).count();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{}-{:02} {:02}:{:02}:{:02}+0000 UTC", parts.tm_year + 1900,
                     months.at(static_cast<std::size_t>(parts.tm_mon)), parts.tm_mday,
                     parts.tm_hour, parts.tm_min, parts.tm_sec);
}

std::string_view xml_namespace(Family family) {
  switch (family) {
    case Family::security: return "ams:fault xmlns:ams=\"http://wso2.org/apimanager/security\"";
    case Family::throttling: return "amt:fault xmlns:amt=\"http://wso2.org/apimanager/throttling\"";
    case Family::runtime: return "am:fault xmlns:am=\"http://wso2.org/apimanager\"";
  }
  GH_ASSERT_NOT_REACHED();
}

std::string xml_body(const Row& row, std::string_view description, std::string_view next_access) {
  const std::string_view opening = xml_namespace(row.family);
  const std::string_view prefix = opening.substr(0, opening.find(':'));
  std::string body = fmt::format("<{}>", opening);
  const auto element = [&](std::string_view name, std::string_view text) {
    body += fmt::format("<{0}:{1}>{2}</{0}:{1}>", prefix, name, text);
  };
  element("code", fmt::format("{}", static_cast<std::uint32_t>(row.code)));
  if (row.family == Family::runtime) element("type", "Status report");
  element("message", row.message);
  element("description", description);
  if (!next_access.empty()) element("nextAccessTime", next_access);
  return body + fmt::format("</{}:fault>", prefix);
}

// The texts are ours and hold nothing that JSON or XML would have to escape.
std::string json_body(const Row& row, std::string_view description, std::string_view next_access) {
  std::string body = fmt::format("{{\"code\":\"{}\",", static_cast<std::uint32_t>(row.code));
  if (row.family == Family::runtime) body += "\"type\":\"Status report\",";
  body += fmt::format("\"message\":\"{}\",\"description\":\"{}\"", row.message, description);
  if (!next_access.empty()) body += fmt::format(",\"nextAccessTime\":\"{}\"", next_access);
  return body + "}";
}

std::int64_t seconds_up(std::chrono::milliseconds time) {
  return std::chrono::ceil<std::chrono::seconds>(time).count();
}

}  // namespace

std::uint16_t status_of(const Fault& fault) {
  return fault.status != 0 ? fault.status : row_of(fault.code).status;
}

bool is_limit(FaultCode code) { return row_of(code).family == Family::throttling; }

FaultForm fault_form(std::string_view accept) {
  bool xml = false;
  for (const std::string_view item : split(accept, ',')) {
    const std::string type = to_lower(trim(item.substr(0, item.find(';'))));
    if (type == "*/*" || type == "application/*" || type == "application/json" ||
        type.ends_with("+json")) {
      return FaultForm::json;
    }
    xml = xml || type == "application/xml" || type == "text/xml" || type.ends_with("+xml");
  }
  return xml ? FaultForm::xml : FaultForm::json;
}

std::string fault_body(const Fault& fault, FaultForm form, Instant now) {
  const Row row = row_of(fault.code);
  std::string description(fault.description.empty() ? row.description : fault.description);
  std::string next_access;
  if (is_limit(fault.code)) {
    next_access = access_time(now + fault.retry_after);
    if (row.description == over_quota) {
      description += " .You can access API after " + next_access;
    }
  }
  return form == FaultForm::xml ? xml_body(row, description, next_access)
                                : json_body(row, description, next_access);
}

std::string fault_fields(const Fault& fault) {
  std::string fields;
  if (!fault.dpop_error.empty()) {
    fields += fmt::format(
        "WWW-Authenticate: DPoP realm=\"WSO2 API Manager\", error=\"{}\", "
        "algs=\"RS256 PS256 ES256 EdDSA\"\r\n",
        fault.dpop_error);
  } else if (status_of(fault) == 401) {
    const bool missing = fault.code == FaultCode::missing_credentials ||
                         fault.code == FaultCode::certificate_refused;
    fields += "WWW-Authenticate: OAuth2 realm=\"WSO2 API Manager\"";
    // RFC 6750, section 3.1: a request without a credential is told no error.
    if (!missing) {
      fields += ", error=\"invalid_token\", error_description=\"The provided token is invalid\"";
    }
    fields += "\r\n";
  }
  if (is_limit(fault.code) || fault.code == FaultCode::key_manager_unavailable ||
      fault.code == FaultCode::too_many_tokens) {
    const std::int64_t wait = std::max<std::int64_t>(1, seconds_up(fault.retry_after));
    fields += fmt::format("Retry-After: {}\r\n", wait);
    if (!fault.policy.empty()) {
      fields +=
          fmt::format("RateLimit-Policy: \"{}\";q={};w={}\r\nRateLimit: \"{}\";r=0;t={}\r\n",
                      fault.policy, fault.quota, seconds_up(fault.window), fault.policy, wait);
    }
  }
  return fields;
}

std::string_view content_type(FaultForm form) {
  return form == FaultForm::xml ? "application/xml; charset=UTF-8"
                                : "application/json; charset=UTF-8";
}

}  // namespace gatehouse::gateway
