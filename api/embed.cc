// SPDX-License-Identifier: Apache-2.0
//
// Build tool: writes a C++ file that holds OpenAPI documents, each as the YAML that we serve and as
// the compact JSON that routers read at start.
//
// Usage:   embed_openapi OUT.cc NAME.yaml...
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "schema/yaml.h"

namespace {

// Compilers limit one literal; adjacent ones are joined.
constexpr std::size_t literal_bytes_max = 16'000;

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void write_text(std::ostream& out, const std::string& name, const std::string& text) {
  out << "constexpr char " << name << "[] =\n";
  for (std::size_t at = 0; at < text.size(); at += literal_bytes_max) {
    out << "R\"openapi(" << text.substr(at, literal_bytes_max) << ")openapi\"\n";
  }
  out << ";\n";
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) {
    std::cerr << "usage: embed_openapi OUT.cc NAME.yaml...\n";
    return 2;
  }
  std::ofstream out(arguments[1], std::ios::binary);
  out << "#include \"rest/documents.h\"\n\nnamespace gatehouse::rest {\n\n";
  for (int i = 2; i < count; ++i) {
    const std::filesystem::path path(arguments[i]);
    const std::string name = path.stem().string();
    const std::string yaml = read_file(path);
    const auto value = gatehouse::schema::parse_yaml(yaml);
    if (!value) {
      std::cerr << path.string() << ": " << value.error().message << "\n";
      return 1;
    }
    out << "namespace {\n";
    write_text(out, name + "_yaml", yaml);
    write_text(out, name + "_json", boost::json::serialize(*value));
    out << "}  // namespace\n\n"
        << "const EmbeddedDocument " << name << "_document{{" << name << "_json, sizeof " << name
        << "_json - 1}, {" << name << "_yaml, sizeof " << name << "_yaml - 1}};\n\n";
  }
  out << "}  // namespace gatehouse::rest\n";
  return out.flush() ? 0 : 1;
}
