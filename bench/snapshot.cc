// SPDX-License-Identifier: Apache-2.0
//
// What a gateway spends on what it knows: loading all of it, one change, and a start from its disk.
//
// Budget:  100,000 APIs and 1,000,000 subscriptions load in 10 s, from the disk and from the feed;
// a
//          change then takes 1 ms and copies 64 KB; with 1,000 APIs and nobody else alive a gateway
//          serves 200 ms after its exec.
// Guards:  a change that copies a table; a load that holds everything several times.
#include <fmt/format.h>
#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "allocations.h"
#include "bus/local_bus.h"
#include "gateway/gateway.h"
#include "gateway/snapshot_store.h"
#include "gateway/test_sockets.h"
#include "model/snapshot_lines.h"

namespace gatehouse::gateway {
namespace {

constexpr double load_s_max = 10;
constexpr double change_ms_max = 1;
constexpr double change_kb_max = 64;
constexpr double start_ms_max = 200;

using Seconds = std::chrono::duration<double>;

double since(std::chrono::steady_clock::time_point begin) {
  return Seconds(std::chrono::steady_clock::now() - begin).count();
}

// Of this thread: what others do on the machine is no cost of a change.
double cpu_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

double resident_mb() {
  std::ifstream status("/proc/self/statm");
  double total = 0;
  double resident = 0;
  status >> total >> resident;
  return resident * static_cast<double>(::getpagesize()) / 1e6;
}

class Verdicts {
 public:
  void at_most(const std::string& name, double value, double bound, const char* unit) {
    const bool met = value <= bound;
    std::printf("%-58s%10.3g %-4s needed <= %-8g%s\n", name.c_str(), value, unit, bound,
                met ? "met" : "MISSED");
    all_met_ = all_met_ && met;
  }
  static void note(const std::string& text) { std::printf("   %s\n", text.c_str()); }
  bool all_met() const { return all_met_; }

 private:
  bool all_met_ = true;
};

// Ids as the control plane makes them.
std::string id_of(char kind, std::size_t number) {
  return fmt::format("{}0000000-0000-4000-8000-{:012x}", kind, number);
}

struct World {
  std::size_t apis;
  std::size_t applications;
  std::size_t subscriptions;

  model::DeployedApi api(std::size_t number) const {
    model::DeployedApi api;
    api.id = id_of('a', number);
    api.tenant_domain = "carbon.super";
    api.provider = "admin";
    api.name = fmt::format("Api{}", number);
    api.version = "1.0.0";
    api.context = fmt::format("/department{}/api{}", number % 100, number);
    api.revision_id = id_of('r', number);
    api.vhost = "localhost";
    api.environment = "Default";
    api.state = "PUBLISHED";
    api.security_schemes = {"oauth2", "oauth_basic_auth_api_key_mandatory"};
    for (const char* target : {"/orders", "/orders/{id}", "/menu", "/customers", "/*"}) {
      api.operations.push_back({"GET", target, model::AuthType::any, "Unlimited", {"read"}});
      api.operations.push_back({"POST", target, model::AuthType::any, "Unlimited", {"write"}});
    }
    api.production.urls = {
        fmt::format("http://10.0.{}.{}:8080/base", number / 250 % 250, number % 250)};
    return api;
  }
  model::KnownApplication application(std::size_t number) const {
    return {id_of('b', number), 1,      fmt::format("Application{}", number),
            "subscriber",       "Gold", "APPROVED"};
  }
  model::KnownKeyMapping key_mapping(std::size_t number) const {
    model::KnownKeyMapping mapping;
    mapping.id = id_of('c', number);
    mapping.client_id = fmt::format("client_{:024}", number);
    mapping.application_id = id_of('b', number);
    mapping.key_manager = "Resident Key Manager";
    return mapping;
  }
  // Each application has as many as every other, of APIs of its own choice.
  model::KnownSubscription subscription(std::size_t number) const {
    const std::size_t application = number % applications;
    const std::size_t api = (application * 7'919 + number / applications * 104'729) % apis;
    return {id_of('d', number), 1, id_of('a', api), id_of('b', application), "Gold", "UNBLOCKED"};
  }
  static model::KnownPolicy policy(std::int64_t quota) {
    model::KnownPolicy policy;
    policy.id = id_of('e', 1);
    policy.level = model::PolicyLevel::subscription;
    policy.name = "Gold";
    policy.quota = quota;
    return policy;
  }

