// SPDX-License-Identifier: Apache-2.0
//
// Tells: messages by subject to whoever listens, at most once. Nothing that must not be lost
// depends on it; it makes news arrive early.
//
// Thread:  publish: any. A listener is called on a thread of the bus (in process: the publisher's),
// so
//          it only posts to its own loop.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace gatehouse::bus {

using Listener = std::function<void(std::string_view message)>;

// Ends the subscription when it dies; after that the listener is not called any more.
class Subscription {
 public:
  virtual ~Subscription() = default;
};

class Bus {
 public:
  virtual ~Bus() = default;
  virtual void publish(std::string_view subject, std::string_view message) = 0;
  [[nodiscard]] virtual std::unique_ptr<Subscription> subscribe(std::string subject,
                                                                Listener listener) = 0;
};

// Subjects of this program.
inline constexpr std::string_view subject_changes = "changes";          // model/hint.h
inline constexpr std::string_view subject_revocations = "revocations";  // a model::Revocation

}  // namespace gatehouse::bus
