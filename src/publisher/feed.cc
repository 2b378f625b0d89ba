// SPDX-License-Identifier: Apache-2.0
#include "publisher/feed.h"

#include "core/text.h"
#include "model/snapshot_lines.h"
#include "rest/problem.h"
#include "storage/apis/defaults.h"
#include "storage/apis/revocation_store.h"
#include "storage/users/tenant_store.h"

namespace gatehouse::publisher {

namespace {

using storage::Transaction;

constexpr std::string_view base = "/internal/data/v1";
constexpr std::int64_t tenants_max = 100'000;
constexpr std::size_t node_size_max = 255;

// Statuses that no ErrorCode has, in the form of our problems.
http::Response stale(int status, std::string message) {
  return rest::problem_response(Error{ErrorCode::conflict, std::move(message), ""}, status);
}

http::Response ok(const json::object& body) {
  return http::make_response(200, "application/json", json::serialize(body));
}

// "30s", "500ms" or a plain number of seconds.
std::chrono::milliseconds parse_wait(std::string_view text) {
  std::int64_t scale = 1'000;
  if (text.ends_with("ms")) {
    text.remove_suffix(2);
    scale = 1;
  } else if (text.ends_with('s')) {
    text.remove_suffix(1);
  }
  const auto number = parse_number(text);
  if (!number) return std::chrono::milliseconds(0);
  const auto most = std::chrono::milliseconds(Feed::wait_max);
  const auto bounded = static_cast<std::int64_t>(std::min<std::uint64_t>(*number, 100'000));
  return std::min(most, std::chrono::milliseconds(bounded * scale));
}

}  // namespace

struct Feed::Question {
  std::uint64_t since = 0;
  std::string tag;
  std::string node;
  std::chrono::milliseconds wait{0};
  std::vector<std::string> environments;

  static Result<Question> from(const http::Request& request);
};

Result<Feed::Question> Feed::Question::from(const http::Request& request) {
  Question question;
  GH_TRY(fields, parse_form(request.query));
  for (const auto& [name, value] : fields) {
    if (name == "since") {
      const auto number = parse_number(value);
      if (!number) return fail(ErrorCode::invalid_argument, "'since' is not a number");
      question.since = *number;
    } else if (name == "tag") {
      question.tag = value;
    } else if (name == "node") {
      question.node = value.substr(0, node_size_max);
    } else if (name == "wait") {
      question.wait = parse_wait(value);
    } else if (name == "environments") {
      for (const std::string_view environment : split(value, ',')) {
        if (!trim(environment).empty()) question.environments.emplace_back(trim(environment));
      }
    }
  }
  if (question.environments.empty()) {
    question.environments.emplace_back(storage::default_environment);
  }
  std::sort(question.environments.begin(), question.environments.end());
  return question;
}

Feed::Feed(storage::Databases& databases, const Clock& clock, std::string issuer)
    : api_manager_(databases.api_manager()),
      user_manager_(databases.user_manager()),
      clock_(clock),
      gateways_(api_manager_, clock),
      issuer_(std::move(issuer)),
      shelf_(clock) {}

Feed::~Feed() { stop(); }

http::Response Feed::handle(const http::Request& request) {
  std::string_view path = request.path.empty() ? std::string_view(request.target) : request.path;
  path = path.substr(0, path.find('?'));
  if (!path.starts_with(base)) return http::make_response(404, "text/plain", "");
  const std::string_view resource = path.substr(base.size());
  if (request.method != "GET") return http::make_response(405, "text/plain", "");
  http::Request asked;
  asked.query = request.query;
  if (asked.query.empty() && request.target.find('?') != std::string::npos) {
    asked.query = request.target.substr(request.target.find('?') + 1);
  }
  const Result<Question> question = Question::from(asked);
  if (!question) return rest::problem_response(question.error());

  Result<http::Response> answer = http::make_response(404, "text/plain", "");
  if (resource == "/snapshot") answer = snapshot(*question);
  if (resource == "/changes") {
    answer = changes(*question);
    if (answer) note_stand(*question, answer->status);
  }
  if (resource == "/revocations") answer = revocations(*question);
  return answer ? *std::move(answer) : rest::problem_response(answer.error());
}

Result<FeedRenderer::View> Feed::view(const std::vector<std::string>& environments) {
  FeedRenderer::View view;
  view.environments = environments;
  view.issuer = issuer_;
  GH_TRY(tenants, user_manager_.read([&](Transaction& transaction) {
    return storage::TenantStore(transaction).list(storage::Window{0, tenants_max});
  }));
  for (const storage::Tenant& tenant : tenants.items) {
    if (tenant.active) view.domains[tenant.number] = tenant.domain;
  }
  return view;
}

// Those who come again do not all come at once.
http::Response Feed::busy() const {
  http::Response response = rest::problem_response(
      Error{ErrorCode::unavailable, "Others are taking the snapshot; ask again", ""});
  response.headers.set("Retry-After", std::to_string(1 + to_ms(clock_.now()) % 3));
  return response;
}

// Which tenants are active is in another database, whose row is written before the change that
// tells of it. So a view that is read after number N knows what changes up to N tell; if the log
// tells of a tenant beyond N, there is a newer view.
template <typename Value, typename Render>
Result<Value> Feed::rendered(const std::vector<std::string>& environments, Render render) {
  for (;;) {
    GH_TRY(head, api_manager_.read(storage::change_head));
    GH_TRY(seen, view(environments));
    bool older = false;
    Result<Value> result = api_manager_.read([&](Transaction& transaction) -> Result<Value> {
      GH_TRY(since, storage::changes_since(transaction, head.number, changes_max));
      older = std::ranges::any_of(since, [](const storage::LoggedChange& logged) {
        return logged.change.kind == model::ChangeKind::tenant;
      });
      if (older) return Value();
      return render(transaction, seen);
    });
    if (!older || !result) return result;
  }
}

Result<http::Response> Feed::snapshot(const Question& question) {
  note(question);
  SnapshotShelf::Turn turn(shelf_);
  if (!turn.taken()) return busy();
  GH_TRY(whole, kept_whole(question.environments));
  if (!whole.lines) {
    GH_TRY(made, render_whole(question.environments));
    whole = std::move(made);
  }
  shelf_.keep(question.environments, whole);
  turn.sends(whole.lines->size());
  return http::make_response(200, "application/x-ndjson", *whole.lines);
}

Result<WholeSnapshot> Feed::render_whole(const std::vector<std::string>& environments) {
  const auto render = [](Transaction& transaction,
                         const FeedRenderer::View& seen) -> Result<WholeSnapshot> {
    GH_TRY(head, storage::change_head(transaction));
    GH_TRY(revocation, storage::RevocationStore(transaction).newest());
    std::string lines;
    std::size_t entries = 0;
    const auto add = [&](const json::object& line) { lines += json::serialize(line) + "\n"; };
    GH_CHECK(FeedRenderer(transaction, seen).everything([&](model::FeedEntry entry) {
      add(model::snapshot_line(entry.kind, entry.id, std::move(entry.value)));
      ++entries;
    }));
    model::FeedRange end;
    end.tag = head.tag;
    end.to = head.number;
    end.revocation = revocation;
    add(model::last_snapshot_line(end, entries));
    return WholeSnapshot{head.tag, head.number,
                         std::make_shared<const std::string>(std::move(lines))};
  };
  return rendered<WholeSnapshot>(environments, render);
}

Result<WholeSnapshot> Feed::kept_whole(const std::vector<std::string>& environments) {
  WholeSnapshot whole = shelf_.find(environments);
  if (!whole.lines) return whole;
  return api_manager_.read([&](Transaction& transaction) -> Result<WholeSnapshot> {
    GH_TRY(head, storage::change_head(transaction));
    GH_TRY(oldest, storage::oldest_change(transaction));
    // Not so far behind that the changes would take longer than another one.
    const bool goes_on =
        whole.tag == head.tag && whole.number + changes_max >= head.number &&
        (whole.number == head.number || (oldest != 0 && oldest <= whole.number + 1));
    return goes_on ? whole : WholeSnapshot();
  });
}

// What a question is answered without looking for what has changed: that nothing has, or that its
// number is none. Most questions are of this kind.
Result<std::optional<http::Response>> Feed::short_answer(const Question& question) {
  using Short = std::optional<http::Response>;
  return api_manager_.read([&](Transaction& transaction) -> Result<Short> {
    GH_TRY(head, storage::change_head(transaction));
    if (question.tag != head.tag || question.since > head.number) {
      return Short(stale(409, "This is not a number of this history; ask for the snapshot"));
    }
    GH_TRY(oldest, storage::oldest_change(transaction));
    const std::uint64_t first = oldest == 0 ? head.number + 1 : oldest;
    if (question.since + 1 < first) {
      return Short(stale(410, "These changes are kept no longer; ask for the snapshot"));
    }
    if (question.since < head.number) return Short();
    GH_TRY(revocation, storage::RevocationStore(transaction).newest());
    model::FeedRange range;
    range.tag = head.tag;
    range.from = range.to = question.since;
    range.revocation = revocation;
    return Short(ok(to_json(range)));
  });
}

Result<http::Response> Feed::changes(const Question& question) {
  note(question);
  if (question.wait.count() > 0) {
    GH_TRY(head, api_manager_.read(storage::change_head));
    if (head.number == question.since) wait_beyond(question.since, question.wait);
  }
  GH_TRY(at_once, short_answer(question));
  if (at_once) return *std::move(at_once);
  const auto render = [&](Transaction& transaction,
                          const FeedRenderer::View& seen) -> Result<http::Response> {
    GH_TRY(head, storage::change_head(transaction));
    GH_TRY(revocation, storage::RevocationStore(transaction).newest());
    GH_TRY(logged, storage::changes_since(transaction, question.since, changes_max));
    GH_TRY(range, FeedRenderer(transaction, seen).changed(logged));
    range.tag = head.tag;
    range.from = question.since;
    range.to = logged.empty() ? question.since : logged.back().number;
    range.revocation = revocation;
    return ok(to_json(range));
  };
  return rendered<http::Response>(question.environments, render);
}

Result<std::optional<model::FeedRange>> Feed::small_range(
    const std::vector<std::string>& environments, std::uint64_t since) {
  using Small = std::optional<model::FeedRange>;
  const auto render = [&](Transaction& transaction,
                          const FeedRenderer::View& seen) -> Result<Small> {
    GH_TRY(head, storage::change_head(transaction));
    GH_TRY(revocation, storage::RevocationStore(transaction).newest());
    GH_TRY(logged, storage::changes_since(transaction, since, entries_small));
    if (logged.empty() || logged.back().number != head.number) return Small();
    FeedRenderer renderer(transaction, seen);
    GH_TRY(range, renderer.changed(logged, entries_small));
    if (renderer.full()) return Small();
    range.tag = head.tag;
    range.from = since;
    range.to = head.number;
    range.revocation = revocation;
    return Small(std::move(range));
  };
  return rendered<Small>(environments, render);
}

// Only of this history: another one has other numbers.
void Feed::note_stand(const Question& question, int status) {
  if (status != 200 || question.node.empty()) return;
  gateways_.note(question.node, question.environments, question.since);
}

void Feed::note(const Question& question) {
  shelf_.tidy();
  const Tick now = clock_.tick();
  const std::lock_guard lock(mutex_);
  std::erase_if(asked_, [now](const auto& each) { return now - each.second > lately_max; });
  if (asked_.size() < kinds_max || asked_.contains(question.environments)) {
    asked_[question.environments] = now;
  }
}

std::vector<std::vector<std::string>> Feed::asked_lately() const {
  const Tick now = clock_.tick();
  std::vector<std::vector<std::string>> kinds;
  const std::lock_guard lock(mutex_);
  for (const auto& [environments, when] : asked_) {
    if (now - when <= lately_max) kinds.push_back(environments);
  }
  return kinds;
}

Result<http::Response> Feed::revocations(const Question& question) {
  GH_TRY(found, api_manager_.read([&](Transaction& transaction) {
    return storage::RevocationStore(transaction).since(question.since, revocations_max);
  }));
  json::array list;
  for (const model::Revocation& revocation : found) list.push_back(to_json(revocation));
  return ok(json::object{{"list", std::move(list)}});
}

void Feed::wait_beyond(std::uint64_t number, std::chrono::milliseconds wait) {
  std::unique_lock lock(mutex_);
  if (waiters_ == waiters_max) return;
  ++waiters_;
  woken_.wait_for(lock, wait, [&] { return stopped_ || newest_ > number; });
  --waiters_;
}

void Feed::wake(std::uint64_t number) {
  {
    const std::lock_guard lock(mutex_);
    newest_ = std::max(newest_, number);
  }
  woken_.notify_all();
}

void Feed::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  woken_.notify_all();
}

}  // namespace gatehouse::publisher
