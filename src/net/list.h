// SPDX-License-Identifier: Apache-2.0
//
// A doubly linked list through its elements: adding and removing allocate nothing, and an element
// that dies leaves its list by itself.
//
// Thread:  one event loop.
// Memory:  two pointers per element; the list owns nothing.
#pragma once

namespace gatehouse::net {

// A base class of what stands in at most one list of its kind.
class ListNode {
 public:
  ListNode() = default;
  ListNode(const ListNode&) = delete;
  ListNode& operator=(const ListNode&) = delete;
  ~ListNode() { unlink(); }

  bool is_linked() const { return next_ != this; }
  void unlink() {
    previous_->next_ = next_;
    next_->previous_ = previous_;
    previous_ = next_ = this;
  }

 private:
  template <typename T>
  friend class List;

  ListNode* previous_ = this;
  ListNode* next_ = this;
};

template <typename T>
class List {
 public:
  bool empty() const { return !head_.is_linked(); }

  // An element of another list is moved here.
  void push_back(T& element) {
    ListNode& node = element;
    node.unlink();
    node.previous_ = head_.previous_;
    node.next_ = &head_;
    head_.previous_->next_ = &node;
    head_.previous_ = &node;
  }

  // The first element, left where it is; null when there is none.
  T* front() { return empty() ? nullptr : static_cast<T*>(head_.next_); }

  // The first element, taken out; null when there is none.
  T* pop_front() {
    if (empty()) return nullptr;
    ListNode* first = head_.next_;
    first->unlink();
    return static_cast<T*>(first);
  }

  // Takes over every element of `other`, which stands empty after it.
  void take(List& other) {
    while (T* element = other.pop_front()) push_back(*element);
  }

 private:
  ListNode head_;
};

}  // namespace gatehouse::net
