// SPDX-License-Identifier: Apache-2.0
#include "keymanager/xml_document.h"

#include <libxml/c14n.h>
#include <libxml/parser.h>

#include <utility>

#include "core/text.h"

namespace gatehouse::keymanager {

namespace {

std::string_view view(const xmlChar* text) {
  return text == nullptr ? std::string_view() : reinterpret_cast<const char*>(text);
}

// Elements and text, nothing else, all the way down. (libxml2 bounds the depth at 256.)
bool is_plain(const xmlNode* node) {
  for (; node != nullptr; node = node->next) {
    const bool known = node->type == XML_ELEMENT_NODE || node->type == XML_TEXT_NODE ||
                       node->type == XML_CDATA_SECTION_NODE;
    if (!known || !is_plain(node->type == XML_ELEMENT_NODE ? node->children : nullptr)) {
      return false;
    }
  }
  return true;
}

struct Part {
  const xmlNode* element;
  const xmlNode* left_out;
};

// A namespace hangs at its element and has no parent of its own.
int is_inside(void* data, xmlNode* node, xmlNode* parent) {
  const Part& part = *static_cast<const Part*>(data);
  for (const xmlNode* at = node->type == XML_NAMESPACE_DECL ? parent : node; at != nullptr;
       at = at->parent) {
    if (at == part.left_out) return 0;
    if (at == part.element) return 1;
  }
  return 0;
}

void silent(void*, const char*, ...) {}

}  // namespace

Result<XmlDocument> XmlDocument::parse(std::string_view text) {
  const auto refused = [](const char* why) { return fail(ErrorCode::invalid_argument, why); };
  if (text.size() > xml_bytes_max) return refused("The XML is too long");
  xmlSetGenericErrorFunc(nullptr, silent);
  XmlDocument document(xmlReadMemory(text.data(), static_cast<int>(text.size()), nullptr, nullptr,
                                     XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING));
  const xmlDoc* made = document.document_.get();
  if (made == nullptr || document.root() == nullptr) return refused("This is not XML");
  if (made->intSubset != nullptr || made->extSubset != nullptr) return refused("XML with a DTD");
  if (!is_plain(made->children)) return refused("XML with comments or instructions");
  return document;
}

xmlNode* XmlDocument::root() const { return xmlDocGetRootElement(document_.get()); }

std::string XmlDocument::canonical(const xmlNode* element, const xmlNode* left_out,
                                   const std::vector<std::string>& prefixes) const {
  std::vector<xmlChar*> names;
  for (const std::string& prefix : prefixes) {
    names.push_back(reinterpret_cast<xmlChar*>(const_cast<char*>(prefix.c_str())));
  }
  names.push_back(nullptr);
  xmlOutputBuffer* buffer = xmlAllocOutputBuffer(nullptr);
  Part part{element, left_out};
  std::string text;
  const bool done = buffer != nullptr &&
                    xmlC14NExecute(document_.get(), is_inside, &part, XML_C14N_EXCLUSIVE_1_0,
                                   names.data(), 0, buffer) >= 0 &&
                    xmlOutputBufferFlush(buffer) >= 0;
  if (done) text = view(xmlOutputBufferGetContent(buffer));
  if (buffer != nullptr) xmlOutputBufferClose(buffer);
  return text;
}

bool is_element(const xmlNode* node, std::string_view space, std::string_view name) {
  return node != nullptr && node->type == XML_ELEMENT_NODE && node->ns != nullptr &&
         view(node->ns->href) == space && view(node->name) == name;
}

std::vector<xmlNode*> child_elements(const xmlNode* element) {
  std::vector<xmlNode*> children;
  if (element == nullptr) return children;
  for (xmlNode* child = element->children; child != nullptr; child = child->next) {
    if (child->type == XML_ELEMENT_NODE) children.push_back(child);
  }
  return children;
}

xmlNode* only_child(const xmlNode* element, std::string_view space, std::string_view name) {
  xmlNode* found = nullptr;
  for (xmlNode* child : child_elements(element)) {
    if (!is_element(child, space, name)) continue;
    if (found != nullptr) return nullptr;
    found = child;
  }
  return found;
}

std::string text_of(const xmlNode* element) {
  std::string text;
  if (element == nullptr) return text;
  for (const xmlNode* child = element->children; child != nullptr; child = child->next) {
    if (child->type == XML_ELEMENT_NODE) return {};
    text += view(child->content);
  }
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

std::string attribute(const xmlNode* element, const char* name) {
  if (element == nullptr) return {};
  xmlChar* value = xmlGetNoNsProp(element, reinterpret_cast<const xmlChar*>(name));
  std::string text(view(value));
  xmlFree(value);
  return text;
}

}  // namespace gatehouse::keymanager
