// SPDX-License-Identifier: Apache-2.0
//
// What the key manager sends mail with, as [mail] of the configuration says.
//
// Thread:  the function may be called from any thread that may block.
#pragma once

#include <functional>

#include "app/configuration.h"
#include "keymanager/mail/smtp_client.h"

namespace gatehouse::app {

// Empty without mail.host. The password is read for each mail, so that it can be renewed.
std::function<Result<>(const keymanager::mail::Message&)> mail_sender(
    const Configuration& configuration);

}  // namespace gatehouse::app
