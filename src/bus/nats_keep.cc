// SPDX-License-Identifier: Apache-2.0
#include "bus/nats_keep.h"

#include <fmt/format.h>

#include "core/log.h"

namespace gatehouse::bus {

namespace {

constexpr const char* offices_stream = "KV_GATEHOUSE_OFFICES";
constexpr std::int64_t copies = 3;

template <typename Thing, void (*destroy)(Thing*)>
struct Destroy {
  void operator()(Thing* thing) const { destroy(thing); }
};
using StreamInfo = std::unique_ptr<jsStreamInfo, Destroy<jsStreamInfo, jsStreamInfo_Destroy>>;
using PubAck = std::unique_ptr<jsPubAck, Destroy<jsPubAck, jsPubAck_Destroy>>;
using Message = std::unique_ptr<natsMsg, Destroy<natsMsg, natsMsg_Destroy>>;
using MetaData = std::unique_ptr<jsMsgMetaData, Destroy<jsMsgMetaData, jsMsgMetaData_Destroy>>;
using HeldSubscription =
    std::unique_ptr<natsSubscription, Destroy<natsSubscription, natsSubscription_Destroy>>;

// Upper case, and nothing that a stream's name may not have.
std::string stream_name(std::string_view log) {
  std::string name = "GATEHOUSE_";
  for (const char c : log) name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : '_';
  return name;
}

tl::unexpected<Error> jetstream_error(natsStatus status, jsErrCode code, std::string_view what) {
  if (code == JSStreamWrongLastSequenceErr) {
    return fail(ErrorCode::conflict, "Somebody else has written", std::string(what));
  }
  if (status == NATS_NO_RESPONDERS) {
    return fail(ErrorCode::unavailable, fmt::format("NATS: {}", what),
                "JetStream does not answer; is it on (\"jetstream {}\" in the server's "
                "configuration), and does a majority of its servers run?");
  }
  return nats_error(status, what);
}

}  // namespace

NatsKeep::NatsKeep(const NatsOptions& options, Metrics& metrics, std::chrono::milliseconds term)
    : options_(options), term_(term), link_(options, "keep", metrics, [] {}) {}

NatsKeep::~NatsKeep() { hang_up(); }

void NatsKeep::hang_up() {
  known_.clear();
  jsCtx_Destroy(std::exchange(jetstream_, nullptr));
  link_.close();
}

NatsKeep::Place NatsKeep::log_place(std::string_view log) const {
  return {stream_name(log), fmt::format("gatehouse.keep.{}", log)};
}

NatsKeep::Place NatsKeep::office_place(std::string_view office) const {
  return {offices_stream, fmt::format("$KV.GATEHOUSE_OFFICES.{}", office)};
}

Result<> NatsKeep::reach(const Place& place, Kind kind) {
  if (!link_.is_connected()) hang_up();
  if (!link_.open(std::chrono::steady_clock::now())) {
    return fail(ErrorCode::unavailable, "NATS is away");
  }
  if (jetstream_ == nullptr) {
    jsOptions options;
    jsOptions_Init(&options);
    options.Wait = options_.timeout.count();
    const natsStatus status = natsConnection_JetStream(&jetstream_, link_.get(), &options);
    if (status != NATS_OK) return nats_error(status, "JetStream");
  }
  if (known_.contains(place.stream)) return {};
  GH_CHECK(make_stream(place, kind));
  known_.insert(place.stream);
  return {};
}

Result<> NatsKeep::make_stream(const Place& place, Kind kind) {
  jsStreamInfo* found = nullptr;
  jsErrCode code{};
  natsStatus status = js_GetStreamInfo(&found, jetstream_, place.stream.c_str(), nullptr, &code);
  const StreamInfo held(found);
  if (status == NATS_OK) return {};
  if (status != NATS_NOT_FOUND) return jetstream_error(status, code, place.stream);

  jsStreamConfig config;
  jsStreamConfig_Init(&config);
  const char* subject = kind == Kind::log ? place.subject.c_str() : "$KV.GATEHOUSE_OFFICES.>";
  config.Name = place.stream.c_str();
  config.Subjects = &subject;
  config.SubjectsLen = 1;
  config.Storage = js_FileStorage;
  config.Replicas = copies;
  if (kind == Kind::offices) {
    // What the library makes for a key-value bucket with a time to live, which is in nanoseconds.
    config.MaxAge = std::chrono::nanoseconds(term_).count();
    config.MaxMsgsPerSubject = 1;
    config.Discard = js_DiscardNew;
    config.DenyDelete = true;
    config.AllowRollup = true;
    config.AllowDirect = true;
    config.Duplicates = config.MaxAge;
  }
  status = js_AddStream(nullptr, jetstream_, &config, nullptr, &code);
  if (status != NATS_OK && code == JSStreamReplicasNotSupportedErr) {
    log_warning("NATS: a single server keeps the {}; three would outlive one", place.stream);
    config.Replicas = 1;
    status = js_AddStream(nullptr, jetstream_, &config, nullptr, &code);
  }
  if (status != NATS_OK) return jetstream_error(status, code, place.stream);
  return {};
}

// A cluster compares the last number of a stream when it applies a message, in the order on which
// its servers have agreed; that of a subject, unless it is 0, its leader compares before
// (nats-server 2.9), so that of two at once both may pass. Logs have a stream each, and are fenced
// by the first.
Result<std::uint64_t> NatsKeep::publish(const Place& place, Kind kind, std::uint64_t after,
                                        std::string_view bytes) {
  jsPubOptions options;
  jsPubOptions_Init(&options);
  (kind == Kind::log ? options.ExpectLastSeq : options.ExpectLastSubjectSeq) = after;
  options.ExpectNoMessage = after == 0;
  jsPubAck* ack = nullptr;
  jsErrCode code{};
  const natsStatus status = js_Publish(&ack, jetstream_, place.subject.c_str(), bytes.data(),
                                       static_cast<int>(bytes.size()), &options, &code);
  const PubAck held(ack);
  if (status == NATS_OK) return held->Sequence;
  if (code != JSStreamWrongLastSequenceErr) known_.clear();  // perhaps somebody has removed it
  return jetstream_error(status, code, place.subject);
}

Result<> NatsKeep::purge(const Place& place, std::uint64_t before) {
  jsOptions options;
  jsOptions_Init(&options);
  options.Stream.Purge.Subject = place.subject.c_str();
  options.Stream.Purge.Sequence = before;
  jsErrCode code{};
  const natsStatus status = js_PurgeStream(jetstream_, place.stream.c_str(), &options, &code);
  if (status != NATS_OK) return jetstream_error(status, code, place.stream);
  return {};
}

Result<std::vector<Kept>> NatsKeep::read(std::string_view log) {
  const Place place = log_place(log);
  GH_CHECK(reach(place, Kind::log));
  jsErrCode code{};
  jsStreamInfo* info = nullptr;
  natsStatus status = js_GetStreamInfo(&info, jetstream_, place.stream.c_str(), nullptr, &code);
  const StreamInfo held(info);
  if (status != NATS_OK) return jetstream_error(status, code, place.stream);
  std::vector<Kept> records;
  const std::uint64_t last = held->State.LastSeq;
  if (held->State.Msgs == 0) {
    // Records that somebody has removed leave their numbers behind.
    if (last > 0) records.push_back({last, ""});
    return records;
  }

  jsSubOptions options;
  jsSubOptions_Init(&options);
  options.Stream = place.stream.c_str();
  options.Ordered = true;
  natsSubscription* made = nullptr;
  status = js_SubscribeSync(&made, jetstream_, place.subject.c_str(), nullptr, &options, &code);
  const HeldSubscription subscription(made);
  if (status != NATS_OK) return jetstream_error(status, code, place.stream);
  while (records.empty() || records.back().number < last) {
    natsMsg* next = nullptr;
    status = natsSubscription_NextMsg(&next, made, options_.timeout.count());
    if (status != NATS_OK) return nats_error(status, place.stream);
    const Message message(next);
    jsMsgMetaData* meta = nullptr;
    status = natsMsg_GetMetaData(&meta, next);
    if (status != NATS_OK) return nats_error(status, place.stream);
    const MetaData data(meta);
    records.push_back({data->Sequence.Stream,
                       std::string(natsMsg_GetData(next),
                                   static_cast<std::size_t>(natsMsg_GetDataLength(next)))});
  }
  return records;
}

Result<std::uint64_t> NatsKeep::append(std::string_view log, std::uint64_t after,
                                       std::string bytes) {
  const Place place = log_place(log);
  GH_CHECK(reach(place, Kind::log));
  return publish(place, Kind::log, after, bytes);
}

Result<> NatsKeep::forget_before(std::string_view log, std::uint64_t number) {
  const Place place = log_place(log);
  GH_CHECK(reach(place, Kind::log));
  return purge(place, number);
}

Result<std::uint64_t> NatsKeep::take(std::string_view office) {
  const Place place = office_place(office);
  GH_CHECK(reach(place, Kind::offices));
  return publish(place, Kind::offices, 0, options_.name);
}

Result<std::uint64_t> NatsKeep::renew(std::string_view office, std::uint64_t held) {
  const Place place = office_place(office);
  GH_CHECK(reach(place, Kind::offices));
  return publish(place, Kind::offices, held, options_.name);
}

// Renewed first: it is still ours. Should another one take it in the moment between, it is free for
// a third, and the fence of the log decides between them.
Result<> NatsKeep::leave(std::string_view office, std::uint64_t held) {
  GH_TRY(renewed, renew(office, held));
  return purge(office_place(office), renewed + 1);
}

}  // namespace gatehouse::bus