  template <typename Take>
  void for_each(Take&& take) const {
    take("policy", to_json(policy(5'000)));
    for (std::size_t i = 0; i < apis; ++i) take("api", to_json(api(i)));
    for (std::size_t i = 0; i < applications; ++i) take("application", to_json(application(i)));
    for (std::size_t i = 0; i < applications; ++i) take("key_mapping", to_json(key_mapping(i)));
    for (std::size_t i = 0; i < subscriptions; ++i) take("subscription", to_json(subscription(i)));
  }

  model::FeedRange end() const {
    model::FeedRange range;
    range.tag = "bench";
    range.to = apis;
    return range;
  }
  std::shared_ptr<const Snapshot> snapshot() const {
    Snapshot::Filling filling((Snapshot()));
    for_each([&](const char* kind, const json::object& value) { filling.add(kind, value); });
    return filling.finish(end());
  }
  // As GET /snapshot answers it.
  std::string answer() const {
    std::string text;
    std::size_t entries = 0;
    for_each([&](const char* kind, const json::object& value) {
      text += json::serialize(model::snapshot_line(kind, text_or(value, "id", ""), value)) + "\n";
      ++entries;
    });
    return text + json::serialize(model::last_snapshot_line(end(), entries)) + "\n";
  }
};

class Changes {
 public:
  Changes(const World& world, std::shared_ptr<const Snapshot> snapshot, Verdicts& verdicts)
      : world_(world), snapshot_(std::move(snapshot)), verdicts_(verdicts) {}

  // `make`: the entry of one change; a thousand of them, one after the other.
  template <typename Make>
  void measure(const std::string& name, Make&& make) {
    std::vector<double> times;
    std::vector<double> sizes;
    for (std::size_t i = 0; i < count; ++i) {
      const auto [upserts, removals] = make(i * 37 % world_.apis);
      model::FeedRange range = world_.end();
      range.from = snapshot_->number();
      range.to = range.from + 1;
      range.upserts = upserts;
      range.removals = removals;
      const std::size_t before = bytes_allocated();
      const double begin = cpu_seconds();
      auto next = snapshot_->with(range);
      times.push_back((cpu_seconds() - begin) * 1e3);
      sizes.push_back(static_cast<double>(bytes_allocated() - before) / 1024);
      snapshot_ = std::move(next);
    }
    std::sort(times.begin(), times.end());
    std::sort(sizes.begin(), sizes.end());
    const std::size_t p99 = count * 99 / 100;
    verdicts_.at_most(name + ", p99", times[p99], change_ms_max, "ms");
    verdicts_.at_most(name + " copies at most", sizes.back(), change_kb_max, "KB");
    Verdicts::note(fmt::format("median {:.3f} ms, {:.1f} KB", times[count / 2], sizes[count / 2]));
  }

 private:
  static constexpr std::size_t count = 1'000;

  const World& world_;
  std::shared_ptr<const Snapshot> snapshot_;
  Verdicts& verdicts_;
};

using Entries = std::vector<model::FeedEntry>;
using Change = std::pair<Entries, Entries>;

void measure_changes(const World& world, const std::shared_ptr<const Snapshot>& snapshot,
                     Verdicts& verdicts) {
  Changes changes(world, snapshot, verdicts);
  changes.measure("an API that is there", [&](std::size_t i) {
    model::DeployedApi api = world.api(i);
    api.state = "BLOCKED";
    return Change{{{"api", api.id, to_json(api)}}, {}};
  });
  changes.measure("an API that comes", [&](std::size_t i) {
    const model::DeployedApi api = world.api(world.apis + i);
    return Change{{{"api", api.id, to_json(api)}}, {}};
  });
  changes.measure("an API that goes",
                  [&](std::size_t i) { return Change{{}, {{"api", id_of('a', i), {}}}}; });
  changes.measure("an application", [&](std::size_t i) {
    model::KnownApplication known = world.application(i);
    known.policy = "Silver";
    return Change{{{"application", known.id, to_json(known)}}, {}};
  });
  changes.measure("a key mapping", [&](std::size_t i) {
    const model::KnownKeyMapping known = world.key_mapping(world.applications + i);
    return Change{{{"key_mapping", known.id, to_json(known)}}, {}};
  });
  changes.measure("a subscription that is there", [&](std::size_t i) {
    model::KnownSubscription known = world.subscription(i);
    known.status = "BLOCKED";
    return Change{{{"subscription", known.id, to_json(known)}}, {}};
  });
  changes.measure("a subscription that goes",
                  [&](std::size_t i) { return Change{{}, {{"subscription", id_of('d', i), {}}}}; });
  changes.measure("a policy", [&](std::size_t i) {
    const model::KnownPolicy known = World::policy(static_cast<std::int64_t>(i) + 1);
    return Change{{{"policy", known.id, to_json(known)}}, {}};
  });
}

void measure_feed(const World& world, Verdicts& verdicts) {
  const std::string answer = world.answer();
  ::malloc_trim(0);
  const double before = resident_mb();
  const auto begin = std::chrono::steady_clock::now();
  {
    Snapshot::Filling filling((Snapshot()));
    const auto end = model::read_snapshot_lines(
        answer,
        [&](std::string_view kind, const json::object& value) { filling.add(kind, value); });
    GH_ASSERT(end);
    const auto snapshot = filling.finish(*end);
    verdicts.at_most("all from the feed's answer", since(begin), load_s_max, "s");
    GH_ASSERT(snapshot->api_count() == world.apis);
    Verdicts::note(fmt::format("an answer of {:.0f} MB; {:.0f} MB while it is taken in",
                               static_cast<double>(answer.size()) / 1e6, resident_mb() - before));
  }
}

std::shared_ptr<const Snapshot> measure_disk(const World& world, const std::string& folder,
                                             Verdicts& verdicts) {
  {
    const auto snapshot = world.snapshot();
    SnapshotStore store(folder);
    const auto begin = std::chrono::steady_clock::now();
    GH_ASSERT(store.begin_base(snapshot, {}));
    Verdicts::note(
        fmt::format("a base holds the thread of the feed for {:.3f} ms", since(begin) * 1e3));
    GH_ASSERT(store.finish_base());
    Verdicts::note(fmt::format("and is written in {:.2f} s", since(begin)));
  }
  ::malloc_trim(0);
  const double before = resident_mb();
  const auto begin = std::chrono::steady_clock::now();
  SnapshotStore store(folder);
  auto loaded = store.load(Snapshot());
  verdicts.at_most("all from the disk", since(begin), load_s_max, "s");
  GH_ASSERT(loaded.snapshot && loaded.snapshot->api_count() == world.apis);
  Verdicts::note(fmt::format("{:.0f} MB in memory", resident_mb() - before));
  return loaded.snapshot;
}

// Nobody answers it.
class Dead final : public http::Client {
 public:
  Result<http::Response> ask(const http::Request&, std::chrono::milliseconds) override {
    return fail(ErrorCode::unavailable, "Nobody is there");
  }
  net::Task<Result<http::Response>> send(const http::Request&, std::chrono::milliseconds) override {
    co_return fail(ErrorCode::unavailable, "Nobody is there");
  }
};

// The child: a gateway that starts from `folder`, and writes its port to stdout.
int serve(const std::string& folder) {
  const SystemClock clock;
  SystemRandom random;
  Metrics metrics;
  bus::LocalBus bus;
  net::Pool files({.name = "files", .threads = 1});
  Dead dead;
  Options options;
  options.snapshot_folder = folder;
  options.workers = 2;
  options.address = net::Address::loopback();
  options.ports = {0, 0};
  Gateway gateway({clock, random, metrics, bus, files, dead,
                   [](net::Loop&) { return std::make_unique<Dead>(); }},
                  options);
  GH_ASSERT(gateway.start());
  std::printf("%d\n", gateway.ports().http);
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  gateway.stop();
  files.stop();
  return 0;
}

double start_ms(const char* program, const std::string& folder) {
  std::array<int, 2> to_child{};
  std::array<int, 2> from_child{};
  GH_ASSERT(::pipe(to_child.data()) == 0 && ::pipe(from_child.data()) == 0);
  const auto begin = std::chrono::steady_clock::now();
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(to_child[0], 0);
    ::dup2(from_child[1], 1);
    for (const int each : {to_child[0], to_child[1], from_child[0], from_child[1]}) ::close(each);
    ::execl(program, program, "serve", folder.c_str(), nullptr);
    ::_exit(127);
  }
  ::close(to_child[0]);
  ::close(from_child[1]);
  std::string port;
  for (char c = 0; ::read(from_child[0], &c, 1) == 1 && c != '\n';) port += c;
  // The last API is known: it asks for a token.
  TestClient client(static_cast<std::uint16_t>(std::stoi(port)));
  int status = 0;
  do {
    status = client.call("GET /department99/api999/1.0.0/menu HTTP/1.1\r\nHost: g\r\n\r\n").status;
  } while (status == 404 || status == 503);
  const double took = since(begin) * 1e3;
  GH_ASSERT(status == 401);
  ::close(to_child[1]);
  ::close(from_child[0]);
  ::waitpid(child, nullptr, 0);
  return took;
}

void measure_start(const char* program, const std::string& folder, Verdicts& verdicts) {
  const World world{1'000, 1'000, 10'000};
  {
    SnapshotStore store(folder);
    GH_ASSERT(store.begin_base(world.snapshot(), {}));
    GH_ASSERT(store.finish_base());
  }
  std::vector<double> times;
  for (int i = 0; i < 9; ++i) times.push_back(start_ms(program, folder));
  std::sort(times.begin(), times.end());
  verdicts.at_most("exec to serving, 1,000 APIs, all else dead", times[times.size() / 2],
                   start_ms_max, "ms");
  Verdicts::note(fmt::format("between {:.0f} and {:.0f} ms", times.front(), times.back()));
}

int run(const char* program, const std::filesystem::path& folder, std::size_t apis) {
  const World world{apis, apis, apis * 10};
  Verdicts verdicts;
  std::printf("== %zu APIs, %zu subscriptions\n", world.apis, world.subscriptions);
  measure_start(program, folder / "small", verdicts);
  measure_feed(world, verdicts);
  measure_changes(world, measure_disk(world, folder / "large", verdicts), verdicts);
  return verdicts.all_met() ? 0 : 1;
}

}  // namespace
}  // namespace gatehouse::gateway

int main(int argc, char** argv) {
  if (argc == 3 && std::string_view(argv[1]) == "serve") return gatehouse::gateway::serve(argv[2]);
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / fmt::format("gatehouse-bench-{}", ::getpid());
  std::filesystem::create_directories(folder);
  const int status =
      gatehouse::gateway::run("/proc/self/exe", folder, argc > 1 ? std::stoul(argv[1]) : 100'000);
  std::filesystem::remove_all(folder);
  return status;
}
