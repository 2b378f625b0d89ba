// SPDX-License-Identifier: Apache-2.0
#include "keymanager/foreign/circuit.h"

namespace gatehouse::keymanager {

bool Circuit::enter(Instant now) {
  if (failures_ >= failures_max && (now < closed_until_ || running_ > 0)) return false;
  if (running_ >= running_max) return false;
  ++running_;
  return true;
}

void Circuit::leave(Outcome outcome, Instant now) {
  --running_;
  if (outcome == Outcome::answered) {
    failures_ = 0;
    return;
  }
  ++failures_;
  closed_until_ = now + rest;
}

}  // namespace gatehouse::keymanager
