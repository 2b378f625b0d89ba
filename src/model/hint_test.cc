// SPDX-License-Identifier: Apache-2.0
#include "model/hint.h"

#include <gtest/gtest.h>

namespace gatehouse::model {
namespace {

TEST(ChangesSubject, NamesASetOfEnvironments) {
  EXPECT_EQ(changes_subject({"Default"}), "changes.Default");
  EXPECT_EQ(changes_subject({"us", "eu", "us"}), "changes.eu,us");
  EXPECT_NE(changes_subject({"eu,us"}), changes_subject({"eu", "us"}));
}

TEST(ChangesSubject, HasNoPartOrWildcardOfAName) {
  EXPECT_EQ(changes_subject({"eu.1 *>"}), "changes.eu%2E1%20%2A%3E");
}

}  // namespace
}  // namespace gatehouse::model
