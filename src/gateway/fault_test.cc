// SPDX-License-Identifier: Apache-2.0
#include "gateway/fault.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/json.h"

namespace gatehouse::gateway {
namespace {

// One file per fault: the fields it adds, an empty line, its body in JSON, its body in XML. With
// GATEHOUSE_WRITE_GOLDEN in the environment the files are written first.
std::string golden_file(FaultCode code) {
  const auto tests = std::filesystem::path(GH_SOURCE_DIR) / "tests/golden/faults";
  return tests / (std::to_string(static_cast<std::uint32_t>(code)) + ".txt");
}

std::string text_of(const Fault& fault) {
  const Instant now = from_ms(1'795'416'000'500);
  return std::to_string(status_of(fault)) + "\n" + fault_fields(fault) + "\n" +
         fault_body(fault, FaultForm::json, now) + "\n" + fault_body(fault, FaultForm::xml, now) +
         "\n";
}

class GoldenFault : public ::testing::TestWithParam<FaultCode> {};

TEST_P(GoldenFault, IsWrittenAsItAlwaysWas) {
  Fault fault;
  fault.code = GetParam();
  if (is_limit(fault.code)) {
    fault.retry_after = std::chrono::milliseconds(59'400);
    fault.policy = "Gold";
    fault.quota = 5'000;
    fault.window = std::chrono::minutes(1);
  }
  const std::string text = text_of(fault);
  if (std::getenv("GATEHOUSE_WRITE_GOLDEN") != nullptr) {
    std::ofstream(golden_file(GetParam())) << text;
  }
  std::ifstream in(golden_file(GetParam()));
  std::stringstream expected;
  expected << in.rdbuf();
  EXPECT_EQ(text, expected.str());
  EXPECT_TRUE(parse_json_object(fault_body(fault, FaultForm::json, {})));
}

INSTANTIATE_TEST_SUITE_P(
    All, GoldenFault,
    ::testing::Values(
        FaultCode::bad_request, FaultCode::unsupported_transport, FaultCode::not_found,
        FaultCode::method_not_allowed, FaultCode::upgrade_required, FaultCode::origin_refused,
        FaultCode::api_blocked, FaultCode::api_limit, FaultCode::backend_limit,
        FaultCode::resource_limit, FaultCode::application_limit, FaultCode::subscription_limit,
        FaultCode::subscription_burst, FaultCode::application_burst,
        FaultCode::key_manager_unavailable, FaultCode::invalid_credentials,
        FaultCode::missing_credentials, FaultCode::token_expired, FaultCode::token_type,
        FaultCode::subscription_blocked, FaultCode::not_subscribed,
        FaultCode::subscription_inactive, FaultCode::scope_missing, FaultCode::certificate_refused,
        FaultCode::incomplete_payload, FaultCode::backend_protocol, FaultCode::backend_unreachable,
        FaultCode::backend_timeout, FaultCode::backend_closed, FaultCode::backend_connect_timeout),
    [](const auto& row) { return "Code" + std::to_string(static_cast<std::uint32_t>(row.param)); });

struct AcceptCase {
  const char* name;
  const char* accept;
  FaultForm form;
};

class FaultForms : public ::testing::TestWithParam<AcceptCase> {};

TEST_P(FaultForms, FollowWhatTheClientAccepts) {
  EXPECT_EQ(fault_form(GetParam().accept), GetParam().form);
}

INSTANTIATE_TEST_SUITE_P(
    Rules, FaultForms,
    ::testing::Values(AcceptCase{"nothing", "", FaultForm::json},
                      AcceptCase{"anything", "*/*", FaultForm::json},
                      AcceptCase{"json", "application/json", FaultForm::json},
                      AcceptCase{"xml", "application/xml", FaultForm::xml},
                      AcceptCase{"text_xml_with_quality", "Text/XML;q=0.5", FaultForm::xml},
                      AcceptCase{"soap", "application/soap+xml", FaultForm::xml},
                      AcceptCase{"both", "application/xml, application/json", FaultForm::json},
                      AcceptCase{"browser", "text/html,application/xml;q=0.9,*/*;q=0.8",
                                 FaultForm::json},
                      AcceptCase{"neither", "image/png", FaultForm::json}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Faults, AStatusOfTheConnectionIsItsOwnCode) {
  Fault fault;
  fault.code = static_cast<FaultCode>(431);
  fault.description = "The head is too large";
  EXPECT_EQ(status_of(fault), 431);
  EXPECT_EQ(fault_body(fault, FaultForm::json, {}),
            "{\"code\":\"431\",\"type\":\"Status report\",\"message\":\"Request Header Fields Too "
            "Large\",\"description\":\"The head is too large\"}");
}

}  // namespace
}  // namespace gatehouse::gateway
