// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "gateway/stages/stages.h"

namespace gatehouse::gateway::stages {

namespace {

// A key's text, written where it needs no memory. What does not fit is left out, which at worst
// lets two callers share a limit.
class KeyText {
 public:
  KeyText& add(std::string_view text) {
    const std::size_t size = std::min(text.size(), room_.size() - size_);
    std::copy_n(text.data(), size, room_.data() + size_);
    size_ += size;
    return *this;
  }
  limits::Key key() const { return limits::key_of({room_.data(), size_}); }

 private:
  std::array<char, 256> room_;
  std::size_t size_ = 0;
};

void demand(Exchange& exchange, FaultCode code, const Policy* policy, const limits::Key& key,
            const limits::Limit& limit) {
  exchange.demanded[exchange.permit.size()] = {code, policy, limit};
  exchange.permit.add(
      key, limit, policy == nullptr ? model::WhenSilent::keep_share : policy->known.when_silent);
}

std::string_view user_of(const Exchange& exchange) {
  if (exchange.token != nullptr) return exchange.token->user_id;
  return exchange.api_key != nullptr ? std::string_view(exchange.api_key->known.user)
                                     : std::string_view();
}

// Each user of an application counts for himself, and the application's own tokens together.
limits::Key application_key(Exchange& exchange) {
  const Application& application = *exchange.standing.application;
  Token* token = exchange.token;
  if (token != nullptr && token->application_number == application.number) {
    return token->application_key;
  }
  KeyText text;
  text.add("application:").add(application.known.id).add(":").add(user_of(exchange));
  const limits::Key key = text.key();
  if (token != nullptr) {
    token->application_key = key;
    token->application_number = application.number;
  }
  return key;
}

void demand_operation(Exchange& exchange) {
  const Operation& operation = *exchange.operation;
  const Policy* policy = exchange.snapshot->policy(operation.policy);
  if (policy == nullptr || policy->known.unlimited) return;
  const FaultCode code =
      exchange.api->has_api_policy() ? FaultCode::api_limit : FaultCode::resource_limit;
  if (!policy->known.per_user) {
    return demand(exchange, code, policy, operation.limit_key, policy->quota);
  }
  const limits::Key& shared = operation.limit_key;
  KeyText text;
  text.add({reinterpret_cast<const char*>(&shared), sizeof shared}).add(user_of(exchange));
  demand(exchange, code, policy, text.key(), policy->quota);
}

// Over the quota is billed, not refused, where the policy says so; the burst protects all the same.
void demand_quota(Exchange& exchange, const Policy& policy, const limits::Key& quota_key,
                  const limits::Key& burst_key) {
  if (policy.known.stop_on_quota_reach) {
    demand(exchange, FaultCode::subscription_limit, &policy, quota_key, policy.quota);
  }
  if (policy.known.burst > 0) {
    demand(exchange, FaultCode::subscription_burst, &policy, burst_key, policy.burst);
  }
}

void demand_subscription(Exchange& exchange) {
  const Subscription& subscription = *exchange.standing.subscription;
  const Policy* policy = exchange.standing.subscription_policy;
  if (policy == nullptr) return;
  demand_quota(exchange, *policy, subscription.quota_key, subscription.burst_key);
}

// A client that calls by its certificate has a quota of its own.
void demand_certificate(Exchange& exchange) {
  const Certificate& certificate = *exchange.certificate;
  const Policy* policy = exchange.snapshot->policy(certificate.policy);
  if (policy == nullptr || policy->known.unlimited) return;
  demand_quota(exchange, *policy, certificate.quota_key, certificate.burst_key);
}

void demand_application(Exchange& exchange) {
  const Policy* policy = exchange.standing.application_policy;
  if (policy == nullptr) return;
  const limits::Key key = application_key(exchange);
  demand(exchange, FaultCode::application_limit, policy, key, policy->quota);
  if (policy->known.burst > 0) {
    KeyText text;
    text.add("burst:").add({reinterpret_cast<const char*>(&key), sizeof key});
    demand(exchange, FaultCode::application_burst, policy, text.key(), policy->burst);
  }
}

// Calls without a credential share one tier, per API and client address.
void demand_unauthenticated(Exchange& exchange) {
  const PolicyName name(exchange.api->deployed.tenant, model::PolicyLevel::subscription,
                        "Unauthenticated");
  const Policy* policy = exchange.snapshot->policy(name);
  if (policy == nullptr || policy->known.unlimited) return;
  const net::Address client = exchange.client.client_key();
  KeyText text;
  text.add("unauthenticated:").add(exchange.api->deployed.id).add(":");
  text.add({reinterpret_cast<const char*>(client.bytes().data()), client.bytes().size()});
  demand(exchange, FaultCode::subscription_limit, policy, text.key(), policy->quota);
}

void demand_backend(Exchange& exchange) {
  const bool production = exchange.standing.key_type == model::KeyType::production;
  const model::DeployedApi& api = exchange.api->deployed;
  const auto& maximum = production ? api.production_tps_max : api.sandbox_tps_max;
  if (!maximum || *maximum <= 0) return;
  const limits::Limit limit{limits::LimitKind::bucket, static_cast<std::uint64_t>(*maximum),
                            std::chrono::seconds(1)};
  demand(exchange, FaultCode::backend_limit, nullptr,
         production ? exchange.api->production_key : exchange.api->sandbox_key, limit);
}

void demand_all(Exchange& exchange) {
  demand_operation(exchange);
  if (exchange.standing.subscription != nullptr) {
    demand_subscription(exchange);
    demand_application(exchange);
  } else if (exchange.certificate != nullptr) {
    demand_certificate(exchange);
  } else {
    demand_unauthenticated(exchange);
  }
  demand_backend(exchange);
}

Flow refuse(Exchange& exchange, std::size_t which, std::chrono::milliseconds retry_after) {
  const Exchange::Demanded& demanded = exchange.demanded[which];
  exchange.fault.retry_after = retry_after;
  if (demanded.policy != nullptr) exchange.fault.policy = demanded.policy->known.name;
  exchange.fault.quota = demanded.limit.quota;
  exchange.fault.window = demanded.limit.span;
  return exchange.fail(demanded.code);
}

}  // namespace

Flow throttle(Exchange& exchange, Surroundings& surroundings) {
  if (!exchange.permit_asked) {
    demand_all(exchange);
    exchange.permit_asked = true;
  }
  if (exchange.permit.size() == 0) return Flow::proceed;
  const limits::Taken taken = surroundings.leases.take(exchange.permit, exchange.turn);
  switch (taken.outcome) {
    case limits::Outcome::all: exchange.passed_unlimited = taken.passed; return Flow::proceed;
    case limits::Outcome::unknown:
      if (!exchange.permit_unanswered) return Flow::need_permit;
      return refuse(exchange, 0, limits::LeaseTable::silence);
    case limits::Outcome::silent:
      return refuse(exchange, taken.refused, limits::LeaseTable::silence);
    case limits::Outcome::none: return refuse(exchange, taken.refused, taken.retry_after);
  }
  GH_ASSERT_NOT_REACHED();
}

}  // namespace gatehouse::gateway::stages
