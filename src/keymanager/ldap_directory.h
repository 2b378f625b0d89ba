// SPDX-License-Identifier: Apache-2.0
//
// One LDAP directory: looks a person up, asks for their password, and collects their groups.
//
// Thread:  any that may block; connections that wait for the next question are guarded by a mutex
//          (docs/locks.md).
// Memory:  at most `idle_max` connections of each kind.
// Error:   unavailable, when the directory does not answer; for `rest_after_failure` after that it
// is
//          not asked.
#pragma once

#include <mutex>
#include <optional>

#include "core/clock.h"
#include "keymanager/ldap_connection.h"

namespace gatehouse::keymanager {

struct Person {
  std::string external_id;  // of the directory, immutable
  std::string name;
  std::string email;
  std::vector<std::string> groups;  // their names
  bool disabled = false;            // by the directory; its password counts for nothing
};

class LdapDirectory {
 public:
  static constexpr std::size_t idle_max = 4;
  static constexpr std::chrono::seconds rest_after_failure{5};
  static constexpr std::size_t groups_max = 500;
  static constexpr int group_depth_max = 8;

  LdapDirectory(storage::LdapSettings settings, std::string bind_password, const Clock& clock)
      : settings_(std::move(settings)), bind_password_(std::move(bind_password)), clock_(clock) {}

  const storage::LdapSettings& settings() const { return settings_; }

  struct Outcome {
    bool known = false;  // there is exactly one such person
    bool right = false;  // and it is their password
    Person person;       // when it is
  };
  Result<Outcome> check(const std::string& name, const std::string& password);

  // Those of `external_ids` (at most `look_up_max`) who are there, whatever they are called now.
  // Whoever is missing is not there: an answer that may lack somebody is an error.
  static constexpr std::size_t look_up_max = 50;
  Result<std::vector<Person>> look_up(const std::vector<std::string>& external_ids);

 private:
  // Those that search are bound to the directory's account; those that check are bound to whom they
  // checked last.
  enum class Kind : std::uint8_t { search, check };
  using Connection = std::unique_ptr<LdapConnection>;

  // Calls `work` with a connection; a stale one is replaced once.
  template <typename Work>
  auto with(Kind kind, const Work& work) -> std::invoke_result_t<Work, LdapConnection&>;
  Result<Connection> connect(Kind kind) const;
  Connection take(Kind kind);
  void give_back(Kind kind, Connection connection);

  Result<std::optional<LdapEntry>> find(LdapConnection& connection, const std::string& name) const;
  Result<std::vector<std::string>> groups_of(LdapConnection& connection,
                                             const std::string& dn) const;
  Result<Outcome> ask(const std::string& name, const std::string& password);
  Result<> refuse_while_resting();
  template <typename Answer>
  void rest_after(const Answer& answer);
  std::vector<std::string> attributes() const;
  Person person_from(const LdapEntry& entry) const;

  // Constant after construction.
  const storage::LdapSettings settings_;
  const std::string bind_password_;
  const Clock& clock_;

  std::mutex mutex_;
  std::vector<Connection> idle_[2];  // guarded by mutex_, as is the next
  Instant resting_until_{};
};

}  // namespace gatehouse::keymanager
