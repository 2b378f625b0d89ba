// SPDX-License-Identifier: Apache-2.0
//
// What the program does on the command line besides serving. Commands that change a node's data
// work beside a running server, which notices within a second.
//
// Thread:  one each; they block.
// Error:   invalid_argument for what the user wrote; anything else failed while running.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "app/configuration.h"
#include "core/error.h"

namespace gatehouse::app {

struct SampleArguments {
  std::string server = "https://localhost:9443";
  std::string user = "admin";
  std::string password;
  std::string ca_file;  // who signed the server's certificate; not needed on this machine
};

Result<> run_sample(const SampleArguments& arguments, std::ostream& out);

// Copies the databases and the cluster key into `directory`; online, consistent.
Result<> run_backup(const Configuration& configuration, const std::string& directory);
// Replaces the data of a stopped node by a backup.
Result<> run_restore(const Configuration& configuration, const std::string& directory);
// Makes a new signing key; it signs an hour after it is published.
Result<> run_rotate_keys(const Configuration& configuration, std::ostream& out);
// Sets a random password and prints it.
Result<> run_reset_password(const Configuration& configuration, const std::string& user,
                            std::ostream& out);
// Makes a link with which the user sets a password himself, and prints it.
Result<> run_reset_link(const Configuration& configuration, const std::string& user,
                        std::ostream& out);

}  // namespace gatehouse::app
