// SPDX-License-Identifier: Apache-2.0
#include "keymanager/authorize/devices.h"

#include "core/digest.h"
#include "core/text.h"
#include "keymanager/authorize/consent_page.h"
#include "keymanager/client_kind.h"
#include "keymanager/grants/device_code.h"
#include "keymanager/oauth_error.h"

namespace gatehouse::keymanager {

namespace {

using storage::Device;
using storage::DeviceStatus;
using storage::DeviceStore;
using storage::Transaction;

constexpr std::string_view page_name = "device";
constexpr std::string_view letters = "BCDFGHJKLMNPQRSTVWXZ";  // no vowels, so no words
constexpr std::size_t user_code_size = 8;
constexpr std::size_t device_code_size = 32;
constexpr std::size_t family_size = 16;
constexpr int insert_tries_max = 4;
constexpr AttemptLimits user_code_attempts{.free = 10};

std::string make_user_code(Random& random) {
  std::string code;
  // Bytes beyond the largest multiple of 20 would favour some letters.
  constexpr unsigned usable = 256 / letters.size() * letters.size();
  while (code.size() < user_code_size) {
    const auto byte = static_cast<unsigned char>(random.bytes(1).front());
    if (byte < usable) code += letters[byte % letters.size()];
  }
  return code;
}

std::string with_hyphen(std::string_view code) {
  return fmt::format("{}-{}", code.substr(0, user_code_size / 2), code.substr(user_code_size / 2));
}

// As people type it; others than the letters are left out.
std::string plain(std::string_view typed) {
  std::string code;
  for (const char c : typed) {
    const bool lower = c >= 'a' && c <= 'z';
    const char upper = lower ? static_cast<char>(c - 32) : c;
    if (letters.find(upper) != std::string_view::npos) code += upper;
  }
  return code;
}

std::string hash_of(std::string_view text) { return to_bytes(sha256(text)); }

std::string attempts_key(const Browser& browser) { return "user code\n" + browser.address; }

}  // namespace

Devices::Devices(const Resources& resources, const Options& options, const DeviceParts& parts)
    : apis_(resources.apis),
      clock_(resources.clock),
      random_(resources.random),
      page_url_(options.base_url + "/oauth2/device"),
      parts_(parts) {}

http::Response Devices::authorize(const http::Request& request) {
  const Result<json::object> answer = begin(request);
  return answer ? oauth_answer(*answer) : oauth_response(answer.error());
}

Result<json::object> Devices::begin(const http::Request& request) {
  GH_TRY(form, Form::parse(request));
  GH_TRY(client, parts_.clients.authenticate(request, form));
  if (!client.may(device_grant_type)) {
    return refuse(unauthorized_client, "The client may not use this grant type");
  }
  GH_TRY(asked, form.scopes());
  std::vector<std::string> scopes = registered_scopes(client, std::move(asked));
  const std::string device_code = to_base64url(random_.bytes(device_code_size));
  Device device{.hash = hash_of(device_code),
                .user_code_hash = {},
                .tenant = client.tenant,
                .client_id = client.client_id,
                .family = to_base64url(random_.bytes(family_size)),
                .scopes = std::move(scopes),
                .interval_seconds = interval_seconds,
                .expires_at = clock_.now() + lifetime};
  std::string user_code;
  Result<> inserted = fail(ErrorCode::conflict, "no try yet");
  for (int i = 0; i < insert_tries_max && !inserted; ++i) {
    if (inserted.error().code != ErrorCode::conflict) break;
    user_code = make_user_code(random_);
    device.user_code_hash = hash_of(user_code);
    inserted = apis_.write(
        [&](Transaction& transaction) { return DeviceStore(transaction).insert(device); });
  }
  GH_CHECK(inserted);
  const std::string shown = with_hyphen(user_code);
  return json::object{{"device_code", device_code},
                      {"user_code", shown},
                      {"verification_uri", page_url_},
                      {"verification_uri_complete", page_url_ + "?user_code=" + shown},
                      {"expires_in", std::chrono::seconds(lifetime).count()},
                      {"interval", interval_seconds}};
}

Result<Device> Devices::find_pending(const std::string& hash) const {
  GH_TRY(device, apis_.read([&](Transaction& transaction) {
    return DeviceStore(transaction).find_by_user_code(hash);
  }));
  const bool waits =
      device && device->status == DeviceStatus::pending && device->expires_at > clock_.now();
  if (!waits) return fail(ErrorCode::not_found, "No device waits with this code");
  return *std::move(device);
}

Result<storage::Client> Devices::client_of(const Device& device) const {
  return apis_.read([&](Transaction& transaction) {
    return storage::ClientStore(transaction).find(device.client_id);
  });
}

http::Response Devices::show(const http::Request& request) {
  const Browser browser = parts_.pages.guard().browser_of(request);
  const Result<Form> query = Form::parse_query(request.query);
  const std::string code = query ? plain(query->text("user_code")) : std::string();
  return ask_code(browser, {}, code.size() == user_code_size ? with_hyphen(code) : "", 200);
}

http::Response Devices::ask_code(const Browser& browser, const Markup& message,
                                 std::string_view code, int status) const {
  const Markup fields = html(
      R"(<label for="user_code">Code</label>
<input id="user_code" name="user_code" type="text" class="code" value="{}" )"
      R"(autocomplete="off" autocapitalize="characters" spellcheck="false" required autofocus>
<button type="submit">Continue</button>)",
      code);
  return parts_.pages.show(
      browser, model::first_tenant,
      {.title = "Connect a device",
       .body = html(R"(<h1>Connect a device</h1><p class="soft">{}</p>{}{})",
                    "Type the code that your device shows.", message,
                    parts_.pages.form(browser, page_name, page_name, {{"step", "code"}}, fields)),
       .status = status});
}

