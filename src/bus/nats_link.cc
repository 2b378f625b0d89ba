// SPDX-License-Identifier: Apache-2.0
#include "bus/nats_link.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <memory>

#include "core/log.h"
#include "core/text.h"

namespace gatehouse::bus {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds pause_min{50};
constexpr milliseconds pause_max{1'000};
constexpr std::chrono::seconds log_interval{60};

struct FreeOptions {
  void operator()(natsOptions* options) const { natsOptions_Destroy(options); }
};
using OptionsPointer = std::unique_ptr<natsOptions, FreeOptions>;

tl::unexpected<Error> refuse(std::string_view key, const std::string& file, std::string why) {
  return fail(ErrorCode::invalid_argument, fmt::format("{}: {}: {}", key, file, why));
}

// The password is the first line.
Result<std::string> password_of(const std::string& file) {
  std::ifstream input(file);
  std::string line;
  if (!std::getline(input, line) || trim(line).empty()) {
    return refuse("bus.password_file", file, "cannot be read, or its first line is empty");
  }
  return std::string(trim(line));
}

bool uses_tls(const NatsOptions& options) {
  return !options.ca.empty() || !options.certificate.empty() ||
         std::ranges::any_of(options.servers, [](const std::string& server) {
           return server.starts_with(tls_scheme);
         });
}

Result<> load_certificates(natsOptions* made, const NatsOptions& options) {
  if (!uses_tls(options)) return {};
  const auto wrong = [](natsStatus status, std::string_view key, const std::string& file) {
    return refuse(key, file, nats_error(status, "not what it must be").value().detail);
  };
  natsStatus status = natsOptions_SetSecure(made, true);
  if (status != NATS_OK) return nats_error(status, "TLS");
  if (!options.ca.empty()) {
    status = natsOptions_LoadCATrustedCertificates(made, options.ca.c_str());
    if (status != NATS_OK) return wrong(status, "bus.ca", options.ca);
  }
  if (!options.certificate.empty()) {
    status =
        natsOptions_LoadCertificatesChain(made, options.certificate.c_str(), options.key.c_str());
    if (status != NATS_OK) {
      return wrong(status, "bus.certificate and bus.key", options.certificate);
    }
  }
  return {};
}

Result<OptionsPointer> options_of(const NatsOptions& options) {
  natsOptions* bare = nullptr;
  natsStatus status = natsOptions_Create(&bare);
  if (status != NATS_OK) return nats_error(status, "options");
  OptionsPointer made(bare);
  std::vector<const char*> servers;
  for (const std::string& server : options.servers) {
    GH_CHECK(check_server(server));
    servers.push_back(server.c_str());
  }
  status = natsOptions_SetServers(bare, servers.data(), static_cast<int>(servers.size()));
  const auto next = [&](natsStatus more) {
    if (status == NATS_OK) status = more;
  };
  next(natsOptions_SetName(bare, options.name.c_str()));
  next(natsOptions_SetAllowReconnect(bare, false));
  next(natsOptions_SetTimeout(bare, options.timeout.count()));
  next(natsOptions_SetWriteDeadline(bare, options.timeout.count()));
  // Two unanswered ones end a connection whose server has gone without a word.
  next(natsOptions_SetPingInterval(bare, options.timeout.count()));
  next(natsOptions_SetMaxPingsOut(bare, 2));
  next(natsOptions_SetSendAsap(bare, true));
  next(natsOptions_UseGlobalMessageDelivery(bare, true));
  // Answers to this node alone: another one may not listen there.
  if (!options.name.empty()) {
    next(natsOptions_SetCustomInboxPrefix(bare, ("_INBOX." + options.name).c_str()));
  }
  if (!options.user.empty()) {
    GH_TRY(password, password_of(options.password_file));
    next(natsOptions_SetUserInfo(bare, options.user.c_str(), password.c_str()));
  }
  if (status != NATS_OK) return nats_error(status, "options");
  GH_CHECK(load_certificates(bare, options));
  return made;
}

}  // namespace

Result<> check_server(std::string_view server) {
  std::string_view rest = server;
  const bool known = rest.starts_with(tls_scheme) || rest.starts_with(plain_scheme);
  if (known)
    rest.remove_prefix(rest.starts_with(tls_scheme) ? tls_scheme.size() : plain_scheme.size());
  const std::size_t colon = rest.rfind(':');
  const std::string_view digits =
      colon == std::string_view::npos ? std::string_view() : rest.substr(colon + 1);
  const std::uint64_t port = parse_number(digits).value_or(0);
  const bool plain = rest.find_first_of("@/ ?") == std::string_view::npos;
  if (known && plain && colon > 0 && port > 0 && port < 65'536) return {};
  // A password that stands in the URL by mistake is not shown.
  return fail(ErrorCode::invalid_argument,
              "bus.url: \"local\", or servers such as \"nats://bus1:4222,nats://bus2:4222\" or "
              "\"tls://bus1:4222\"; user and password have keys of their own");
}

Result<> check(const NatsOptions& options) {
  GH_TRY(made, options_of(options));
  static_cast<void>(made);
  return {};
}

tl::unexpected<Error> nats_error(natsStatus status, std::string_view what) {
  natsStatus last = NATS_OK;
  const char* const more = nats_GetLastError(&last);
  std::string text = natsStatus_GetText(status);
  if (last == status && more != nullptr && *more != '\0') text = more;
  return fail(ErrorCode::unavailable, fmt::format("NATS: {}", what), std::move(text));
}

NatsLink::NatsLink(const NatsOptions& options, std::string purpose, Metrics& metrics,
                   std::function<void()> ended)
    : options_(options),
      purpose_(std::move(purpose)),
      ended_(std::move(ended)),
      connects_(metrics.counter("gatehouse_bus_connects_total",
                                fmt::format("connection=\"{}\"", purpose_),
                                "Connections to a NATS server that were made; beyond the first, "
                                "reconnects")),
      failures_(metrics.counter("gatehouse_bus_connect_failures_total",
                                fmt::format("connection=\"{}\"", purpose_),
                                "Trials to connect to every NATS server that failed")),
      errors_(metrics.counter("gatehouse_bus_errors_total",
                              fmt::format("connection=\"{}\"", purpose_),
                              "What a NATS server has refused, or this node was too slow for")) {
  metrics.gauge("gatehouse_bus_connected", fmt::format("connection=\"{}\"", purpose_),
                "Whether this node is connected to a NATS server",
                [this] { return is_connected() ? 1.0 : 0.0; });
}

bool NatsLink::open(Tick now) {
  if (connection_ != nullptr) {
    if (is_connected() && !natsConnection_IsClosed(connection_)) return true;
    close();
    return false;
  }
  if (now < next_trial_) return false;
  const Result<> made = connect();
  if (!made) {
    failures_.add();
    pause_ = std::clamp(2 * pause_, pause_min, pause_max);
    next_trial_ = now + pause_;
    log_failure(made.error(), now);
    return false;
  }
  connects_.add();
  pause_ = milliseconds(0);
  next_trial_ = now + pause_min;  // a server that lets in and throws out is not besieged
  silent_ = false;
  log_info("NATS: connected to {}", purpose_);
  return true;
}

Result<> NatsLink::connect() {
  GH_TRY(made, options_of(options_));
  natsStatus status = natsOptions_SetClosedCB(made.get(), &NatsLink::on_closed, this);
  if (status == NATS_OK) {
    status = natsOptions_SetErrorHandler(made.get(), &NatsLink::on_error, this);
  }
  if (status != NATS_OK) return nats_error(status, "options");
  {
    const std::lock_guard lock(mutex_);
    closed_ = false;
  }
  ending_ = false;
  status = natsConnection_Connect(&connection_, made.get());
  made_ = status == NATS_OK;
  if (made_) return {};
  connection_ = nullptr;
  return nats_error(status, "no connection");
}

void NatsLink::log_failure(const Error& error, Tick now) {
  if (silent_ && now - logged_at_ < log_interval) return;
  silent_ = true;
  logged_at_ = now;
  log_error("NATS is away, to {} ({}: {}); news come late until it is back", purpose_,
            error.message, error.detail);
}

bool NatsLink::flush() const {
  return natsConnection_FlushTimeout(connection_, options_.timeout.count()) == NATS_OK;
}

void NatsLink::close() {
  if (connection_ == nullptr) return;
  if (ending_) {
    const char* why = nullptr;
    natsConnection_GetLastError(connection_, &why);
    log_warning("NATS: the connection to {} has ended: {}", purpose_, why == nullptr ? "" : why);
  }
  natsConnection_Close(connection_);
  {
    // Its last callback; the library calls it whoever has ended the connection.
    std::unique_lock lock(mutex_);
    closed_changed_.wait(lock, [this] { return closed_; });
  }
  natsConnection_Destroy(connection_);
  connection_ = nullptr;
  made_ = false;
}

void NatsLink::on_closed(natsConnection* /*connection*/, void* link) {
  auto& self = *static_cast<NatsLink*>(link);
  self.ending_ = true;
  self.ended_();
  const std::lock_guard lock(self.mutex_);
  self.closed_ = true;
  self.closed_changed_.notify_all();
}

void NatsLink::on_error(natsConnection* connection, natsSubscription* /*subscription*/,
                        natsStatus status, void* link) {
  auto& self = *static_cast<NatsLink*>(link);
  self.errors_.add();
  const char* text = nullptr;
  if (natsConnection_GetLastError(connection, &text) != status || text == nullptr) {
    text = natsStatus_GetText(status);
  }
  log_error("NATS, {}: {}", self.purpose_, text);
}

}  // namespace gatehouse::bus
