// SPDX-License-Identifier: Apache-2.0
//
// Guards the hot path: once frames are pooled, a request and its answer allocate nothing. With
// sanitizers frames come from the heap and operator new is theirs, so there is nothing to count.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define GH_SANITIZED 1
#endif
#endif

#ifndef GH_SANITIZED

#include "net/frame_pool.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "net/stream_pair.h"

namespace {

thread_local std::size_t allocations = 0;

}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace gatehouse::net {
namespace {

using namespace std::chrono_literals;

Task<Result<std::size_t>> read_request(Stream& stream) {
  stream.set_deadline(stream.loop().tick() + 10s);
  const Result<std::size_t> read = co_await stream.read_some(stream.loop().scratch());
  co_return read;
}

Task<> echo(Stream& stream) {
  for (;;) {
    Task<Result<std::size_t>> request = read_request(stream);
    const Result<std::size_t> read = co_await request;
    if (!read || *read == 0) co_return;
    const std::string_view bytes(stream.loop().scratch().data(), *read);
    const Result<> written = co_await stream.write_all(bytes);
    if (!written) co_return;
  }
}

Task<std::size_t> count_allocations(StreamPair& pair, int rounds) {
  std::size_t before = allocations;
  for (int i = 0; i < rounds; ++i) {
    if (i == 10) before = allocations;  // by now every frame and table has its size
    const Result<> asked = co_await pair.client->write_all("question");
    EXPECT_TRUE(asked);
    const Result<std::size_t> read = co_await read_request(*pair.client);
    EXPECT_EQ(read.value_or(0), 8U);
  }
  const std::size_t after = allocations;
  co_return after - before;
}

TEST(HotPath, AllocatesNothing) {
  Loop loop;
  StreamPair pair(loop);
  TaskGroup group;
  group.spawn(echo(*pair.server));
  EXPECT_EQ(loop.run_until_done(count_allocations(pair, 1000)), 0U);
}

}  // namespace
}  // namespace gatehouse::net

#endif
