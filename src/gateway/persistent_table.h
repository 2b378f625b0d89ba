// SPDX-License-Identifier: Apache-2.0
//
// A hash table of immutable values of which many versions exist at once: a change copies the path
// to what it touches, everything else is shared with the version before.
//
// A value is found by its hash and a question that it answers itself ("are you the application of
// this id?"), so no key is stored twice and a compound key needs no string.
//
// Thread:  a version is immutable once its edit is over, and read by any thread without atomics;
//          one thread edits.
// Cost:    find: one node per 5 bits of hash until unique, 2 to 4 in practice; set and erase copy
// as
//          many nodes, once per edit.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace gatehouse::gateway {

// Names one edit: nodes made in it are not yet shared, so it changes them in place. Never reused.
using Edit = std::uint64_t;

template <typename Value>
class PersistentTable {
 public:
  using Pointer = std::shared_ptr<const Value>;

  std::size_t size() const { return size_; }

  // The value, alive as long as a version that holds it; or null.
  template <typename IsIt>
  const Value* find(std::uint64_t hash, IsIt&& is_it) const {
    const Pointer* found = find_pointer(hash, is_it);
    return found == nullptr ? nullptr : found->get();
  }

  // The same as a pointer that keeps it alive.
  template <typename IsIt>
  Pointer share(std::uint64_t hash, IsIt&& is_it) const {
    const Pointer* found = find_pointer(hash, is_it);
    return found == nullptr ? nullptr : *found;
  }

  // Puts `value` in the place of the one that `is_it` recognises, or adds it.
  template <typename IsIt>
  void set(Edit edit, std::uint64_t hash, IsIt&& is_it, Pointer value) {
    set_in(edit, root_, 0, Entry{hash, std::move(value)}, is_it);
  }

  template <typename IsIt>
  void erase(Edit edit, std::uint64_t hash, IsIt&& is_it) {
    if (find_pointer(hash, is_it) == nullptr) return;
    erase_in(edit, root_, 0, hash, is_it);
    --size_;
  }

  template <typename Visit>
  void for_each(Visit&& visit) const {
    if (root_) visit_all(*root_, visit);
  }

 private:
  static constexpr unsigned bits_per_level = 5;
  static constexpr unsigned hash_bits = 64;

  struct Entry {
    std::uint64_t hash;
    Pointer value;
  };

  // Where the hash is used up, `entries` is a plain list; elsewhere it and `children` hold the set
  // bits of their masks in order.
  struct Node {
    Edit edit;
    std::uint32_t entry_bits = 0;
    std::uint32_t child_bits = 0;
    std::vector<Entry> entries;
    std::vector<std::shared_ptr<Node>> children;
  };
  using NodePointer = std::shared_ptr<Node>;

  struct IsNone {
    constexpr bool operator()(const Value&) const { return false; }
  };

  static std::uint32_t bit_of(std::uint64_t hash, unsigned shift) {
    return std::uint32_t{1} << ((hash >> shift) & 31);
  }
  // The number of bits below `bit`, without the call that std::popcount is on a machine that may
  // lack the instruction.
  static std::size_t rank(std::uint32_t mask, std::uint32_t bit) {
    std::uint32_t bits = mask & (bit - 1);
    bits -= (bits >> 1) & 0x55555555U;
    bits = (bits & 0x33333333U) + ((bits >> 2) & 0x33333333U);
    bits = (bits + (bits >> 4)) & 0x0f0f0f0fU;
    return (bits * 0x01010101U) >> 24;
  }
  template <typename List>
  static auto at(List& list, std::size_t index) {
    return list.begin() + static_cast<std::ptrdiff_t>(index);
  }

