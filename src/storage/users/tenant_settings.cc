// SPDX-License-Identifier: Apache-2.0
#include "storage/users/tenant_settings.h"

namespace gatehouse::storage {

namespace {

constexpr std::int64_t failures_limit = 1'000;
constexpr std::int64_t minutes_limit = 30 * 24 * 60;

struct Range {
  std::int64_t least;
  std::int64_t most;
};

// Reads members of one object of the document, and remembers the first that cannot be.
class Section {
 public:
  Section(const json::object& document, const char* name) : name_(name) {
    const json::value* value = document.if_contains(name);
    if (value == nullptr) return;
    object_ = value->if_object();
    if (object_ == nullptr) wrong_ = fmt::format("'{}' is not an object", name);
  }

  void number(const char* member, Range range, std::int64_t& into) {
    const json::value* value = find(member);
    if (value == nullptr) return;
    if (!value->is_int64() || value->get_int64() < range.least || value->get_int64() > range.most) {
      wrong_ =
          fmt::format("'{}.{}' is a number from {} to {}", name_, member, range.least, range.most);
      return;
    }
    into = value->get_int64();
  }

  void flag(const char* member, bool& into) {
    const json::value* value = find(member);
    if (value == nullptr) return;
    if (value->is_bool()) {
      into = value->get_bool();
    } else {
      wrong_ = fmt::format("'{}.{}' is true or false", name_, member);
    }
  }

  void text(const char* member, std::string& into) {
    const json::value* value = find(member);
    if (value == nullptr) return;
    if (value->is_string()) {
      into = value->get_string();
    } else {
      wrong_ = fmt::format("'{}.{}' is a text", name_, member);
    }
  }

  void texts(const char* member, std::vector<std::string>& into) {
    const json::value* value = find(member);
    if (value == nullptr) return;
    into = texts_of(*object_, member);
    if (!value->is_array() || value->get_array().size() != into.size()) {
      wrong_ = fmt::format("'{}.{}' is a list of texts", name_, member);
    }
  }

  Result<> outcome() const {
    if (wrong_.empty()) return {};
    return fail(ErrorCode::invalid_argument, wrong_);
  }

 private:
  const json::value* find(const char* member) const {
    return object_ == nullptr || !wrong_.empty() ? nullptr : object_->if_contains(member);
  }

  const char* name_;
  const json::object* object_ = nullptr;
  std::string wrong_;
};

}  // namespace

Result<TenantSettings> tenant_settings_from(const json::object& document) {
  TenantSettings settings;
  Section password(document, "PasswordPolicy");
  password.number("MinLength", {1, password_bytes_limit}, settings.password.length_min);
  password.number("MaxLength", {settings.password.length_min, password_bytes_limit},
                  settings.password.length_max);
  password.number("MinClasses", {0, 4}, settings.password.classes_min);
  password.number("History", {0, password_history_max}, settings.password.history);
  GH_CHECK(password.outcome());

  std::int64_t minutes = settings.lockout.duration.count();
  Section lockout(document, "AccountLock");
  lockout.number("FailedAttempts", {0, failures_limit}, settings.lockout.failures_max);
  lockout.number("UnlockMinutes", {1, minutes_limit}, minutes);
  GH_CHECK(lockout.outcome());
  settings.lockout.duration = std::chrono::minutes(minutes);

  Section sign_up(document, "SelfSignUp");
  sign_up.flag("Enabled", settings.sign_up.enabled);
  sign_up.flag("ApprovalRequired", settings.sign_up.needs_approval);
  sign_up.texts("SignUpRoles", settings.sign_up.roles);
  GH_CHECK(sign_up.outcome());

  Section signing(document, "TokenSigning");
  signing.text("AccessTokenAlgorithm", settings.signing.access_token);
  signing.text("IdTokenAlgorithm", settings.signing.id_token);
  GH_CHECK(signing.outcome());
  return settings;
}

json::object complete_document(const json::object& document, const TenantSettings& settings) {
  json::object whole = document;
  whole["PasswordPolicy"] = json::object{{"MinLength", settings.password.length_min},
                                         {"MaxLength", settings.password.length_max},
                                         {"MinClasses", settings.password.classes_min},
                                         {"History", settings.password.history}};
  whole["AccountLock"] = json::object{{"FailedAttempts", settings.lockout.failures_max},
                                      {"UnlockMinutes", settings.lockout.duration.count()}};
  whole["SelfSignUp"] = json::object{{"Enabled", settings.sign_up.enabled},
                                     {"ApprovalRequired", settings.sign_up.needs_approval},
                                     {"SignUpRoles", to_json(settings.sign_up.roles)}};
  whole["TokenSigning"] = json::object{{"AccessTokenAlgorithm", settings.signing.access_token},
                                       {"IdTokenAlgorithm", settings.signing.id_token}};
  return whole;
}

Result<TenantSettings> TenantSettingsStore::settings() const {
  GH_TRY(stored, document());
  return tenant_settings_from(stored);
}

Result<json::object> TenantSettingsStore::document() const {
  GH_TRY(row, transaction_.query_one("SELECT document FROM um_configuration WHERE tenant_id = $1",
                                     tenant_));
  if (!row) return json::object();
  return stored_document(row->text(0));
}

Result<> TenantSettingsStore::replace(const json::object& document) {
  GH_CHECK(transaction_.execute("DELETE FROM um_configuration WHERE tenant_id = $1", tenant_));
  GH_CHECK(
      transaction_.execute("INSERT INTO um_configuration (tenant_id, document) VALUES ($1, $2)",
                           tenant_, json::serialize(document)));
  return {};
}

}  // namespace gatehouse::storage