http::Response Devices::take(const http::Request& request) {
  const Browser browser = parts_.pages.guard().browser_of(request);
  const Result<Form> form = Form::parse(request);
  if (!form) return parts_.pages.show_error(browser, form.error());
  const std::optional<json::object> memory = parts_.pages.guard().open(browser, page_name, *form);
  if (!memory) return parts_.pages.show_forged(browser);
  if (SignIn::is_own(*memory)) {
    auto answer = parts_.sign_in.answer(browser, *form, *memory);
    if (!answer) return parts_.pages.show_error(browser, answer.error());
    if (auto* page = std::get_if<http::Response>(&*answer)) return std::move(*page);
    const auto& signed_in = std::get<SignedIn>(*answer);
    http::Response response = ask_consent(browser, signed_in.session, signed_in.memory);
    response.headers.add("Set-Cookie", signed_in.cookie);
    response.headers.add("Set-Cookie", signed_in.device);
    return response;
  }
  if (text_or(*memory, "step", "") == "code") return take_code(browser, *form);
  return take_consent(browser, *form, *memory);
}

http::Response Devices::take_code(const Browser& browser, const Form& form) {
  const std::chrono::seconds wait = parts_.attempts.wait_of(attempts_key(browser));
  if (wait.count() > 0) {
    http::Response response =
        ask_code(browser,
                 alert(fmt::format("There were too many wrong codes. Try again in {} seconds.",
                                   wait.count())),
                 "", 429);
    response.headers.add("Retry-After", std::to_string(wait.count()));
    return response;
  }
  const std::string code = plain(form.text("user_code"));
  const std::string hash = hash_of(code);
  const Result<Device> device = find_pending(hash);
  if (!device) {
    if (device.error().code != ErrorCode::not_found) {
      return parts_.pages.show_error(browser, device.error());
    }
    parts_.attempts.failed(attempts_key(browser), user_code_attempts);
    return ask_code(browser, alert("No device waits with this code. Compare it once more."),
                    form.text("user_code"), 400);
  }
  const json::object memory{
      {"step", "consent"}, {"hash", to_base64url(hash)}, {"code", with_hyphen(code)}};
  const Result<std::optional<Session>> session = parts_.sessions.find(browser.session);
  if (!session) return parts_.pages.show_error(browser, session.error());
  const Result<storage::Client> client = client_of(*device);
  if (!client) return parts_.pages.show_error(browser, client.error());
  if (!*session || !serves(*client, (*session)->account.tenant)) {
    return parts_.sign_in.ask(browser, {.page = std::string(page_name),
                                        .action = std::string(page_name),
                                        .tenant = tenant_served(*client),
                                        .client_name = "your device",
                                        .memory = memory});
  }
  return ask_consent(browser, **session, memory);
}

