// SPDX-License-Identifier: Apache-2.0
//
// /workflows: what waits for an administrator's word. Accounts that people made for themselves wait
// as users that are pending; a task is named by the id of its user.
#include "admin/admin.h"
#include "core/text.h"
#include "rest/problems.h"

namespace gatehouse::admin {

namespace {

using storage::Transaction;
using storage::User;
using storage::UserStatus;
using storage::UserStore;

constexpr std::string_view sign_up_type = "AM_USER_SIGNUP";

json::object task_view(const rest::Caller& caller, const User& user) {
  const std::string at = fmt::format("{}", to_ms(user.created_at));
  return {{"workflowType", "USER_SIGNUP"},
          {"workflowStatus", "CREATED"},
          {"createdTime", at},
          {"updatedTime", at},
          {"referenceId", user.id},
          {"properties", json::object{{"userName", user.name},
                                      {"email", user.email},
                                      {"tenantDomain", caller.tenant_domain}}},
          {"description", fmt::format("The account '{}' waits for approval", user.name)}};
}

Result<User> pending_user(Transaction& transaction, model::TenantNumber tenant,
                          const std::string& id) {
  auto user = UserStore(transaction, tenant).find(id);
  const bool waits = user && user->status == UserStatus::pending;
  if (waits || (!user && user.error().code != ErrorCode::not_found)) return user;
  return fail(ErrorCode::not_found, "Nothing of this reference waits for approval", id,
              rest::workflow_task_missing.number);
}

}  // namespace

// GET /workflows?workflowType: what waits, by the names of users.
Result<rest::Reply> Admin::list_workflows(const rest::Call& call) {
  const rest::Page page = call.page();
  storage::Listed<User> waiting;
  if (call.query_or("workflowType", sign_up_type) == sign_up_type) {
    GH_TRY(listed, user_manager_.read([&](Transaction& transaction) {
      return UserStore(transaction, call.caller.tenant)
          .list(UserStatus::pending, storage::Window{page.offset, page.limit});
    }));
    waiting = std::move(listed);
  }
  json::array list;
  for (const User& user : waiting.items) list.push_back(task_view(call.caller, user));
  json::object answer = rest::page_of(std::move(list), waiting.total, call);
  const json::object& pagination = answer["pagination"].as_object();
  const json::value next = pagination.at("next");
  const json::value previous = pagination.at("previous");
  answer["next"] = next;
  answer["previous"] = previous;
  answer.erase("pagination");
  return rest::ok(std::move(answer));
}

Result<rest::Reply> Admin::get_workflow(const rest::Call& call) {
  GH_TRY(user, user_manager_.read([&](Transaction& transaction) {
    return pending_user(transaction, call.caller.tenant, call.path_value("externalWorkflowRef"));
  }));
  return rest::ok(task_view(call.caller, user));
}

// POST /workflows/update-workflow-status?workflowReferenceId {status}: APPROVED lets the user in,
// REJECTED removes the account.
//   404  nothing of this reference waits
Result<rest::Reply> Admin::update_workflow(const rest::Call& call) {
  const std::string status = text_or(call.object(), "status", "");
  const storage::Occurrence occurrence = accounts_.now_happens();
  const std::string reference = call.query_or("workflowReferenceId", "");
  GH_TRY(user, user_manager_.write([&](Transaction& transaction) -> Result<User> {
    GH_TRY(row, pending_user(transaction, call.caller.tenant, reference));
    UserStore users(transaction, call.caller.tenant);
    if (status == "APPROVED") {
      row.status = UserStatus::active;
      GH_CHECK(users.update(row, occurrence));
    } else {
      GH_CHECK(users.remove(row.id, occurrence));
    }
    return row;
  }));
  GH_CHECK(accounts_.tell(call.caller.tenant, user.id));
  json::object answer;
  answer["status"] = status;
  answer["description"] = text_or(call.object(), "description", "");
  answer["attributes"] = json::object();
  return rest::ok(std::move(answer));
}

}  // namespace gatehouse::admin
