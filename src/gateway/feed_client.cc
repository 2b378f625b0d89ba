// SPDX-License-Identifier: Apache-2.0
#include "gateway/feed_client.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/log.h"
#include "core/text.h"

namespace gatehouse::gateway {

namespace {

constexpr std::chrono::seconds answer_timeout{10};
constexpr std::chrono::seconds collect_every{1};
constexpr std::chrono::seconds base_retry{10};
constexpr int last_attempts = 3;  // to send usage before the end
constexpr std::string_view base = "/internal/data/v1";

std::string environments_text(const std::vector<std::string>& environments) {
  return percent_encode(join(environments, ","));
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
  changes_ = parts_.bus.subscribe(std::string(bus::subject_changes),
                                  [this](std::string_view) { nudge(); });
  thread_ = std::thread([this] { run(); });
}

void FeedClient::stop() {
  changes_.reset();
  revoked_.reset();
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
  snapshot_ = std::move(loaded.snapshot);
  parts_.publish(snapshot_);
  log_info("Gateway stands at {} of its own disk, with {} APIs", snapshot_->number(),
           snapshot_->api_count());
}

void FeedClient::run() {
  for (bool first = true;; first = false) {
    pull();
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
    wake_.wait_for(lock, parts_.poll, [this] { return hinted_ || stopping_; });
    hinted_ = false;
    if (stopping_) break;
  }
  keep_revocations();
  for (int i = 0; i < last_attempts; ++i) send_usage();
  save_tokens();
  store_.sync();
}

void FeedClient::pull() {
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

// The body of a 200; other statuses leave it empty.
Result<json::object> FeedClient::get(const std::string& target, int& status) {
  const http::Request request = http::make_request("GET", target);
  GH_TRY(response, parts_.control_plane.ask(request, answer_timeout));
  status = response.status;
  if (status != 200) return json::object();
  GH_TRY(body, parse_json_object(response.body));
  const std::lock_guard lock(mutex_);
  heard_at_ = parts_.clock.now();
  return body;
}

// True when there was something, so there may be more.
Result<bool> FeedClient::pull_once() {
  if (snapshot_->tag().empty()) return pull_whole();
  int status = 0;
  GH_TRY(body,
         get(fmt::format("{}/changes?since={}&tag={}&environments={}", base, snapshot_->number(),
                         percent_encode(snapshot_->tag()), environments_text(parts_.environments)),
             status));
  if (status == 409 || status == 410) return pull_whole();
  if (status != 200) {
    return fail(ErrorCode::unavailable, "The control plane answers", std::to_string(status));
  }
  GH_TRY(range, model::feed_range_from(body));
  if (range.tag != snapshot_->tag() || range.from != snapshot_->number()) return pull_whole();
  GH_CHECK(pull_revocations(range.revocation));
  if (range.to == range.from) return false;
  store_.append(range);
  take_in(snapshot_->with(range));
  return true;
}

Result<bool> FeedClient::pull_whole() {
  int status = 0;
  GH_TRY(body, get(fmt::format("{}/snapshot?environments={}", base,
                               environments_text(parts_.environments)),
                   status));
  if (status != 200) {
    return fail(ErrorCode::unavailable, "The control plane answers", std::to_string(status));
  }
  GH_TRY(range, model::feed_range_from(body));
  // Another history counts its revocations anew.
  if (range.tag != snapshot_->tag()) revoked_up_to_ = 0;
  GH_CHECK(pull_revocations(range.revocation));
  take_in(snapshot_->replaced_by(range));
  begin_base();
  return false;
}

void FeedClient::take_in(std::shared_ptr<const Snapshot> next) {
  former_.push_back(std::exchange(snapshot_, std::move(next)));
  {
    const std::lock_guard lock(mutex_);
    published_ = snapshot_;
  }
  parts_.publish(snapshot_);
  std::erase_if(former_, [](const auto& snapshot) { return snapshot.use_count() == 1; });
}

Result<> FeedClient::pull_revocations(std::uint64_t newest) {
  while (revoked_up_to_ < newest) {
    int status = 0;
    GH_TRY(body, get(fmt::format("{}/revocations?since={}", base, revoked_up_to_), status));
    const json::array* list = array_at(body, "list");
    if (status != 200 || list == nullptr) {
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
  GH_TRY(response, parts_.control_plane.ask(request, answer_timeout));
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
  if (lowest() >= number) return true;
  hinted_ = true;
  wake_.notify_one();
  return adopted_.wait_for(lock, timeout, [&] { return lowest() >= number; });
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
