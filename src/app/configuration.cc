// SPDX-License-Identifier: Apache-2.0
#include "app/configuration.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "app/configuration_keys.h"
#include "app/profile_rules.h"
#include "app/roles.h"
#include "core/text.h"

extern char** environ;

namespace gatehouse::app {

namespace {

constexpr std::string_view environment_prefix = "GATEHOUSE__";

tl::unexpected<Error> refuse(std::string_view where, std::string_view what) {
  return fail(ErrorCode::invalid_argument, fmt::format("{}: {}", where, what));
}

std::string allowed_values(const ConfigurationKey& key) {
  if (!key.allowed.empty()) return "one of " + join(key.allowed, ", ");
  if (std::holds_alternative<std::int64_t*>(key.value)) {
    return fmt::format("a number from {} to {}", key.range.min, key.range.max);
  }
  if (std::holds_alternative<bool*>(key.value)) return "true or false";
  if (std::holds_alternative<std::string*>(key.value)) return "a text";
  return "a list of texts";
}

bool is_allowed(const ConfigurationKey& key, const std::string& text) {
  return key.allowed.empty() || std::ranges::find(key.allowed, text) != key.allowed.end();
}

// Stores a TOML value; false when its type or range does not fit.
bool store(const ConfigurationKey& key, const toml::node& node) {
  if (auto* const* text = std::get_if<std::string*>(&key.value)) {
    const auto* given = node.as_string();
    if (given == nullptr || !is_allowed(key, given->get())) return false;
    **text = given->get();
    return true;
  }
  if (auto* const* number = std::get_if<std::int64_t*>(&key.value)) {
    const auto* given = node.as_integer();
    if (given == nullptr || given->get() < key.range.min || given->get() > key.range.max)
      return false;
    **number = given->get();
    return true;
  }
  if (auto* const* flag = std::get_if<bool*>(&key.value)) {
    const auto* given = node.as_boolean();
    if (given == nullptr) return false;
    **flag = given->get();
    return true;
  }
  const auto* given = node.as_array();
  if (given == nullptr) return false;
  std::vector<std::string> texts;
  for (const toml::node& item : *given) {
    const auto* text = item.as_string();
    if (text == nullptr || !is_allowed(key, text->get())) return false;
    texts.push_back(text->get());
  }
  *std::get<std::vector<std::string>*>(key.value) = std::move(texts);
  return true;
}

// A value as it stands in the environment or in --set: a list is separated by commas.
bool store_text(const ConfigurationKey& key, const std::string& text) {
  if (std::holds_alternative<std::string*>(key.value))
    return store(key, toml::value<std::string>(text));
  if (std::holds_alternative<bool*>(key.value)) {
    return (text == "true" || text == "false") && store(key, toml::value<bool>(text == "true"));
  }
  if (std::holds_alternative<std::int64_t*>(key.value)) {
    const auto number = parse_number(text);
    return number && *number <= INT64_MAX &&
           store(key, toml::value<std::int64_t>(static_cast<std::int64_t>(*number)));
  }
  toml::array items;
  for (const std::string_view part : split(text, ',')) {
    if (!part.empty()) items.push_back(std::string(trim(part)));
  }
  return store(key, items);
}

const ConfigurationKey* find_key(const std::vector<ConfigurationKey>& keys,
                                 std::string_view full_name) {
  const auto found = std::ranges::find(keys, full_name, &ConfigurationKey::full_name);
  return found == keys.end() ? nullptr : &*found;
}

Result<> read_section(const std::vector<ConfigurationKey>& keys, Configuration& configuration,
                      const std::string& section, const toml::table& table) {
  const std::string& file = configuration.source_file;
  for (const auto& [name, node] : table) {
    const std::string full_name = section + "." + std::string(name.str());
    const std::string where = fmt::format("{}:{}", file, node.source().begin.line);
    const ConfigurationKey* key = find_key(keys, full_name);
    if (key == nullptr) return refuse(where, fmt::format("unknown key '{}'", full_name));
    if (!store(*key, node)) {
      return refuse(where, fmt::format("'{}' must be {}", full_name, allowed_values(*key)));
    }
    configuration.given[full_name] = where;
  }
  return {};
}

Result<> read_file(const std::vector<ConfigurationKey>& keys, Configuration& configuration) {
  const std::string& file = configuration.source_file;
  toml::parse_result parsed = toml::parse_file(file);
  if (!parsed) {
    return refuse(fmt::format("{}:{}", file, parsed.error().source().begin.line),
                  parsed.error().description());
  }
  for (const auto& [section, node] : parsed.table()) {
    const std::string where = fmt::format("{}:{}", file, node.source().begin.line);
    if (!node.is_table()) {
      return refuse(where,
                    fmt::format("unknown key '{}': keys stand in a [section]", section.str()));
    }
    const bool known = std::ranges::any_of(
        keys, [&](const ConfigurationKey& key) { return key.section == section.str(); });
    if (!known) return refuse(where, fmt::format("unknown section '[{}]'", section.str()));
    GH_CHECK(read_section(keys, configuration, std::string(section.str()), *node.as_table()));
  }
  return {};
}

// A setting from outside of the file, and what is said of where it stands.
struct Setting {
  std::string where;
  std::string full_name;
  std::string value;
};

Result<> set(const std::vector<ConfigurationKey>& keys, Configuration& configuration,
             const Setting& setting) {
  const auto& [where, full_name, value] = setting;
  const ConfigurationKey* key = find_key(keys, full_name);
  if (key == nullptr) return refuse(where, fmt::format("unknown key '{}'", full_name));
  if (!store_text(*key, value)) {
    return refuse(where, fmt::format("'{}' must be {}", full_name, allowed_values(*key)));
  }
  configuration.given[full_name] = where;
  return {};
}

Result<> read_environment(const std::vector<ConfigurationKey>& keys, Configuration& configuration) {
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    if (!text.starts_with(environment_prefix)) continue;
    const std::size_t equals = text.find('=');
    const std::string name =
        to_lower(text.substr(environment_prefix.size(), equals - environment_prefix.size()));
    const std::size_t middle = name.find("__");
    const std::string full_name =
        middle == std::string::npos ? name : name.substr(0, middle) + "." + name.substr(middle + 2);
    GH_CHECK(set(keys, configuration,
                 {.where = std::string(text.substr(0, equals)),
                  .full_name = full_name,
                  .value = std::string(text.substr(equals + 1))}));
  }
  return {};
}

std::string quoted(const std::string& text) {
  std::ostringstream out;
  out << toml::value<std::string>(text);
  return out.str();
}

std::string value_text(const ConfigurationKey& key) {
  if (auto* const* text = std::get_if<std::string*>(&key.value)) return quoted(**text);
  if (auto* const* number = std::get_if<std::int64_t*>(&key.value)) return std::to_string(**number);
  if (auto* const* flag = std::get_if<bool*>(&key.value)) return **flag ? "true" : "false";
  std::vector<std::string> items;
  for (const std::string& item : *std::get<std::vector<std::string>*>(key.value)) {
    items.push_back(quoted(item));
  }
  return "[" + join(items, ", ") + "]";
}

}  // namespace

