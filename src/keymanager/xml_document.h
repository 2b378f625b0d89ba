// SPDX-License-Identifier: Apache-2.0
//
// An XML document from somebody else, read without trust: no DTD, so no entities and nothing
// fetched; no comments or processing instructions, so a text is one text; bounded in size and
// depth.
//
// Thread:  a document belongs to one thread.
// Source:  XML 1.0; Exclusive XML Canonicalization 1.0.
#pragma once

#include <libxml/tree.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace gatehouse::keymanager {

inline constexpr std::size_t xml_bytes_max = 128 * 1024;

class XmlDocument {
 public:
  // Error: invalid_argument.
  static Result<XmlDocument> parse(std::string_view text);

  xmlNode* root() const;

  // The bytes that a signature over `element` means: its subtree without `left_out` (may be null),
  // in exclusive canonical form without comments. `prefixes` are taken as in inclusive form.
  std::string canonical(const xmlNode* element, const xmlNode* left_out,
                        const std::vector<std::string>& prefixes) const;

 private:
  struct Free {
    void operator()(xmlDoc* document) const { xmlFreeDoc(document); }
  };
  explicit XmlDocument(xmlDoc* document) : document_(document) {}

  std::unique_ptr<xmlDoc, Free> document_;
};

// --- What elements say. Names compare with their namespace.

bool is_element(const xmlNode* node, std::string_view space, std::string_view name);
// The child elements, all of them; text between them does not count.
std::vector<xmlNode*> child_elements(const xmlNode* element);
// The child of this name. Null when there is none, or more than one.
xmlNode* only_child(const xmlNode* element, std::string_view space, std::string_view name);
// The whole text of an element without child elements, trimmed; empty for null and for others.
std::string text_of(const xmlNode* element);
// An attribute without namespace; empty when absent, and for null.
std::string attribute(const xmlNode* element, const char* name);

}  // namespace gatehouse::keymanager
