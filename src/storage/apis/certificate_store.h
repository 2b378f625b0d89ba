// SPDX-License-Identifier: Apache-2.0
//
// Certificates, as PEM: of backends (table am_endpoint_certificate), and of clients of an API
// (am_client_certificate). An alias is unique within the tenant and one of the two tables.
//
// Thread:  one transaction.
#pragma once

#include "model/snapshot.h"
#include "storage/apis/stored.h"

namespace gatehouse::storage {

struct EndpointCertificate {
  std::string alias;
  std::string endpoint;  // a URL, or a host with or without port
  std::string certificate;
  Instant created_at{};
};

class EndpointCertificateStore {
 public:
  EndpointCertificateStore(Transaction& transaction, model::TenantNumber tenant)
      : transaction_(transaction), tenant_(tenant) {}

  // Error: not_found (909040).
  Result<EndpointCertificate> find(std::string_view alias) const;
  // Those of this alias and this endpoint, each unless empty; in the order of alias.
  struct Query {
    std::string alias;
    std::string endpoint;
  };
  Result<Listed<EndpointCertificate>> list(const Query& query, const Window& window) const;

  // Error: conflict (909041), when the alias is taken.
  Result<> insert(const EndpointCertificate& certificate);
  Result<> replace(std::string_view alias, const std::string& certificate);
  Result<> remove(std::string_view alias);

 private:
  Transaction& transaction_;
  model::TenantNumber tenant_;
};

struct ClientCertificate {
  std::string alias;
  std::string api_id;
  model::KeyType key_type = model::KeyType::production;
  std::string tier;  // subscription policy
  std::string certificate;
  std::string thumbprint;
  Instant created_at{};
};

class ClientCertificateStore {
 public:
  ClientCertificateStore(Transaction& transaction, model::TenantNumber tenant)
      : transaction_(transaction), tenant_(tenant) {}

  // Of the API and type. Error: not_found (909040).
  struct Which {
    std::string api_id;
    model::KeyType key_type;
    std::string alias;  // of lists: empty, all of them
  };
  Result<ClientCertificate> find(const Which& which) const;
  Result<Listed<ClientCertificate>> list(const Which& which, const Window& window) const;
  // Aliases of the first ten under a subscription policy.
  Result<std::vector<std::string>> users_of_policy(std::string_view policy) const;
  // Of both types.
  Result<std::vector<ClientCertificate>> of_api(std::string_view api_id) const;

  // Error: conflict (909041), when the alias is taken or the API has the certificate.
  Result<> insert(const ClientCertificate& certificate);
  // Writes tier, certificate and thumbprint. Error: conflict, likewise.
  Result<> update(const ClientCertificate& certificate);
  Result<> remove(std::string_view alias);

 private:
  Result<> refuse_second(const ClientCertificate& certificate) const;

  Transaction& transaction_;
  model::TenantNumber tenant_;
};

}  // namespace gatehouse::storage
