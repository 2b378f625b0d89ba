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
// Brings the tables up to this version, as a server does when it starts.
Result<> run_migrate(const Configuration& configuration, std::ostream& out);
// Moves all three databases, while no server runs. Each side is a URL for all three
// (storage/move.h), or the configuration file of a node.
Result<> run_move(const std::string& from, const std::string& to, std::ostream& out);
// Makes a new signing key; it signs an hour after it is published.
Result<> run_rotate_keys(const Configuration& configuration, std::ostream& out);
// Sets a random password and prints it.
Result<> run_reset_password(const Configuration& configuration, const std::string& user,
                            std::ostream& out);
// Prints who may say and hear what on NATS. `nodes`: "NAME=PROFILE+PROFILE" each; with `passwords`,
// a folder, they have the passwords there, which are made where there are none.
Result<> run_nats_permissions(const std::vector<std::string>& nodes, const std::string& passwords,
                              std::ostream& out);
// Makes a link with which the user sets a password himself, and prints it.
Result<> run_reset_link(const Configuration& configuration, const std::string& user,
                        std::ostream& out);

}  // namespace gatehouse::app
