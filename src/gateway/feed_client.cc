// SPDX-License-Identifier: Apache-2.0
#include "gateway/feed_client.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/log.h"
#include "core/text.h"
#include "gateway/hash.h"
#include "model/hint.h"
#include "model/snapshot_lines.h"

namespace gatehouse::gateway {

namespace {

// One that vanishes says nothing, and the next one is asked; one that is slow gets more each time.
constexpr std::chrono::seconds patience_first{1};
constexpr std::chrono::seconds patience_max{16};
constexpr std::chrono::minutes whole_timeout{5};
constexpr std::chrono::seconds usage_timeout{10};
constexpr std::chrono::seconds collect_every{1};
constexpr std::chrono::seconds base_retry{10};
constexpr std::chrono::milliseconds hint_time{20};  // in which a hint has come, if one comes
constexpr int last_attempts = 3;                    // to send usage before the end
constexpr std::string_view base = "/internal/data/v1";

std::string environments_text(const std::vector<std::string>& environments) {
  return percent_encode(join(environments, ","));
}

tl::unexpected<Error> refused(int status) {
  return fail(ErrorCode::unavailable, "The control plane answers", std::to_string(status));
}

bool by_number(const model::Revocation& a, const model::Revocation& b) {
  return a.number < b.number;
}

}  // namespace

FeedClient::FeedClient(Parts parts)
    : parts_(std::move(parts)),
      stands_at_(parts_.workers, 0),
      stands_(parts_.workers, false),
      store_(parts_.snapshot_folder),
      tokens_(parts_.snapshot_folder),
      snapshot_(std::make_shared<const Snapshot>(parts_.backend_trust)),
      sequence_(to_ms(parts_.clock.now())) {}

void FeedClient::start() {
  load();
  revoked_ = parts_.bus.subscribe(std::string(bus::subject_revocations),
                                  [this](std::string_view message) { on_revocation(message); });
  changes_ = parts_.bus.subscribe(model::changes_subject(parts_.environments),
                                  [this](std::string_view message) { on_changes(message); });
  hints_ = parts_.bus.subscribe(std::string(bus::subject_changes),
                                [this](std::string_view message) { on_hint(message); });
  if (parts_.watched) {
    watch_ = std::make_unique<FeedWatch>(
        FeedWatch::Parts{parts_.watched, [this] { return watched_question(); },
                         [this](std::string_view body) { return on_changes(body); }});
  }
  thread_ = std::thread([this] { run(); });
}

void FeedClient::stop() {
  hints_.reset();
  changes_.reset();
  revoked_.reset();
  if (watch_) watch_->stop();
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void FeedClient::load() {
  SnapshotStore::Loaded loaded = store_.load(*snapshot_);
  if (!loaded.snapshot) return;
  // A token revoked before the restart must not pass before the feed has been heard.
  revoked_up_to_ = loaded.snapshot->revocation();
  revocations_ = std::move(loaded.revocations);
  std::sort(revocations_.begin(), revocations_.end(), by_number);
  for (const model::Revocation& revocation : revocations_) {
    parts_.revoke(revocation);
    if (revocation.number == revoked_up_to_ + 1) ++revoked_up_to_;
  }
  take_in(std::move(loaded.snapshot));
  log_info("Gateway stands at {} of its own disk, with {} APIs", snapshot_->number(),
           snapshot_->api_count());
}

void FeedClient::run() {
  bool asks = true;
  for (bool first = true;; first = false) {
    if (!take_told() || asks) pull();
    keep_revocations();
    if (first && parts_.keeps_tokens) parts_.remember(tokens_.load(parts_.clock.now()));
    if (parts_.clock.tick() - collected_at_ >= collect_every) {
      collected_at_ = parts_.clock.tick();
      parts_.collect_usage();
    }
    send_usage();
    save();
    save_tokens();
    std::unique_lock lock(mutex_);
    const bool told = wake_.wait_for(
        lock, parts_.poll, [this] { return hinted_ || stopping_ || !told_ranges_.empty(); });
    asks =
        std::exchange(hinted_, false) || !told || parts_.clock.tick() - pulled_at_ >= parts_.poll;
    if (stopping_) break;
  }
  keep_revocations();
  for (int i = 0; i < last_attempts; ++i) send_usage();
  save_tokens();
  // The first base has none before it that would stand in for it.
  note_base(store_.finish_base());
  store_.sync();
}

void FeedClient::pull() {
  pulled_at_ = parts_.clock.tick();
  for (std::size_t i = 0; i < pulls_max; ++i) {
    const Result<bool> more = pull_once();
    if (reachable_ != more.has_value()) {
      reachable_ = more.has_value();
      if (!more) log_warning("Feed: {} {}", more.error().message, more.error().detail);
      if (more) log_info("Feed: heard again");
    }
    if (!more || !*more) return;
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
  }
}

std::string FeedClient::question(std::string_view resource) const {
  return fmt::format("{}/{}?environments={}", base, resource,
                     environments_text(parts_.environments));
}

std::string FeedClient::changes_question(std::uint64_t since, std::string_view tag) const {
  return fmt::format("{}&since={}&tag={}", question("changes"), since, percent_encode(tag));
}

Result<http::Response> FeedClient::get(const std::string& target) {
  Result<http::Response> response = get(target, patience_);
  patience_ =
      response ? patience_first : std::min<std::chrono::seconds>(2 * patience_, patience_max);
  return response;
}

Result<http::Response> FeedClient::get(const std::string& target, std::chrono::seconds timeout) {
  const http::Request request = http::make_request("GET", target);
  GH_TRY(response, parts_.control_plane.ask(request, timeout));
  if (response.status == 200) {
    const std::lock_guard lock(mutex_);
    heard_at_ = parts_.clock.now();
  }
  return response;
}

// True when there was something, so there may be more.
Result<bool> FeedClient::pull_once() {
  if (snapshot_->tag().empty()) return pull_whole();
  GH_TRY(answer, get(changes_question(snapshot_->number(), snapshot_->tag()) +
                     "&node=" + percent_encode(parts_.node)));
  if (answer.status == 409 || answer.status == 410) return pull_whole();
  if (answer.status != 200) return refused(answer.status);
  GH_TRY(body, parse_json_object(answer.body));
  GH_TRY(range, model::feed_range_from(body));
  if (range.tag != snapshot_->tag() || range.from != snapshot_->number()) return pull_whole();
  GH_CHECK(pull_revocations(range.revocation));
  return take_in_range(range);
}

Result<bool> FeedClient::pull_whole() {
  if (parts_.clock.tick() < whole_after_) return refused(503);
  const Tick begun = parts_.clock.tick();
  auto got = get(question("snapshot"), whole_timeout);
  const Tick ended = parts_.clock.tick();
  // It may go on for nobody: as long again is left to others.
  if (!got) whole_after_ = ended + (ended - begun);
  GH_TRY(answer, std::move(got));
  if (answer.status == 503 && answer.headers.find("Retry-After") != nullptr) {
    const auto seconds = parse_number(answer.headers.value_or("Retry-After", "")).value_or(0);
    whole_after_ = parts_.clock.tick() +
                   std::chrono::seconds(std::min<std::uint64_t>(seconds, 60)) +
                   std::chrono::milliseconds(hash_of(parts_.node) % 1'000);
  }
  if (answer.status != 200) return refused(answer.status);
  Snapshot::Filling filling(*snapshot_);
  GH_TRY(end, model::read_snapshot_lines(answer.body,
                                         [&](std::string_view kind, const json::object& value) {
                                           filling.add(kind, value);
                                         }));
  answer.body.clear();
  answer.body.shrink_to_fit();
  // Another history counts its revocations anew.
  if (end.tag != snapshot_->tag()) revoked_up_to_ = 0;
  GH_CHECK(pull_revocations(end.revocation));
  take_in(filling.finish(end));
  begin_base();
  return true;  // it may have been kept for a while
}

// A range that ends beyond this number and does not begin after it leads to where it ends. What it
// has, it has as it stood at its end, whichever of its changes are known here already: to take one
// in again changes nothing, and what none of them touched is the same at both numbers. A range that
// ends here or before says how things stood earlier, and is dropped.
bool FeedClient::take_in_range(model::FeedRange& range) {
  if (range.to <= snapshot_->number()) return false;
  range.from = snapshot_->number();
  store_.append(range);
  take_in(snapshot_->with(range));
  return true;
}

// False when something was told that cannot be taken in, so it must be asked for.
bool FeedClient::take_told() {
  std::vector<model::FeedRange> told;
  {
    const std::lock_guard lock(mutex_);
    told.swap(told_ranges_);
  }
  keep_revocations();
  for (model::FeedRange& range : told) {
    // A gap, another history, or a revocation that is not known here yet, which is in force first.
    if (range.tag != snapshot_->tag() || range.from > snapshot_->number() ||
        range.revocation > revoked_up_to_) {
      return false;
    }
    take_in_range(range);
  }
  return true;
}

// Changes themselves, of the bus or of the open question. True when they are news.
bool FeedClient::on_changes(std::string_view message) {
  const Result<json::object> object = parse_json_object(message);
  auto range = object ? model::feed_range_from(*object)
                      : Result<model::FeedRange>(tl::unexpected<Error>(object.error()));
  if (!range) {
    log_warning("Changes: {}", range.error().message);
    return false;
  }
  {
    const std::lock_guard lock(mutex_);
    const bool same_history = published_ && published_->tag() == range->tag;
    if (same_history && range->to <= told_up_to_) return false;
    told_up_to_ = range->to;
    if (told_ranges_.size() == told_ranges_max) {
      told_ranges_.clear();
      hinted_ = true;
    } else {
      told_ranges_.push_back(*std::move(range));
    }
  }
  wake_.notify_one();
  return true;
}

// That something has changed. What was told with its content need not be asked for.
void FeedClient::on_hint(std::string_view message) {
  const Result<json::object> hint = parse_json_object(message);
  const auto number = static_cast<std::uint64_t>(hint ? number_or(*hint, "number", 0) : 0);
  {
    const std::lock_guard lock(mutex_);
    if (number != 0 && number <= told_up_to_) return;
  }
  nudge();
}

// Empty before the first snapshot.
std::string FeedClient::watched_question() const {
  const std::lock_guard lock(mutex_);
  if (!published_ || published_->tag().empty()) return "";
  const std::uint64_t since = std::max(published_->number(), told_up_to_);
  return fmt::format("{}&wait={}s", changes_question(since, published_->tag()),
                     FeedWatch::wait.count());
}

void FeedClient::take_in(std::shared_ptr<const Snapshot> next) {
  former_.push_back(std::exchange(snapshot_, std::move(next)));
  {
    const std::lock_guard lock(mutex_);
    published_ = snapshot_;
    told_up_to_ = snapshot_->number();
  }
  parts_.publish(snapshot_);
  std::erase_if(former_, [](const auto& snapshot) { return snapshot.use_count() == 1; });
}

Result<> FeedClient::pull_revocations(std::uint64_t newest) {
  while (revoked_up_to_ < newest) {
    GH_TRY(answer, get(fmt::format("{}/revocations?since={}", base, revoked_up_to_)));
    if (answer.status != 200) return refused(answer.status);
    GH_TRY(body, parse_json_object(answer.body));
    const json::array* list = array_at(body, "list");
    if (list == nullptr) {
      return fail(ErrorCode::unavailable, "The control plane tells no revocations");
    }
    // Those whose tokens have expired are gone, so the last number may lie below `newest`.
    if (list->empty()) revoked_up_to_ = newest;
    for (const json::value& element : *list) {
      if (!element.is_object()) continue;
      const auto revocation = model::revocation_from(element.get_object());
      if (!revocation) continue;
      revoke(*revocation);
      revoked_up_to_ = std::max(revoked_up_to_, revocation->number);
    }
  }
  // They stand in the journal before the range that says they are known.
  keep_revocations();
  return {};
}

void FeedClient::on_revocation(std::string_view message) {
  const auto object = parse_json_object(message);
  const auto revocation = object ? model::revocation_from(*object)
                                 : Result<model::Revocation>(tl::unexpected<Error>(object.error()));
  if (!revocation) return log_warning("Revocation: {}", revocation.error().message);
  revoke(*revocation);
}

void FeedClient::revoke(const model::Revocation& revocation) {
  parts_.revoke(revocation);
  const std::lock_guard lock(mutex_);
  told_.push_back(revocation);
}

// Numbers that came one after the other need not be asked for.
void FeedClient::keep_revocations() {
  std::vector<model::Revocation> told;
  {
    const std::lock_guard lock(mutex_);
    told.swap(told_);
  }
  std::sort(told.begin(), told.end(), by_number);
  for (model::Revocation& revocation : told) {
    if (revocation.number == revoked_up_to_ + 1) ++revoked_up_to_;
    store_.append(revocation);
    revocations_.push_back(std::move(revocation));
  }
}

void FeedClient::save() {
  note_base(store_.settle());
  if (store_.wants_base() && !snapshot_->tag().empty() && parts_.clock.tick() >= base_after_) {
    begin_base();
  }
  store_.sync();
}

void FeedClient::begin_base() {
  const Instant now = parts_.clock.now();
  std::erase_if(revocations_, [now](const auto& each) { return each.expires_at < now; });
  note_base(store_.begin_base(snapshot_, revocations_));
}

// A disk that is full is tried again, but not at each turn.
void FeedClient::note_base(const Result<>& outcome) {
  if (outcome) return;
  log_error("{}: {}", outcome.error().message, outcome.error().detail);
  base_after_ = parts_.clock.tick() + base_retry;
}

void FeedClient::add_tokens(std::vector<Remembered> learned) {
  if (learned.empty()) return;
  const std::lock_guard lock(mutex_);
  learned_.insert(learned_.end(), std::make_move_iterator(learned.begin()),
                  std::make_move_iterator(learned.end()));
}

void FeedClient::save_tokens() {
  std::vector<Remembered> learned;
  {
    const std::lock_guard lock(mutex_);
    learned.swap(learned_);
  }
  if (parts_.keeps_tokens) tokens_.append(std::move(learned), parts_.clock.now());
}

void FeedClient::add_usage(json::array rows) {
  if (rows.empty()) return;
  const std::lock_guard lock(mutex_);
  counted_.push_back(std::move(rows));
}

void FeedClient::fill_batches() {
  std::vector<json::array> counted;
  {
    const std::lock_guard lock(mutex_);
    counted.swap(counted_);
  }
  for (const json::array& rows : counted) {
    const bool fits = !batches_.empty() && !batches_.back().sent &&
                      batches_.back().rows.size() + rows.size() <= batch_rows_max;
    if (!fits) batches_.push_back({++sequence_, {}, {}, false});
    json::array& into = batches_.back().rows;
    into.insert(into.end(), rows.begin(), rows.end());
  }
}

// Looked for on this thread, so that a call with a key costs nothing more.
void FeedClient::add_used_keys() {
  const Instant now = parts_.clock.now();
  if (now - keys_seen_at_ < keys_every || !snapshot_) return;
  json::array used = snapshot_->api_keys_used(to_ms(std::exchange(keys_seen_at_, now)));
  if (used.empty()) return;
  const bool fits = !batches_.empty() && !batches_.back().sent;
  if (!fits) batches_.push_back({++sequence_, {}, {}, false});
  batches_.back().api_keys = std::move(used);
}

// A batch keeps its number until somebody has taken it, so a repeated one is recognised.
void FeedClient::send_usage() {
  fill_batches();
  add_used_keys();
  while (!batches_.empty()) {
    const Result<> sent = send(batches_.front());
    if (!sent) break;
    batches_.pop_front();
  }
  while (batches_.size() > batches_max) {
    log_error("Usage: {} rows are lost, nobody takes them", batches_.front().rows.size());
    batches_.pop_front();
  }
}

Result<> FeedClient::send(Batch& batch) {
  batch.sent = true;
  const json::object body{{"node", parts_.node},
                          {"sequence", batch.sequence},
                          {"rows", batch.rows},
                          {"api_keys", batch.api_keys}};
  const http::Request request = http::make_request("POST", fmt::format("{}/usage", base),
                                                   json::serialize(body), "application/json");
  GH_TRY(response, parts_.control_plane.ask(request, usage_timeout));
  if (response.status == 204 || response.status == 200) return {};
  return fail(ErrorCode::unavailable, "The control plane takes no usage",
              std::to_string(response.status));
}

void FeedClient::adopted(unsigned worker, std::uint64_t number) {
  {
    const std::lock_guard lock(mutex_);
    stands_at_[worker] = number;
    stands_[worker] = true;
  }
  adopted_.notify_all();
}

void FeedClient::nudge() {
  {
    const std::lock_guard lock(mutex_);
    hinted_ = true;
  }
  wake_.notify_one();
}

std::uint64_t FeedClient::lowest() const {
  return *std::min_element(stands_at_.begin(), stands_at_.end());
}

bool FeedClient::wait_for(std::uint64_t number, std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  const auto stands = [&] { return lowest() >= number; };
  if (adopted_.wait_for(lock, std::min(timeout, hint_time), stands)) return true;
  hinted_ = true;
  wake_.notify_one();
  return adopted_.wait_for(lock, timeout - std::min(timeout, hint_time), stands);
}

bool FeedClient::ready() const {
  const std::lock_guard lock(mutex_);
  return std::all_of(stands_.begin(), stands_.end(), [](bool stands) { return stands; });
}

std::uint64_t FeedClient::number() const {
  const std::lock_guard lock(mutex_);
  return lowest();
}

std::shared_ptr<const Snapshot> FeedClient::current() const {
  const std::lock_guard lock(mutex_);
  return published_;
}

Instant FeedClient::heard_at() const {
  const std::lock_guard lock(mutex_);
  return heard_at_;
}

}  // namespace gatehouse::gateway