  template <typename IsIt>
  const Pointer* find_pointer(std::uint64_t hash, IsIt& is_it) const {
    const Node* node = root_.get();
    for (unsigned shift = 0; node != nullptr; shift += bits_per_level) {
      if (shift >= hash_bits) {
        for (const Entry& entry : node->entries) {
          if (is_it(*entry.value)) return &entry.value;
        }
        return nullptr;
      }
      const std::uint32_t bit = bit_of(hash, shift);
      if ((node->entry_bits & bit) != 0) {
        const Entry& entry = node->entries[rank(node->entry_bits, bit)];
        return entry.hash == hash && is_it(*entry.value) ? &entry.value : nullptr;
      }
      if ((node->child_bits & bit) == 0) return nullptr;
      node = node->children[rank(node->child_bits, bit)].get();
    }
    return nullptr;
  }

  // The node itself if this edit made it, else a copy put in its place.
  static Node& own(Edit edit, NodePointer& node) {
    if (!node) {
      node = std::make_shared<Node>();
    } else if (node->edit != edit) {
      node = std::make_shared<Node>(*node);
    }
    node->edit = edit;
    return *node;
  }

  template <typename IsIt>
  void set_in(Edit edit, NodePointer& place, unsigned shift, Entry entry, IsIt& is_it) {
    Node& node = own(edit, place);
    if (shift >= hash_bits) return set_in_list(node, std::move(entry), is_it);
    const std::uint32_t bit = bit_of(entry.hash, shift);
    if ((node.child_bits & bit) != 0) {
      NodePointer& child = node.children[rank(node.child_bits, bit)];
      return set_in(edit, child, shift + bits_per_level, std::move(entry), is_it);
    }
    const std::size_t index = rank(node.entry_bits, bit);
    if ((node.entry_bits & bit) == 0) {
      node.entries.insert(at(node.entries, index), std::move(entry));
      node.entry_bits |= bit;
      ++size_;
      return;
    }
    Entry& there = node.entries[index];
    if (there.hash == entry.hash && is_it(*there.value)) {
      there = std::move(entry);
      return;
    }
    Entry pushed = std::move(there);
    node.entries.erase(at(node.entries, index));
    node.entry_bits &= ~bit;
    NodePointer child;
    --size_;  // set_in counts the pushed one again
    constexpr IsNone is_none;
    set_in(edit, child, shift + bits_per_level, std::move(pushed), is_none);
    set_in(edit, child, shift + bits_per_level, std::move(entry), is_it);
    node.children.insert(at(node.children, rank(node.child_bits, bit)), std::move(child));
    node.child_bits |= bit;
  }

  template <typename IsIt>
  void set_in_list(Node& node, Entry entry, IsIt& is_it) {
    for (Entry& there : node.entries) {
      if (is_it(*there.value)) {
        there = std::move(entry);
        return;
      }
    }
    node.entries.push_back(std::move(entry));
    ++size_;
  }

  // The value is known to be there.
  template <typename IsIt>
  void erase_in(Edit edit, NodePointer& place, unsigned shift, std::uint64_t hash, IsIt& is_it) {
    Node& node = own(edit, place);
    if (shift >= hash_bits) {
      std::erase_if(node.entries, [&](const Entry& entry) { return is_it(*entry.value); });
    } else if (const std::uint32_t bit = bit_of(hash, shift); (node.entry_bits & bit) != 0) {
      node.entries.erase(at(node.entries, rank(node.entry_bits, bit)));
      node.entry_bits &= ~bit;
    } else {
      const std::size_t index = rank(node.child_bits, bit);
      erase_in(edit, node.children[index], shift + bits_per_level, hash, is_it);
      if (!node.children[index]) {
        node.children.erase(at(node.children, index));
        node.child_bits &= ~bit;
      }
    }
    if (node.entries.empty() && node.children.empty()) place = nullptr;
  }

  template <typename Visit>
  static void visit_all(const Node& node, Visit& visit) {
    for (const Entry& entry : node.entries) visit(entry.value);
    for (const NodePointer& child : node.children) visit_all(*child, visit);
  }

  NodePointer root_;
  std::size_t size_ = 0;
};

}  // namespace gatehouse::gateway
