// SPDX-License-Identifier: Apache-2.0
#include "http/fetch_thread.h"

namespace gatehouse::http {

FetchThread::FetchThread(Fetcher::Options options, net::Resolver::LookUp look_up_host)
    : names_({.name = "names", .threads = 4, .queue_max = 256}),
      resolver_(loop_, names_, std::move(look_up_host)),
      fetcher_(loop_, resolver_, std::move(options)),
      thread_([this] { loop_.run(); }) {}

FetchThread::~FetchThread() {
  stop();
  names_.stop();
  loop_.stop();
  thread_.join();
}

}  // namespace gatehouse::http
