// SPDX-License-Identifier: Apache-2.0
//
// Holds our documents against tests/contract/operations.tsv: the facts of the public contract that
// every served operation has. With GATEHOUSE_REFERENCE naming the folder of the contract's own
// documents, the table is also made anew and compared; GATEHOUSE_WRITE_CONTRACT=1 then stores it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "core/text.h"
#include "rest/documents.h"
#include "schema/openapi.h"
#include "schema/parts.h"
#include "schema/yaml.h"

namespace gatehouse::rest {
namespace {

constexpr const char* table_path = GH_SOURCE_DIR "/tests/contract/operations.tsv";
constexpr const char* table_head = "api\tmethod\tpath\tsource\tscopes\tstatuses\trequest\tresponse";

struct Api {
  const char* name;
  const EmbeddedDocument& document;
};

const Api apis[] = {{"publisher", publisher_document},
                    {"devportal", devportal_document},
                    {"admin", admin_document},
                    {"analytics", analytics_document},
                    {"gateway", gateway_document}};

// What the contract says of an operation.
struct Facts {
  std::string scopes;  // words; "anonymous"; "unsaid" where the contract names no security
  std::set<std::string> statuses;
  std::set<std::string> request;  // names of fields: "operations.verb", "attributes.*"
  std::set<std::string> response;
};

// Collects the names of all fields below a schema. A schema inside itself is not entered again.
class Fields {
 public:
  Fields(const json::object& document, std::set<std::string>& names)
      : document_(document), names_(names) {}

  void collect(const json::object& schema, const std::string& prefix) {
    const auto parts = schema::parts_of(document_, schema);
    ASSERT_TRUE(parts) << parts.error().message;
    for (const json::object* part : *parts) {
      if (!open_.insert(part).second) continue;
      members(*part, prefix);
      open_.erase(part);
    }
  }

 private:
  void members(const json::object& part, const std::string& prefix) {
    if (const json::object* items = object_at(part, "items")) collect(*items, prefix);
    if (const json::object* others = object_at(part, "additionalProperties")) {
      collect(*others, prefix + "*.");
    }
    for (const char* keyword : {"oneOf", "anyOf"}) {
      const json::array* choices = array_at(part, keyword);
      if (choices == nullptr) continue;
      for (const json::value& choice : *choices) collect(choice.as_object(), prefix);
    }
    const json::object* properties = object_at(part, "properties");
    if (properties == nullptr) return;
    for (const auto& [name, schema] : *properties) {
      names_.insert(prefix + std::string(name));
      collect(schema.as_object(), prefix + std::string(name) + ".");
    }
  }