bool ClusterConfig::accepts(std::string_view proof) const {
  return std::ranges::find(accept, proof) != accept.end();
}

std::string Configuration::path(std::string_view file) const {
  if (file.starts_with('/')) return std::string(file);
  return server.data_dir + "/" + std::string(file);
}

std::string Configuration::base_url() const {
  return fmt::format("https://{}:{}", server.hostname, port(9443));
}

std::string Configuration::key_manager_url() const {
  const bool here = Roles::of(server.profile).key_manager || portals.key_manager.empty();
  return here ? base_url() : portals.key_manager.front();
}

std::string Configuration::issuer() const {
  return key_manager.issuer.empty() ? key_manager_url() + "/oauth2/token" : key_manager.issuer;
}

std::vector<jose::Algorithm> Configuration::signing_algorithms() const {
  std::vector<jose::Algorithm> algorithms;
  for (const std::string& name : key_manager.signing_algorithms) {
    const Result<jose::Algorithm> algorithm = jose::parse_algorithm(name);
    if (algorithm) algorithms.push_back(*algorithm);
  }
  return algorithms;
}

Result<Configuration> read_configuration(const ConfigurationSources& sources) {
  Configuration configuration;
  const std::vector<ConfigurationKey> keys = keys_of(configuration);
  configuration.source_file = sources.file;
  if (!sources.file.empty()) GH_CHECK(read_file(keys, configuration));
  GH_CHECK(read_environment(keys, configuration));
  for (const std::string& setting : sources.settings) {
    const std::size_t equals = setting.find('=');
    if (equals == std::string::npos) {
      return refuse("--set " + setting, "write section.key=value");
    }
    GH_CHECK(set(keys, configuration,
                 {.where = "--set " + setting.substr(0, equals),
                  .full_name = setting.substr(0, equals),
                  .value = setting.substr(equals + 1)}));
  }
  GH_CHECK(check_rules(configuration));
  GH_CHECK(check_profile(configuration));
  return configuration;
}

std::string to_toml(const Configuration& configuration) {
  Configuration copy = configuration;
  std::string text;
  std::string section;
  for (const ConfigurationKey& key : keys_of(copy)) {
    if (key.section != section) {
      text += fmt::format("{}[{}]\n", section.empty() ? "" : "\n", key.section);
      section = key.section;
    }
    text += fmt::format("{} = {}\n", key.name, value_text(key));
  }
  return text;
}

std::string configuration_reference() {
  Configuration defaults;
  std::string text =
      "# Configuration\n\n"
      "Made by `gatehouse print-config --reference`; do not edit.\n\n"
      "A TOML file given by `--config` or `GATEHOUSE_CONFIG`. Any key can also be set in the\n"
      "environment as `GATEHOUSE__SECTION__KEY` or on the command line as `--set "
      "section.key=value`;\n"
      "the later of these wins. An unknown key, or a value that does not fit, stops the start.\n";
  std::string section;
  for (const ConfigurationKey& key : keys_of(defaults)) {
    if (key.section != section) {
      text += fmt::format("\n## [{}]\n\n| key | default | allowed | meaning |\n|---|---|---|---|\n",
                          key.section);
      section = key.section;
    }
    text += fmt::format("| `{}` | `{}` | {} | {} |\n", key.name, value_text(key),
                        allowed_values(key), key.meaning);
  }
  return text;
}

}  // namespace gatehouse::app
