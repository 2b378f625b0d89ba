// SPDX-License-Identifier: Apache-2.0
//
// A feed on the publisher of test_publisher.h, and gateways that ask it.
//
// Thread:  one.
#pragma once

#include "core/digest.h"
#include "model/snapshot_lines.h"
#include "publisher/feed.h"
#include "publisher/test_publisher.h"
#include "storage/apis/api_key_store.h"
#include "storage/apis/application_removal.h"
#include "storage/apis/key_mapping_store.h"
#include "storage/apis/subscription_store.h"
#include "storage/users/tenant_store.h"

namespace gatehouse::publisher {

using model::ChangeKind;
using storage::Transaction;

// What a gateway knows after it has applied every range that it was sent.
struct TestGateway {
  std::uint64_t number = 0;
  std::string tag;
  std::map<std::pair<std::string, std::string>, json::object> known;

  void apply(const model::FeedRange& range) {
    if (range.from == 0) known.clear();
    for (const model::FeedEntry& entry : range.removals) known.erase({entry.kind, entry.id});
    for (const model::FeedEntry& entry : range.upserts) {
      known[{entry.kind, entry.id}] = entry.value;
    }
    number = range.to;
    tag = range.tag;
  }
  bool knows(const std::string& kind, const std::string& id) const {
    return known.contains({kind, id});
  }
};

class FeedTest : public PublisherTest {
 protected:
  FeedTest() : feed_(databases_.all(), clock_, "https://localhost:9443/oauth2/token") {
    const auto tenant = databases_.user_manager().write([](Transaction& transaction) {
      return storage::TenantStore(transaction).insert({1, "carbon.super", true, {}});
    });
    EXPECT_TRUE(tenant) << tenant.error().message;
  }

  rest::TestAnswer get(const std::string& resource) {
    return rest::ask(feed_, "", "GET /internal/data/v1" + resource);
  }
  static constexpr std::chrono::seconds kept_no_longer =
      SnapshotShelf::kept_max + std::chrono::seconds(1);
  // Another one than before, when so long has passed that none is kept.
  model::FeedRange snapshot(const std::string& environments = "Default",
                            std::chrono::seconds later = kept_no_longer) {
    clock_.advance(later);
    model::FeedRange all;
    const auto end = model::read_snapshot_lines(
        get("/snapshot?environments=" + environments).text,
        [&](std::string_view kind, const json::object& value) {
          model::FeedEntry entry{std::string(kind), text_or(value, "id", ""), {}};
          if (entry.id.empty()) entry.id = text_or(value, "kid", "");
          entry.value = value;  // with storage of its own
          all.upserts.push_back(std::move(entry));
        });
    EXPECT_TRUE(end);
    model::FeedRange range = end.value();
    range.upserts = std::move(all.upserts);
    return range;
  }
  rest::TestAnswer changes(const TestGateway& gateway,
                           const std::string& environments = "Default") {
    return get(fmt::format("/changes?since={}&tag={}&environments={}", gateway.number, gateway.tag,
                           environments));
  }
  // Asks until nothing is left; each range must begin where the one before ended.
  void catch_up(TestGateway& gateway, const std::string& environments = "Default") {
    for (;;) {
      const rest::TestAnswer answer = changes(gateway, environments);
      ASSERT_EQ(answer.status, 200) << answer.text;
      const model::FeedRange range = model::feed_range_from(answer.object()).value();
      ASSERT_EQ(range.from, gateway.number);
      if (range.to == range.from) return;
      gateway.apply(range);
    }
  }
  TestGateway gateway_with_snapshot(const std::string& environments = "Default") {
    TestGateway gateway;
    gateway.apply(snapshot(environments));
    return gateway;
  }

  void write(const std::function<void(Transaction&)>& body) {
    const Result<> done = databases_.api_manager().write([&](Transaction& transaction) -> Result<> {
      body(transaction);
      return {};
    });
    ASSERT_TRUE(done) << done.error().message << done.error().detail;
  }

  // An application with production keys and an API key.
  void add_application(const std::string& id) {
    storage::ApplicationRow application;
    application.id = id;
    application.owner_id = "user-subscriber";
    application.name = id;
    application.policy = "10PerMin";
    application.token_type = "JWT";
    application.status = "APPROVED";
    application.document["owner"] = "subscriber";
    storage::KeyMapping mapping;
    mapping.id = "keys-of-" + id;
    mapping.application_id = id;
    mapping.key_manager = "Resident Key Manager";
    mapping.client_id = "client-of-" + id;
    mapping.mode = "CREATED";
    mapping.state = "APPROVED";
    storage::ApiKeyRow key;
    key.id = "api-key-of-" + id;
    key.hash = to_bytes(sha256(id));
    key.application_id = id;
    write([&](Transaction& transaction) {
      EXPECT_TRUE(storage::ApplicationStore(transaction, 1).insert(application));
      EXPECT_TRUE(storage::KeyMappingStore(transaction).insert(mapping));
      EXPECT_TRUE(storage::ApiKeyStore(transaction, 1).insert(key));
      transaction.changed({ChangeKind::application, 1, id, {}, {}});
      transaction.changed({ChangeKind::key_mapping, 1, mapping.id, {}, {}});
      transaction.changed({ChangeKind::api_key, 1, key.id, {}, {}});
    });
  }
  void remove_application(const std::string& id) {
    write([&](Transaction& transaction) {
      EXPECT_TRUE(storage::remove_application(transaction, 1, id));
    });
  }
  static std::string subscription_id(const std::string& application, const std::string& api) {
    return application + "-to-" + api;
  }
  void subscribe(const std::string& application, const std::string& api) {
    storage::SubscriptionRow subscription;
    subscription.id = subscription_id(application, api);
    subscription.api_id = api;
    subscription.application_id = application;
    subscription.policy = "Gold";
    subscription.status = "UNBLOCKED";
    write([&](Transaction& transaction) {
      EXPECT_TRUE(storage::SubscriptionStore(transaction, 1).insert(subscription));
      transaction.changed({ChangeKind::subscription, 1, subscription.id, {}, {}});
    });
  }
  void unsubscribe(const std::string& application, const std::string& api) {
    storage::SubscriptionRow subscription;
    subscription.id = subscription_id(application, api);
    subscription.application_id = application;
    write([&](Transaction& transaction) {
      EXPECT_TRUE(storage::SubscriptionStore(transaction, 1).remove(subscription));
    });
  }
  void place(const std::string& api, const std::string& revision, const std::string& verb,
             const std::string& environment) {
    const rest::TestAnswer answer =
        ask("publisher", "POST /apis/" + api + "/" + verb + "-revision?revisionId=" + revision,
            R"([{"name":")" + environment + R"("}])");
    EXPECT_EQ(answer.status, 201) << answer.text;
  }

  Feed feed_;
};

}  // namespace gatehouse::publisher
