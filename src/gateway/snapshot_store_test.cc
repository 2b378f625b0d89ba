// SPDX-License-Identifier: Apache-2.0
#include "gateway/snapshot_store.h"

#include <gtest/gtest.h>
#include <time.h>

#include <filesystem>
#include <fstream>

#include "core/test_folder.h"
#include "gateway/journal_lines.h"

namespace gatehouse::gateway {
namespace {

namespace fs = std::filesystem;

model::FeedRange range_of(std::uint64_t from, std::uint64_t to, const std::string& application) {
  model::FeedRange range;
  range.tag = "t";
  range.from = from;
  range.to = to;
  model::KnownApplication known;
  known.id = application;
  range.upserts = {{"application", application, to_json(known)}};
  return range;
}

class SnapshotStoreTest : public ::testing::Test {
 protected:
  // Base at number 1, then three ranges and a revocation.
  void fill() {
    SnapshotStore store(folder_);
    auto snapshot = Snapshot().with(range_of(0, 1, "first"));
    ASSERT_TRUE(store.begin_base(snapshot, {{1, 1, "token", "old", {}, {}}}));
    ASSERT_TRUE(store.finish_base());
    for (std::uint64_t number = 1; number < 4; ++number) {
      store.append(range_of(number, number + 1, "app" + std::to_string(number)));
    }
    store.append(model::Revocation{2, 1, "token", "gone", {}, {}});
  }
  SnapshotStore::Loaded load() {
    SnapshotStore store(folder_);
    return store.load(Snapshot());
  }
  static void write_base(SnapshotStore& store, std::shared_ptr<const Snapshot> snapshot) {
    ASSERT_TRUE(store.begin_base(std::move(snapshot), {}));
    const Result<> written = store.finish_base();
    ASSERT_TRUE(written) << written.error().detail;
  }
  int count(const std::string& extension) const {
    int found = 0;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      if (entry.path().extension() == extension) ++found;
    }
    return found;
  }
  static bool knows(const Snapshot& snapshot, const std::string& id) {
    return snapshot.application(id, hash_of(id)) != nullptr;
  }
  std::string newest(const std::string& kind) const {
    std::string found;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      const std::string path = entry.path();
      if (entry.path().filename().string().starts_with(kind)) found = std::max(found, path);
    }
    return found;
  }

  const TestFolder place_;
  const std::string folder_ = place_.path();
};

// As a file of before an upgrade: what the writer did not know is not in it.
TEST_F(SnapshotStoreTest, ABaseOfAnotherVersionSaysSo) {
  fill();
  std::ifstream file(newest("base"));
  std::string changed;
  for (std::string line; std::getline(file, line);) {
    // Behind the CRC-32 of the line.
    auto object = parse_json_object(line.substr(line.find('{'))).value();
    if (object.contains("end")) object.at("end").as_object().erase("kinds");
    changed += line_of(object);
  }
  std::ofstream(newest("base")) << changed;
  const auto loaded = load();
  ASSERT_NE(loaded.snapshot, nullptr);
  EXPECT_TRUE(loaded.other_kinds);
  EXPECT_TRUE(knows(*loaded.snapshot, "app3"));
}

TEST_F(SnapshotStoreTest, GivesBackWhatWasWritten) {
  fill();
  const auto loaded = load();
  ASSERT_NE(loaded.snapshot, nullptr);
  EXPECT_EQ(loaded.snapshot->number(), 4U);
  EXPECT_EQ(loaded.snapshot->tag(), "t");
  for (const char* id : {"first", "app1", "app2", "app3"}) EXPECT_TRUE(knows(*loaded.snapshot, id));
  EXPECT_FALSE(loaded.other_kinds);
  ASSERT_EQ(loaded.revocations.size(), 2U);
  EXPECT_EQ(loaded.revocations[1].value, "gone");
}

TEST_F(SnapshotStoreTest, AnEmptyFolderHasNoSnapshot) { EXPECT_EQ(load().snapshot, nullptr); }

