// SPDX-License-Identifier: Apache-2.0
#include "ledger.h"

#include <map>

#include "storage/change_log.h"
#include "storage/registry/content_store.h"

namespace gatehouse::storage {

namespace {

// Told from its id, so that what is found can be compared.
Content content_for(std::string_view id, std::size_t size) {
  std::string bytes;
  while (bytes.size() < size) bytes.append(id).append(" ");
  bytes.resize(std::max(size, std::size_t{1}));
  return content_of(std::string(id) + ":" + bytes, "text/plain");
}

Result<> name(Transaction& transaction, std::string_view id, const Content& content, Instant now) {
  GH_CHECK(transaction.execute(
      "INSERT INTO am_revision (tenant_id, id, api_id, number, description, document,"
      " definition_hash, created_by, created_at_ms) VALUES (1, $1, $1, 1, '', '{}', $2, '', $3)",
      id, content.hash, now));
  for (const char* const term : {"first", "second"}) {
    GH_CHECK(transaction.execute(
        "INSERT INTO am_search_term (tenant_id, term, object_id, weight) VALUES (1, $1, $2, 1)",
        term, id));
  }
  transaction.changed({model::ChangeKind::api, 1, std::string(id), {}, {"Default"}});
  return {};
}

struct Parts {
  std::string hash;
  int terms = 0;
  int changes = 0;
};

class Inspection {
 public:
  explicit Inspection(Databases& databases) : databases_(databases) {}

  Findings run() {
    keep(databases_.api_manager().read(
        [this](Transaction& transaction) { return collect(transaction); }));
    for (const auto& [id, parts] : parts_) judge(id, parts);
    for (Database* const database :
         {&databases_.user_manager(), &databases_.api_manager(), &databases_.registry()}) {
      keep(database->read([this](Transaction& transaction) { return check_file(transaction); }));
    }
    return std::move(findings_);
  }

 private:
  Result<> collect(Transaction& transaction) {
    GH_TRY(revisions,
           transaction.query("SELECT id, definition_hash FROM am_revision WHERE tenant_id = 1"));
    for (const Row& row : revisions) parts_[row.text(0)].hash = row.text(1);
    GH_TRY(terms, transaction.query("SELECT object_id FROM am_search_term WHERE tenant_id = 1"));
    for (const Row& row : terms) ++parts_[row.text(0)].terms;
    GH_TRY(changes, changes_since(transaction, 0, 1'000'000));
    std::uint64_t number = 0;
    for (const LoggedChange& logged : changes) {
      ++parts_[logged.change.id].changes;
      if (logged.number != ++number) findings_.wrong.push_back("the change log has a gap");
    }
    GH_TRY(head, change_head(transaction));
    if (head.number != number) findings_.wrong.push_back("the counter is not the last number");
    return {};
  }

  void judge(const std::string& id, const Parts& parts) {
    if (parts.hash.empty() || parts.terms != 2 || parts.changes != 1) {
      findings_.wrong.push_back(fmt::format("{} is half there: {} terms, {} changes, hash {}", id,
                                            parts.terms, parts.changes, parts.hash));
      return;
    }
    const auto content = databases_.registry().read(
        [&](Transaction& transaction) { return ContentStore(transaction, 1).find(parts.hash); });
    if (!content || content_of(content->bytes, "").hash != parts.hash ||
        !content->bytes.starts_with(id + ":")) {
      findings_.wrong.push_back(fmt::format("{} names a content that is not there", id));
      return;
    }
    findings_.whole.insert(id);
  }

  Result<> check_file(Transaction& transaction) {
    GH_TRY(row, transaction.query_one("PRAGMA integrity_check"));
    if (!row || row->text(0) != "ok") findings_.wrong.push_back(row ? row->text(0) : "no answer");
    return {};
  }

  void keep(const Result<>& outcome) {
    if (!outcome) findings_.wrong.push_back(outcome.error().detail);
  }

  Databases& databases_;
  std::map<std::string, Parts> parts_;
  Findings findings_;
};

}  // namespace

Result<> perform(Databases& databases, const LedgerEntry& entry, const Clock& clock,
                 const std::function<void()>& between) {
  const Content content = content_for(entry.id, entry.content_bytes);
  GH_CHECK(keep_content(databases.registry(), 1, content, clock));
  between();
  const Instant now = clock.now();
  return databases.api_manager().write(
      [&](Transaction& transaction) { return name(transaction, entry.id, content, now); });
}

Findings inspect(Databases& databases) { return Inspection(databases).run(); }

}  // namespace gatehouse::storage
