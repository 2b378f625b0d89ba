// SPDX-License-Identifier: Apache-2.0
//
// A Fetcher with a loop and a thread of its own, so that those who wait for a slow server wait for
// nothing else, and nothing else for them.
//
// Thread:  made and destroyed by one thread; fetcher() as the Fetcher says; stop: any.
#pragma once

#include <thread>

#include "http/fetcher.h"
#include "net/pool.h"

namespace gatehouse::http {

class FetchThread {
 public:
  explicit FetchThread(Fetcher::Options options, net::Resolver::LookUp look_up_host = net::look_up);
  ~FetchThread();
  FetchThread(const FetchThread&) = delete;
  FetchThread& operator=(const FetchThread&) = delete;

  Fetcher& fetcher() { return fetcher_; }
  // Fetches under way fail now, and later ones at once.
  void stop() { fetcher_.stop(); }

 private:
  net::Pool names_;
  net::Loop loop_;
  net::Resolver resolver_;
  Fetcher fetcher_;
  std::thread thread_;
};

}  // namespace gatehouse::http
