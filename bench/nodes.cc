// SPDX-License-Identifier: Apache-2.0
//
// What a key manager spends to know the node that asks: by its session, by Basic, by a certificate
// that it has believed within the minute, and by one that it sees for the first time.
//
// Budget:  a session and a remembered certificate take at most 20 microseconds each.
// Guards:  a chain that is verified at each question.
#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "core/text.h"
#include "keymanager/node_door.h"
#include "keymanager/test_authority.h"

namespace gatehouse {
namespace {

using keymanager::NodeCertificates;
using keymanager::NodeDoor;

constexpr int questions = 20'000;
constexpr double known_us_max = 20;

class Inside final : public http::Handler {
 public:
  http::Response handle(const http::Request&) override { return {}; }
};

// The median, in microseconds; `before` is not counted.
template <typename Before>
double cost_of(NodeDoor& door, const http::Request& question, int times, Before before) {
  std::vector<double> spent;
  for (int i = 0; i < times; ++i) {
    before();
    const auto begin = std::chrono::steady_clock::now();
    const http::Response response = door.handle(question);
    const std::chrono::duration<double, std::micro> time = std::chrono::steady_clock::now() - begin;
    GH_ASSERT(response.status == 200);
    spent.push_back(time.count());
  }
  std::nth_element(spent.begin(), spent.begin() + times / 2, spent.end());
  return spent[static_cast<std::size_t>(times) / 2];
}

int run(const std::filesystem::path& folder) {
  const SystemClock clock;
  keymanager::TestAuthority authority("cluster", clock.now());
  authority.write(folder);
  NodeCertificates nodes({.files = {.certificates = (folder / "ca.pem").string(),
                                    .revocations = (folder / "revoked.pem").string()},
                          .names = {"gw-1.example"}},
                         clock);
  GH_ASSERT(nodes.load());
  const keymanager::NodePasses sessions({std::string(32, 'k')}, clock);
  const keymanager::NodePasses credentials({std::string(32, 'c')}, clock);
  const keymanager::NodeRevocations revocations;
  const keymanager::NodePass pass{.node = {"gw-1", {"Default"}},
                                  .expires = clock.now() + std::chrono::hours(1)};
  Inside inside;
  Metrics metrics;
  NodeDoor door(inside,
                {.certificates = &nodes,
                 .credentials = &credentials,
                 .sessions = &sessions,
                 .revocations = &revocations},
                clock, metrics);

  const http::Request plain = http::make_request("POST", "/internal/keys/v1/validate");
  http::Request by_session = plain;
  by_session.headers.add("Cookie", "gatehouse_node=" + sessions.make(pass).value());
  http::Request by_basic = plain;
  by_basic.headers.add("Authorization",
                       "Basic " + to_base64("gw-1:" + credentials.make(pass).value()));
  http::Request by_certificate = plain;
  by_certificate.peer.certificate = authority.issue({.name = "gw-1.example"});

  const auto nothing = [] {};
  const auto forget = [&] { GH_ASSERT(nodes.load()); };
  const double session = cost_of(door, by_session, questions, nothing);
  const double basic = cost_of(door, by_basic, questions, nothing);
  const double remembered = cost_of(door, by_certificate, questions, nothing);
  const double first = cost_of(door, by_certificate, questions / 100, forget);
  std::printf(
      "to know a node takes, in microseconds: session hit %.1f, basic fallback %.1f, "
      "mtls hit %.1f, first sight of a certificate %.1f\n",
      session, basic, remembered, first);
  const bool within = session <= known_us_max && remembered <= known_us_max;
  std::printf("%s (budget: %.0f for a session and for a remembered certificate)\n",
              within ? "within the budget" : "BEYOND THE BUDGET", known_us_max);
  return within ? 0 : 1;
}

}  // namespace
}  // namespace gatehouse

int main() {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / "gatehouse-bench-nodes";
  std::filesystem::create_directories(folder);
  const int code = gatehouse::run(folder);
  std::filesystem::remove_all(folder);
  return code;
}
