// SPDX-License-Identifier: Apache-2.0
#include "keymanager/mail/smtp_client.h"

#include <curl/curl.h>

#include <cstring>
#include <memory>
#include <mutex>

namespace gatehouse::keymanager::mail {

namespace {

using Handle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using Addresses = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

struct Source {
  std::string_view left;
};

std::size_t read_some(char* into, std::size_t size, std::size_t count, void* source) {
  std::string_view& left = static_cast<Source*>(source)->left;
  const std::size_t taken = std::min(size * count, left.size());
  std::memcpy(into, left.data(), taken);
  left.remove_prefix(taken);
  return taken;
}

// Asked at least once a second, whatever the server does.
int is_stopped(const void* stop, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const std::stop_token*>(stop)->stop_requested() ? 1 : 0;
}

void set_server(CURL* curl, const Server& server) {
  const bool implicit = server.security == Security::tls;
  const bool bracketed = server.host.find(':') != std::string::npos;
  const std::string url =
      fmt::format("{}://{}{}{}:{}", implicit ? "smtps" : "smtp", bracketed ? "[" : "", server.host,
                  bracketed ? "]" : "", server.port);
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(curl, CURLOPT_PROXY, "");  // whatever the environment says
  const long tls = server.security == Security::none ? CURLUSESSL_NONE : CURLUSESSL_ALL;
  curl_easy_setopt(curl, CURLOPT_USE_SSL, tls);
  curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
  if (!server.authorities.empty()) {
    curl_easy_setopt(curl, CURLOPT_CAINFO, server.authorities.c_str());
    curl_easy_setopt(curl, CURLOPT_CAPATH, nullptr);
  }
  if (!server.user.empty()) {
    curl_easy_setopt(curl, CURLOPT_USERNAME, server.user.c_str());
    curl_easy_setopt(curl, CURLOPT_PASSWORD, server.password.c_str());
  }
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, static_cast<long>(server.patience.count()));
}

}  // namespace

Result<> SmtpClient::send(const Message& message, const std::stop_token& stop) const {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  if (!is_address(message.to) || !is_address(message.from)) {
    return fail(ErrorCode::invalid_argument, "The address of the mail cannot be");
  }
  const Handle curl(curl_easy_init(), &curl_easy_cleanup);
  if (!curl) return fail(ErrorCode::internal, "The mail cannot be sent", "no handle");
  set_server(curl.get(), server_);
  const Addresses to(curl_slist_append(nullptr, fmt::format("<{}>", message.to).c_str()),
                     &curl_slist_free_all);
  curl_easy_setopt(curl.get(), CURLOPT_MAIL_FROM, fmt::format("<{}>", message.from).c_str());
  curl_easy_setopt(curl.get(), CURLOPT_MAIL_RCPT, to.get());
  const std::string text = compose(message);
  Source source{text};
  curl_easy_setopt(curl.get(), CURLOPT_READFUNCTION, &read_some);
  curl_easy_setopt(curl.get(), CURLOPT_READDATA, &source);
  curl_easy_setopt(curl.get(), CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_XFERINFOFUNCTION, &is_stopped);
  curl_easy_setopt(curl.get(), CURLOPT_XFERINFODATA, &stop);
  curl_easy_setopt(curl.get(), CURLOPT_NOPROGRESS, 0L);
  const CURLcode code = curl_easy_perform(curl.get());
  if (code == CURLE_OK) return {};
  long answer = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &answer);
  // RFC 5321, section 4.2.1: 5yz will be the same next time, but for a password of ours that is
  // mended meanwhile.
  const bool for_good = answer >= 500 && code != CURLE_LOGIN_DENIED;
  return fail(for_good ? ErrorCode::invalid_argument : ErrorCode::unavailable,
              "The mail server did not take the mail",
              fmt::format("{} ({})", curl_easy_strerror(code), answer));
}

}  // namespace gatehouse::keymanager::mail
