// SPDX-License-Identifier: Apache-2.0
#include "app/mail_sender.h"

#include "app/secrets.h"

namespace gatehouse::app {

namespace {

keymanager::mail::Security security_of(const std::string& name) {
  if (name == "tls") return keymanager::mail::Security::tls;
  return name == "none" ? keymanager::mail::Security::none : keymanager::mail::Security::start_tls;
}

}  // namespace

keymanager::mail::Mailer::Send mail_sender(const Configuration& configuration) {
  const MailConfig& mail = configuration.mail;
  if (mail.host.empty()) return {};
  const keymanager::mail::Server server{
      .host = mail.host,
      .port = static_cast<std::uint16_t>(mail.port),
      .security = security_of(mail.security),
      .user = mail.username,
      .password = "",
      .authorities = mail.ca.empty() ? "" : configuration.path(mail.ca)};
  const std::string file = mail.password_file.empty() ? "" : configuration.path(mail.password_file);
  return [server, file](const keymanager::mail::Message& message,
                        const std::stop_token& stop) -> Result<> {
    keymanager::mail::Server present = server;
    if (!file.empty()) {
      GH_TRY(password, read_first_line(file));
      present.password = std::move(password);
    }
    return keymanager::mail::SmtpClient(std::move(present)).send(message, stop);
  };
}

}  // namespace gatehouse::app
