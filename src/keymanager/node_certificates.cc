// SPDX-License-Identifier: Apache-2.0
#include "keymanager/node_certificates.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/digest.h"
#include "core/text.h"
#include "storage/apis/defaults.h"

namespace gatehouse::keymanager {

namespace {

bool is_listed(std::string_view name, std::string_view listed) {
  if (!listed.starts_with("*.")) return equals_ignoring_case(name, listed);
  // A certificate for any name is not the name of a node.
  const std::size_t dot = name.find('.');
  return dot != std::string_view::npos && dot > 0 && name[0] != '*' &&
         equals_ignoring_case(name.substr(dot), listed.substr(1));
}

// What `listed` opens to a certificate of these names: the name that fits, and the environment.
struct Opened {
  std::string_view name;
  std::string_view environment;
};

std::optional<Opened> opened_by(std::string_view listed, const std::vector<std::string>& names) {
  const std::size_t at = std::min(listed.find('@'), listed.size());
  const auto name = std::ranges::find_if(
      names, [&](const std::string& it) { return is_listed(it, listed.substr(0, at)); });
  if (name == names.end()) return std::nullopt;
  if (at == listed.size()) return Opened{*name, storage::default_environment};
  return Opened{*name, listed.substr(at + 1)};
}

}  // namespace

Result<> NodeCertificates::load() {
  GH_TRY(opened, Authorities::open(options_.files));
  const std::lock_guard lock(mutex_);
  authorities_ = std::make_shared<const Authorities>(std::move(opened));
  remembered_.clear();
  return {};
}

Result<NodeCertificates::Verdict> NodeCertificates::judge(const Authorities& authorities,
                                                          std::string_view certificate,
                                                          Instant now) const {
  GH_TRY(shown, authorities.believe(certificate, now));
  const std::vector<std::string> names = shown->dns_names();
  Verdict verdict{.node = {}, .until = std::min(now + remembered_for, shown->expires())};
  for (const std::string& listed : options_.names) {
    const std::optional<Opened> opened = opened_by(listed, names);
    if (!opened) continue;
    if (verdict.node.name.empty()) verdict.node.name = to_lower(opened->name);
    verdict.node.environments.emplace_back(opened->environment);
  }
  if (!verdict.node.name.empty()) return verdict;
  return fail(ErrorCode::unauthenticated, "The certificate is not that of a node",
              fmt::format("{} has none of the names of cluster.node_names", shown->subject()));
}

std::optional<http::KnownNode> NodeCertificates::recall_locked(const std::string& key,
                                                               Instant now) const {
  const auto found = remembered_.find(key);
  if (found == remembered_.end() || now >= found->second.until) return std::nullopt;
  return found->second.node;
}

std::optional<http::KnownNode> NodeCertificates::remembered(std::string_view certificate) {
  const std::string key = to_bytes(sha256(certificate));
  const Instant now = clock_.now();
  const std::lock_guard lock(mutex_);
  return recall_locked(key, now);
}

Result<http::KnownNode> NodeCertificates::check(std::string_view certificate) {
  const std::string key = to_bytes(sha256(certificate));
  const Instant now = clock_.now();
  std::shared_ptr<const Authorities> authorities;
  {
    const std::lock_guard lock(mutex_);
    if (std::optional<http::KnownNode> node = recall_locked(key, now)) return *std::move(node);
    authorities = authorities_;
  }
  if (authorities == nullptr) {
    return fail(ErrorCode::unauthenticated, "No certificate is trusted", "no authority is loaded");
  }
  GH_TRY(verdict, judge(*authorities, certificate, now));
  const std::lock_guard lock(mutex_);
  // A verdict by files that were replaced meanwhile counts for this request only.
  if (authorities != authorities_) return verdict.node;
  if (remembered_.size() >= remembered_max) remembered_.clear();
  remembered_.insert_or_assign(key, verdict);
  return verdict.node;
}

}  // namespace gatehouse::keymanager
