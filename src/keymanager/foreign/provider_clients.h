// SPDX-License-Identifier: Apache-2.0
//
// Makes the clients of applications at another server, by its registration endpoint, and changes
// and removes them there.
//
// What a server gives with a client to manage it by (the address and the token of its record) is
// sealed and handed to whoever keeps the keys; it comes back with the next wish. A server without
// such an address can make clients, and no more.
//
// A silent server holds up nobody: a question has a deadline, at most `asking_max` are under way
// over all servers, and one that keeps failing is left alone for a while (circuit.h); others are
// answered at once.
//
// Thread:  pool threads; blocks for `deadline` at most.
// Source:  RFC 7591, RFC 7592.
// Error:   forbidden or invalid_argument, an address that may not be asked; unavailable, no answer
//          (or none wanted now); invalid_argument, what the server refuses, in its words; 901405,
//          what it cannot do.
#pragma once

#include <map>
#include <mutex>

#include "http/fetcher.h"
#include "keymanager/clients.h"
#include "keymanager/foreign/circuit.h"
#include "keymanager/options.h"
#include "storage/apis/key_manager_store.h"

namespace gatehouse::keymanager {

class ProviderClients {
 public:
  static constexpr std::chrono::milliseconds deadline{3'000};
  static constexpr int asking_max = 2;

  // A client that was made at another server.
  struct Handle {
    model::TenantNumber tenant = model::first_tenant;
    std::string key_manager;  // its name
    std::string client_id;
    std::string registration;  // sealed
  };
  struct Made {
    std::string client_id;
    std::string secret;        // empty: as before, or none
    std::string registration;  // sealed; what to hand in next time
  };

  explicit ProviderClients(const Resources& resources);

  Result<Made> create(const std::string& key_manager, const ClientRequest& request);
  // Names no secret: some servers make another one then. Without `secret` when it is the same as
  // before; `registration` has to be kept all the same.
  Result<Made> update(const Handle& handle, const ClientRequest& request);
  // One that is gone there already, or that cannot be managed from here, is no error.
  Result<> remove(const Handle& handle);

 private:
  // How the client is managed at its server.
  struct Record {
    std::string url;    // empty: not at all
    std::string token;  // that opens it
    std::string secret_hash;
  };
  struct Question {
    std::string method;
    std::string url;
    std::string token;  // empty: none
    json::object body;
  };

  Result<storage::KeyManagerRow> provider(model::TenantNumber tenant, const std::string& name);
  Result<http::Response> ask(const storage::KeyManagerRow& provider, const Question& question);
  bool enter(const std::string& provider_id);
  void leave(const std::string& provider_id, Outcome outcome);
  Result<Record> record_of(const Handle& handle) const;
  Result<Made> made_from(const http::Response& response, const Record& before) const;

  storage::Database& apis_;
  const Clock& clock_;
  Random& random_;
  http::Fetcher& fetcher_;
  const jose::Sealer& sealer_;
  std::mutex mutex_;
  std::map<std::string, Circuit> circuits_;  // guarded by mutex_, as is the next
  int asking_ = 0;
};

}  // namespace gatehouse::keymanager
