// SPDX-License-Identifier: Apache-2.0
//
// The OpenAPI documents of api/, embedded by the build.
//
// Use:     Router({.base_paths = {...}, .openapi_json = publisher_document.json,
//                  .openapi_yaml = publisher_document.yaml}, key_manager)
// Memory:  in the program's read-only pages.
#pragma once

#include <string_view>

namespace gatehouse::rest {

struct EmbeddedDocument {
  std::string_view json;  // compact, what a Router reads
  std::string_view yaml;  // what is served at <base path>/openapi.yaml
};

extern const EmbeddedDocument publisher_document;
extern const EmbeddedDocument devportal_document;
extern const EmbeddedDocument admin_document;
extern const EmbeddedDocument analytics_document;
extern const EmbeddedDocument gateway_document;

}  // namespace gatehouse::rest
