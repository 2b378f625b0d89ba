// SPDX-License-Identifier: Apache-2.0
//
// The command line of the program. Exit codes: 0 clean, 1 failure while running, 2 bad arguments or
// configuration.
#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>

#include "app/commands.h"
#include "app/configuration.h"
#include "app/profile_rules.h"
#include "app/serve.h"
#include "core/log.h"

namespace gatehouse::app {
namespace {

constexpr int failed = 1;
constexpr int misused = 2;

struct Arguments {
  ConfigurationSources sources;
  std::string profile;
  std::string data_dir;
  std::string port_offset;
  std::string file;
  std::string directory;
  std::string from;
  std::string to;
  std::string user;
  std::vector<std::string> nodes;
  bool reference = false;
  bool link = false;
  SampleArguments sample;
};

int code_of(const Error& error) {
  std::cerr << "gatehouse: " << error.message;
  if (!error.detail.empty()) std::cerr << " (" << error.detail << ")";
  std::cerr << "\n";
  return error.code == ErrorCode::invalid_argument ? misused : failed;
}

int code_of(const Result<>& result) { return result ? EXIT_SUCCESS : code_of(result.error()); }

// Options of every command that works on a node's data.
void add_node_options(CLI::App& command, Arguments& arguments) {
  command.add_option("--config", arguments.sources.file, "TOML file")->envname("GATEHOUSE_CONFIG");
  command.add_option("--data-dir", arguments.data_dir, "folder of databases, keys and logs");
  command.add_option("--set", arguments.sources.settings, "section.key=value, as often as needed");
}

ConfigurationSources sources_of(const Arguments& arguments) {
  ConfigurationSources sources = arguments.sources;
  std::vector<std::string>& settings = sources.settings;
  if (!arguments.data_dir.empty()) settings.push_back("server.data_dir=" + arguments.data_dir);
  if (!arguments.profile.empty()) settings.push_back("server.profile=" + arguments.profile);
  if (!arguments.port_offset.empty()) {
    settings.push_back("server.port_offset=" + arguments.port_offset);
  }
  if (const char* user = std::getenv("GATEHOUSE_ADMIN_USERNAME")) {
    settings.push_back(std::string("admin.username=") + user);
  }
  return sources;
}

// Runs `command` with the configuration of the arguments.
template <typename Command>
int with_configuration(const Arguments& arguments, Command command) {
  const Result<Configuration> configuration = read_configuration(sources_of(arguments));
  return configuration ? code_of(command(*configuration)) : code_of(configuration.error());
}

int check_config(const std::string& file) {
  const Result<Configuration> configuration = read_configuration({.file = file, .settings = {}});
  if (!configuration) return code_of(configuration.error());
  for (const std::string& warning : warnings_of(*configuration)) {
    std::cerr << "gatehouse: warning: " << warning << "\n";
  }
  std::cout << file << ": good\n";
  return EXIT_SUCCESS;
}

int print_config(const Arguments& arguments) {
  if (arguments.reference) {
    std::cout << configuration_reference();
    return EXIT_SUCCESS;
  }
  return with_configuration(arguments, [](const Configuration& configuration) -> Result<> {
    std::cout << to_toml(configuration);
    return {};
  });
}

void add_serve(CLI::App& program, Arguments& arguments, int& code) {
  CLI::App* serve = program.add_subcommand("serve", "run this node until it is told to stop");
  add_node_options(*serve, arguments);
  serve->add_option("--profile", arguments.profile, "what this node runs, separated by commas");
  serve->add_option("--port-offset", arguments.port_offset, "added to every port");
  serve->callback([&] { code = code_of(run_server(sources_of(arguments))); });
}

void add_information(CLI::App& program, Arguments& arguments, int& code) {
  CLI::App* check = program.add_subcommand("check-config", "say what is wrong with a file");
  check->add_option("FILE", arguments.file, "TOML file")->required();
  check->callback([&] { code = check_config(arguments.file); });

  CLI::App* print = program.add_subcommand("print-config", "print every key with its value");
  add_node_options(*print, arguments);
  print->add_flag("--reference", arguments.reference, "the reference page instead");
  print->callback([&] { code = print_config(arguments); });

  CLI::App* version = program.add_subcommand("version", "print the version");
  version->callback([] { std::cout << "gatehouse " << GATEHOUSE_VERSION << "\n"; });
}

void add_sample(CLI::App& program, Arguments& arguments, int& code) {
  CLI::App* sample = program.add_subcommand(
      "sample", "publish the sample API, subscribe, get a token and call it, step by step");
  sample->add_option("--server", arguments.sample.server, "control plane, https://host:9443");
  sample->add_option("--user", arguments.sample.user, "a user who may publish and subscribe");
  sample->add_option("--password", arguments.sample.password, "its password")
      ->envname("GATEHOUSE_ADMIN_PASSWORD");
  sample->add_option("--ca", arguments.sample.ca_file,
                     "PEM file that the certificate is checked with");
  sample->callback([&] { code = code_of(run_sample(arguments.sample, std::cout)); });
}

void add_care(CLI::App& program, Arguments& arguments, int& code) {
  CLI::App* backup = program.add_subcommand("backup", "copy databases and cluster key, online");
  add_node_options(*backup, arguments);
  backup->add_option("DIR", arguments.directory, "a folder, made by this")->required();
  backup->callback([&] {
    code = with_configuration(arguments, [&](const Configuration& configuration) {
      return run_backup(configuration, arguments.directory);
    });
  });

  CLI::App* restore = program.add_subcommand("restore", "put a backup in place of a stopped node");
  add_node_options(*restore, arguments);
  restore->add_option("DIR", arguments.directory, "what backup has made")->required();
  restore->callback([&] {
    code = with_configuration(arguments, [&](const Configuration& configuration) {
      return run_restore(configuration, arguments.directory);
    });
  });

  CLI::App* keys = program.add_subcommand("keys", "signing keys")->require_subcommand(1);
  CLI::App* rotate = keys->add_subcommand("rotate", "make a new one");
  add_node_options(*rotate, arguments);
  rotate->callback([&] {
    code = with_configuration(arguments, [](const Configuration& configuration) {
      return run_rotate_keys(configuration, std::cout);
    });
  });

  CLI::App* user = program.add_subcommand("user", "users of this node")->require_subcommand(1);
  CLI::App* reset = user->add_subcommand("reset-password", "set a random password and print it");
  add_node_options(*reset, arguments);
  reset->add_option("NAME", arguments.user, "the user")->required();
  reset->add_flag("--link", arguments.link, "print a link for the user instead");
  reset->callback([&] {
    code = with_configuration(arguments, [&](const Configuration& configuration) {
      return arguments.link ? run_reset_link(configuration, arguments.user, std::cout)
                            : run_reset_password(configuration, arguments.user, std::cout);
    });
  });
}

void add_migrate(CLI::App& program, Arguments& arguments, int& code) {
  CLI::App* migrate = program.add_subcommand(
      "migrate", "bring the tables up to this version, or move all databases elsewhere");
  add_node_options(*migrate, arguments);
  const char* const side =
      "sqlite:FOLDER, postgres://USER@HOST[/DATABASE], or a configuration file";
  CLI::Option* from = migrate->add_option("--from", arguments.from, side);
  CLI::Option* to = migrate->add_option("--to", arguments.to, side);
  from->needs(to);
  to->needs(from);
  migrate->callback([&] {
    code = arguments.from.empty()
               ? with_configuration(arguments,
                                    [](const Configuration& configuration) {
                                      return run_migrate(configuration, std::cout);
                                    })
               : code_of(run_move(arguments.from, arguments.to, std::cout));
  });
}

void add_cluster(CLI::App& program, Arguments& arguments, int& code) {
  CLI::App* cluster = program.add_subcommand("cluster", "several nodes")->require_subcommand(1);
  CLI::App* permissions = cluster->add_subcommand(
      "nats-permissions", "print what each node may do on NATS, for nats-server's configuration");
  permissions->add_option("NODE", arguments.nodes, "NAME=PROFILE or NAME=PROFILE+PROFILE")
      ->required();
  permissions->add_option("--passwords", arguments.directory,
                          "folder of NAME.password, made where missing; else by certificate");
  permissions->callback([&] {
    code = code_of(run_nats_permissions(arguments.nodes, arguments.directory, std::cout));
  });
}

int run(int count, char** values) {
  CLI::App program("Gatehouse: API management");
  program.require_subcommand(1);
  Arguments arguments;
  int code = EXIT_SUCCESS;
  add_serve(program, arguments, code);
  add_sample(program, arguments, code);
  add_information(program, arguments, code);
  add_care(program, arguments, code);
  add_migrate(program, arguments, code);
  add_cluster(program, arguments, code);
  try {
    program.parse(count, values);
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == EXIT_SUCCESS ? EXIT_SUCCESS : misused;
  }
  return code;
}

}  // namespace
}  // namespace gatehouse::app

int main(int count, char** values) {
  try {
    return gatehouse::app::run(count, values);
  } catch (const std::exception& error) {
    gatehouse::log_error("{}", error.what());
    return EXIT_FAILURE;
  }
}