TEST_F(SnapshotStoreTest, AJournalCutAnywhereIsReadUpToItsLastWholeLine) {
  fill();
  const std::string journal = newest("journal");
  for (auto size = fs::file_size(journal); size > 0; --size) {
    fs::resize_file(journal, size - 1);
    const auto loaded = load();
    ASSERT_NE(loaded.snapshot, nullptr);
    const std::uint64_t number = loaded.snapshot->number();
    ASSERT_GE(number, 1U);
    for (std::uint64_t n = 1; n < 4; ++n) {
      ASSERT_EQ(knows(*loaded.snapshot, "app" + std::to_string(n)), n < number);
    }
  }
}

TEST_F(SnapshotStoreTest, AFlippedBitEndsTheJournal) {
  fill();
  const std::string journal = newest("journal");
  std::fstream file(journal, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(40);
  file.put('!');
  file.close();
  EXPECT_EQ(load().snapshot->number(), 1U);
}

TEST_F(SnapshotStoreTest, AnOlderBaseAndAllJournalsStandInForADamagedOne) {
  fill();
  {
    SnapshotStore store(folder_);
    const auto loaded = store.load(Snapshot());
    write_base(store, loaded.snapshot);
    store.append(range_of(4, 5, "app4"));
  }
  const std::string base = newest("base");
  fs::resize_file(base, fs::file_size(base) - 2);
  const auto loaded = load();
  EXPECT_EQ(loaded.snapshot->number(), 5U);
  for (const char* id : {"first", "app3", "app4"}) EXPECT_TRUE(knows(*loaded.snapshot, id)) << id;
}

TEST_F(SnapshotStoreTest, ADamagedBaseIsSetAsideAndItsNumberNotUsedAgain) {
  fill();
  const std::string base = newest("base");
  fs::resize_file(base, 10);
  EXPECT_EQ(load().snapshot, nullptr);
  EXPECT_FALSE(fs::exists(base));
  const std::string aside = fs::path(base).replace_extension(".damaged");
  EXPECT_TRUE(fs::exists(aside));
  SnapshotStore store(folder_);
  EXPECT_EQ(store.load(Snapshot()).snapshot, nullptr);
  write_base(store, Snapshot().with(range_of(0, 9, "again")));
  EXPECT_FALSE(fs::exists(base));
  EXPECT_TRUE(fs::exists(aside));
  EXPECT_EQ(load().snapshot->number(), 9U);
}

TEST_F(SnapshotStoreTest, OfDamagedBasesThreeAreKept) {
  SnapshotStore store(folder_);
  for (std::uint64_t number = 1; number < 7; ++number) {
    write_base(store, Snapshot().with(range_of(0, number, "a")));
    fs::resize_file(newest("base"), 10);
    EXPECT_EQ(load().snapshot, nullptr);
  }
  write_base(store, Snapshot().with(range_of(0, 7, "a")));
  EXPECT_EQ(count(".damaged"), 3);
  EXPECT_EQ(load().snapshot->number(), 7U);
}

TEST_F(SnapshotStoreTest, WhatComesWhileABaseIsWrittenIsInItsJournal) {
  fill();
  SnapshotStore store(folder_);
  const auto loaded = store.load(Snapshot());
  ASSERT_TRUE(store.begin_base(loaded.snapshot, {}));
  store.append(range_of(4, 5, "app4"));
  // As it stands whether the base is there yet or not.
  EXPECT_EQ(load().snapshot->number(), 5U);
  ASSERT_TRUE(store.finish_base());
  EXPECT_EQ(load().snapshot->number(), 5U);
}

TEST_F(SnapshotStoreTest, ABaseThatIsGivenUpLeavesNothingBehind) {
  fill();
  {
    SnapshotStore store(folder_);
    const auto loaded = store.load(Snapshot());
    ASSERT_TRUE(store.begin_base(loaded.snapshot, {}));
    ASSERT_TRUE(store.begin_base(loaded.snapshot, {}));
    store.append(range_of(4, 5, "app4"));
  }
  EXPECT_EQ(count(".part"), 0);
  EXPECT_EQ(load().snapshot->number(), 5U);
}

TEST_F(SnapshotStoreTest, AJournalThatIsWholeGoesOnAfterARestart) {
  fill();
  for (std::uint64_t number = 4; number < 7; ++number) {
    SnapshotStore store(folder_);
    EXPECT_EQ(store.load(Snapshot()).snapshot->number(), number);
    EXPECT_FALSE(store.wants_base());
    store.append(range_of(number, number + 1, "app" + std::to_string(number)));
  }
  EXPECT_EQ(load().snapshot->number(), 7U);
  EXPECT_EQ(count(".jsonl"), 2);
}

TEST_F(SnapshotStoreTest, AfterATornJournalABaseIsWanted) {
  fill();
  const std::string journal = newest("journal");
  fs::resize_file(journal, fs::file_size(journal) - 2);
  SnapshotStore store(folder_);
  const auto loaded = store.load(Snapshot());
  EXPECT_TRUE(store.wants_base());
  write_base(store, loaded.snapshot);
  store.append(range_of(4, 5, "app4"));
  EXPECT_FALSE(store.wants_base());
  EXPECT_EQ(load().snapshot->number(), 5U);
}

TEST_F(SnapshotStoreTest, ABaseThatCannotBeWrittenIsSaidAndWantedAgain) {
  SnapshotStore store(folder_);
  fs::create_directory(folder_ + "/base-1.jsonl.part");  // in its place
  ASSERT_TRUE(store.begin_base(Snapshot().with(range_of(0, 1, "a")), {}));
  EXPECT_FALSE(store.finish_base());
  EXPECT_TRUE(store.wants_base());
  write_base(store, Snapshot().with(range_of(0, 2, "a")));
  EXPECT_FALSE(store.wants_base());
  EXPECT_EQ(load().snapshot->number(), 2U);
}

TEST_F(SnapshotStoreTest, WhatACrashLeftHalfWrittenIsRemoved) {
  std::ofstream(folder_ + "/base-7.jsonl.part") << "half";
  const SnapshotStore store(folder_);
  EXPECT_FALSE(fs::exists(folder_ + "/base-7.jsonl.part"));
}

TEST_F(SnapshotStoreTest, ThreeBasesAreKeptWithTheirJournals) {
  SnapshotStore store(folder_);
  for (std::uint64_t number = 1; number < 7; ++number) {
    write_base(store, Snapshot().with(range_of(0, number, "a")));
  }
  EXPECT_EQ(count(".jsonl"), 6);
  EXPECT_EQ(load().snapshot->number(), 6U);
}

TEST_F(SnapshotStoreTest, AThousandApisLoadAtOnce) {
  model::FeedRange range = range_of(0, 1, "a");
  for (int i = 0; i < 1'000; ++i) {
    model::DeployedApi api;
    api.id = "api" + std::to_string(i);
    api.name = api.id;
    api.context = "/context" + std::to_string(i);
    api.version = "1.0";
    for (int k = 0; k < 10; ++k) {
      api.operations.push_back({"GET", "/r" + std::to_string(k), model::AuthType::any, "", {}});
    }
    range.upserts.push_back({"api", api.id, to_json(api)});
  }
  SnapshotStore store(folder_);
  write_base(store, Snapshot().with(range));
  const auto used = [] {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  };
  [[maybe_unused]] const auto before = used();
  const auto loaded = load();
#ifdef NDEBUG
  EXPECT_LT(used() - before, std::chrono::milliseconds(200));
#endif
  EXPECT_EQ(loaded.snapshot->api_count(), 1'000U);
  EXPECT_EQ(loaded.snapshot->routes().find("/context7/1.0/r1").api->deployed.id, "api7");
}

}  // namespace
}  // namespace gatehouse::gateway