http::Response Devices::ask_consent(const Browser& browser, const Session& session,
                                    const json::object& memory) const {
  const Result<Device> device =
      find_pending(from_base64url(text_or(memory, "hash", "")).value_or(""));
  if (!device) return parts_.pages.show_error(browser, device.error());
  const Result<storage::Client> client = client_of(*device);
  if (!client) return parts_.pages.show_error(browser, client.error());
  const Account& account = session.account;
  const Result<std::vector<std::string>> scopes =
      parts_.scopes.allowed(user_holder(client->tenant, account), device->scopes);
  if (!scopes) return parts_.pages.show_error(browser, scopes.error());
  json::object next = memory;
  next["user"] = account.user.id;
  next["user_tenant"] = account.tenant;
  next["agreed"] = gatehouse::to_json(*scopes);
  return parts_.pages.show(browser, device->tenant,
                           consent_page(parts_.pages, browser,
                                        {.action = std::string(page_name),
                                         .client_name = client->name,
                                         .about = about_client(*client),
                                         .user_name = account.user.name,
                                         .scopes = *scopes,
                                         .device_code = text_or(memory, "code", ""),
                                         .memory = std::move(next)}));
}

http::Response Devices::take_consent(const Browser& browser, const Form& form,
                                     const json::object& memory) {
  const Result<std::optional<Session>> session = parts_.sessions.find(browser.session);
  if (!session) return parts_.pages.show_error(browser, session.error());
  const bool same_user = *session && (*session)->account.user.id == text_or(memory, "user", "") &&
                         (*session)->account.tenant == number_or(memory, "user_tenant", 0);
  if (!same_user) return parts_.pages.show_forged(browser);
  Result<Device> device = find_pending(from_base64url(text_or(memory, "hash", "")).value_or(""));
  if (!device) return parts_.pages.show_error(browser, device.error());
  device->status =
      form.text("consent") == "approve" ? DeviceStatus::approved : DeviceStatus::denied;
  device->user_id = (*session)->account.user.id;
  device->scopes = texts_of(memory, "agreed");
  device->document = to_json((*session)->sign_on);
  device->document["user_tenant"] = (*session)->account.tenant;
  const Result<bool> decided = apis_.write(
      [&](Transaction& transaction) { return DeviceStore(transaction).decide(*device); });
  if (!decided) return parts_.pages.show_error(browser, decided.error());
  if (!*decided) {
    return parts_.pages.show_error(
        browser, Error{ErrorCode::conflict, "The device does not wait any more", ""});
  }
  return show_done(browser, *device);
}

http::Response Devices::show_done(const Browser& browser, const Device& device) const {
  const bool approved = device.status == DeviceStatus::approved;
  const std::string_view title = approved ? "Your device is connected" : "Your device stays out";
  const Markup message =
      approved ? notice("You can go back to your device: it goes on by itself in a few seconds.")
               : notice("Nothing was allowed. You can close this page.");
  return parts_.pages.show(
      browser, device.tenant,
      {.title = std::string(title), .body = html("<h1>{}</h1>{}", title, message)});
}

}  // namespace gatehouse::keymanager