  const json::object& document_;
  std::set<std::string>& names_;
  std::set<const json::object*> open_;
};

std::string text_of(const std::set<std::string>& words) {
  return words.empty() ? "-" : join({words.begin(), words.end()}, " ");
}

std::set<std::string> words_of(std::string_view text) {
  if (text == "-") return {};
  const std::vector<std::string> words = split_words(text);
  return {words.begin(), words.end()};
}

const json::object& raw_operation(const schema::Document& document,
                                  const schema::Operation& operation) {
  const json::value& item = document.root().at("paths").at(operation.path);
  return item.at(to_lower(operation.method)).as_object();
}

std::string scopes_of(const schema::Document& document, const schema::Operation& operation) {
  if (!raw_operation(document, operation).contains("security") &&
      !document.root().contains("security")) {
    return "unsaid";
  }
  if (operation.scopes.empty()) return "anonymous";
  return text_of({operation.scopes.begin(), operation.scopes.end()});
}

// The schemas of an answer's content, by reference or in place.
void collect_answer(const schema::Document& document, const json::object& entry, Fields& fields) {
  const json::object* answer = &entry;
  if (entry.contains("$ref")) answer = schema::resolve(document.root(), text_or(entry, "$ref", ""));
  const json::object* content = object_at(*answer, "content");
  if (content == nullptr) return;
  for (const auto& media_type : *content) {
    const json::object* schema = object_at(media_type.value().as_object(), "schema");
    if (schema != nullptr) fields.collect(*schema, "");
  }
}

Facts facts_of(const schema::Document& document, const schema::Operation& operation) {
  Facts facts;
  facts.scopes = scopes_of(document, operation);
  Fields request(document.root(), facts.request);
  for (const schema::Body& body : operation.bodies) {
    if (body.schema != nullptr) request.collect(*body.schema, "");
  }
  Fields response(document.root(), facts.response);
  for (const auto& [status, entry] : *object_at(raw_operation(document, operation), "responses")) {
    facts.statuses.insert(std::string(status));
    if (status.starts_with('2')) collect_answer(document, entry.as_object(), response);
  }
  return facts;
}

const schema::Operation* find(const schema::Document& document, std::string_view method,
                              std::string_view path) {
  for (const schema::Operation& operation : document.operations()) {
    if (operation.method == method && operation.path == path) return &operation;
  }
  return nullptr;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Parameters are left out: an older form of them is not ours to read, and no fact comes from them.
void drop_parameters(json::object& root) {
  for (auto& item : root["paths"].as_object()) {
    json::object& methods = item.value().as_object();
    methods.erase("parameters");
    for (auto& operation : methods) {
      if (operation.value().is_object()) operation.value().as_object().erase("parameters");
    }
  }
}

// The contract's own document of an API; empty where the API is ours alone.
std::optional<schema::Document> reference_document(const std::string& folder, const char* api) {
  const std::string text = read_file(folder + "/contracts/" + api + "-api.yaml");
  if (text.empty()) return std::nullopt;
  auto root = schema::parse_yaml(text);
  EXPECT_TRUE(root) << api << ": " << root.error().message;
  drop_parameters(root->as_object());
  auto document = schema::Document::from(std::move(root->as_object()));
  EXPECT_TRUE(document) << api << ": " << document.error().message;
  return std::move(*document);
}

std::string line_of(const char* api, const schema::Operation& operation, const char* source,
                    const Facts& facts) {
  return join({api, operation.method, operation.path, source, facts.scopes, text_of(facts.statuses),
               text_of(facts.request), text_of(facts.response)},
              "\t");
}

std::string table_from(const std::string& folder) {
  std::string table = fmt::format("{}\n", table_head);
  for (const Api& api : apis) {
    const auto ours = schema::Document::parse(api.document.json);
    const auto contract = reference_document(folder, api.name);
    for (const schema::Operation& operation : ours->operations()) {
      const schema::Operation* known =
          contract ? find(*contract, operation.method, operation.path) : nullptr;
      table += known != nullptr ? line_of(api.name, *known, "contract", facts_of(*contract, *known))
                                : line_of(api.name, operation, "ours", facts_of(*ours, operation));
      table += "\n";
    }
  }
  return table;
}

using Row = std::vector<std::string>;

// Rows of one API by "METHOD path".
std::map<std::string, Row> rows_of(const char* api) {
  std::map<std::string, Row> rows;
  std::istringstream table(read_file(table_path));
  for (std::string line; std::getline(table, line);) {
    Row row;
    for (const std::string_view column : split(line, '\t')) row.emplace_back(column);
    if (row.size() == 8 && row[0] == api) rows[row[1] + " " + row[2]] = row;
  }
  return rows;
}

std::set<std::string> missing(const std::set<std::string>& wanted,
                              const std::set<std::string>& present) {
  std::set<std::string> lost;
  std::set_difference(wanted.begin(), wanted.end(), present.begin(), present.end(),
                      std::inserter(lost, lost.end()));
  return lost;
}

class Contract : public ::testing::TestWithParam<const char*> {};

TEST_P(Contract, EveryServedOperationHasAllItsFacts) {
  const Api& api = *std::find_if(std::begin(apis), std::end(apis), [](const Api& candidate) {
    return std::string_view(candidate.name) == GetParam();
  });
  const auto document = schema::Document::parse(api.document.json);
  ASSERT_TRUE(document);
  const auto rows = rows_of(api.name);
  EXPECT_EQ(rows.size(), document->operations().size());
  for (const auto& [name, row] : rows) {
    SCOPED_TRACE(name);
    const schema::Operation* operation = find(*document, row[1], row[2]);
    ASSERT_NE(operation, nullptr);
    const Facts facts = facts_of(*document, *operation);
    if (row[4] == "anonymous") {
      EXPECT_TRUE(operation->anonymous);
    } else if (row[4] != "unsaid") {
      EXPECT_EQ(words_of(facts.scopes), words_of(row[4]));
    }
    EXPECT_EQ(missing(words_of(row[5]), facts.statuses), std::set<std::string>());
    EXPECT_EQ(missing(words_of(row[6]), facts.request), std::set<std::string>());
    EXPECT_EQ(missing(words_of(row[7]), facts.response), std::set<std::string>());
  }
}

INSTANTIATE_TEST_SUITE_P(Api, Contract,
                         ::testing::Values("publisher", "devportal", "admin", "analytics",
                                           "gateway"));

TEST(ContractTable, IsWhatTheReferenceSays) {
  const char* folder = std::getenv("GATEHOUSE_REFERENCE");
  if (folder == nullptr) GTEST_SKIP() << "skipped: GATEHOUSE_REFERENCE names no folder";
  const std::string table = table_from(folder);
  if (std::getenv("GATEHOUSE_WRITE_CONTRACT") != nullptr) {
    std::ofstream(table_path, std::ios::binary) << table;
  }
  EXPECT_TRUE(read_file(table_path) == table)
      << "GATEHOUSE_WRITE_CONTRACT=1 stores the table; read the difference before you commit it";
}

}  // namespace
}  // namespace gatehouse::rest
