// SPDX-License-Identifier: Apache-2.0
//
// What the key manager sends mail with, as [mail] of the configuration says.
//
// Thread:  the function may be called from any thread that may block.
#pragma once

#include "app/configuration.h"
#include "keymanager/mail/mailer.h"

namespace gatehouse::app {

// Empty without mail.host. The password is read for each mail, so that it can be renewed.
keymanager::mail::Mailer::Send mail_sender(const Configuration& configuration);

}  // namespace gatehouse::app
