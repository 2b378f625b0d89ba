// SPDX-License-Identifier: Apache-2.0
//
// The statistics REST API: what was called, how often, how quickly and with what result.
//
// With apim:admin one sees everything, with apim:api_view the calls of one's own APIs, with
// apim:subscribe those of one's own applications; with both of these, either.
//
// Thread:  handlers run on pool threads.
#pragma once

#include "analytics/usage_intake.h"
#include "core/clock.h"
#include "rest/router.h"
#include "storage/databases.h"

namespace gatehouse::analytics {

class Analytics {
 public:
  Analytics(storage::Databases& databases, const Clock& clock);

  // Every route of this API, in one place.
  void mount(rest::Router& router);
  // Where gateways send their usage.
  http::Handler& intake() { return intake_; }

 private:
  Result<rest::Reply> get_usage(const rest::Call& call);

  storage::Database& api_manager_;
  const Clock& clock_;
  UsageIntake intake_;
};

}  // namespace gatehouse::analytics
