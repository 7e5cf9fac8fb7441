#include "metrics/exposition/page.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <thread>

#include "base/gzip.h"
#include "metrics/writer.h"

namespace tocsin::exposition {
namespace {

constexpr FamilySpec kValue{"value", MetricType::kGauge, "A value."};

/// Some collectors, each with its own writer.
class FakeSource final : public SnapshotSource {
 public:
  std::uint64_t Version() const override {
    const MutexLock lock(mutex_);
    return version_;
  }
  void Read(std::vector<NamedSnapshot>& out) const override {
    const MutexLock lock(mutex_);
    ++reads;
    out = entries_;
  }
  /// A round of `collector` with `series` series of that value.
  void Publish(const std::string& collector, double value, int series = 1) {
    RoundWriter& writer = writers_[collector];
    writer.Begin(WallTime{});
    for (int i = 0; i < series; ++i) {
      writer.Add(kValue, {{"from", collector}, {"n", std::to_string(i)}}, value);
    }
    const auto snapshot = *writer.Finish();
    const MutexLock lock(mutex_);
    ++version_;
    for (NamedSnapshot& entry : entries_) {
      if (entry.collector == collector) return void(entry.snapshot = snapshot);
    }
    entries_.push_back({collector, snapshot});
  }
  void Lose(std::size_t i) {
    const MutexLock lock(mutex_);
    ++version_;
    entries_[i].snapshot = nullptr;
  }

  mutable std::atomic<int> reads = 0;

 private:
  mutable Mutex mutex_;
  std::map<std::string, RoundWriter> writers_;
  std::vector<NamedSnapshot> entries_;
  std::uint64_t version_ = 0;
};

std::string Text(const Result<RenderedPage>& page) {
  return page.ok() ? page->body->text : "error: " + page.error().message();
}

TEST(PageTest, OneRenderingARoundAndForm) {
  FakeSource source;
  source.Publish("a", 1);
  Page page(source);
  const auto first = page.Get(Format::kText, Coding::kIdentity);
  const auto second = page.Get(Format::kText, Coding::kIdentity);
  EXPECT_EQ(first->body, second->body);
  EXPECT_EQ(source.reads, 1);
  const auto open_metrics = page.Get(Format::kOpenMetrics, Coding::kIdentity);
  EXPECT_NE(open_metrics->body, first->body);
  EXPECT_EQ(page.stats().hits, 1u);
  EXPECT_EQ(page.stats().misses, 2u);

  source.Publish("a", 2);
  EXPECT_NE(Text(page.Get(Format::kText, Coding::kIdentity)), first->body->text);
  EXPECT_EQ(page.stats().misses, 3u);
  EXPECT_NE(first->body->text.find(" 1\n"), std::string::npos) << "a held page changed";
}

TEST(PageTest, BuffersAreUsedAgainOnceNobodyReadsThem) {
  FakeSource source;
  source.Publish("a", 1, 100);
  Page page(source);
  const SharedText* const address = page.Get(Format::kText, Coding::kIdentity)->body.get();
  source.Publish("a", 2, 100);
  EXPECT_EQ(page.Get(Format::kText, Coding::kIdentity)->body.get(), address);
  const auto held = page.Get(Format::kText, Coding::kIdentity);
  source.Publish("a", 3, 100);
  EXPECT_NE(page.Get(Format::kText, Coding::kIdentity)->body.get(), address);
}

TEST(PageTest, WhatNobodyAsksForAnyMoreIsGivenUp) {
  FakeSource source;
  source.Publish("a", 1, 100);
  Page page(source);
  const auto selected = page.Get(Format::kText, Coding::kIdentity, {{"a"}, {}});
  auto looked_at_once = page.Get(Format::kOpenMetrics, Coding::kIdentity);
  source.Publish("a", 1, 101);
  (void)page.Get(Format::kText, Coding::kGzip);
  for (int i = 0; i < Page::kIdleTrims; ++i) {
    page.Trim();
    (void)page.Get(Format::kText, Coding::kGzip);
  }
  EXPECT_FALSE(looked_at_once->body->Unique());
  page.Trim();
  EXPECT_TRUE(looked_at_once->body->Unique());
  EXPECT_TRUE(selected->body->Unique());
  const std::uint64_t misses = page.stats().misses;
  (void)page.Get(Format::kText, Coding::kGzip);
  EXPECT_EQ(page.stats().misses, misses) << "what is asked for was given up too";
  for (int i = 0; i <= Page::kIdleTrims; ++i) page.Trim();
  (void)page.Get(Format::kText, Coding::kGzip);
  EXPECT_EQ(page.stats().misses, misses + 1);
}

TEST(PageTest, GzipIsTheSamePage) {
  FakeSource source;
  source.Publish("a", 1, 500);
  Page page(source);
  for (const Format format : {Format::kText, Format::kOpenMetrics}) {
    const auto gzip = page.Get(format, Coding::kGzip);
    ASSERT_EQ(gzip->coding, Coding::kGzip);
    const auto plain = page.Get(format, Coding::kIdentity);
    EXPECT_EQ(*Gunzip(gzip->body->text, 1 << 20), plain->body->text);
    EXPECT_LT(gzip->body->text.size() * 5, plain->body->text.size());
  }
}

TEST(PageTest, SmallPagesAreNotCompressed) {
  FakeSource source;
  source.Publish("a", 1);
  Page page(source);
  const auto small = page.Get(Format::kText, Coding::kGzip);
  EXPECT_EQ(small->coding, Coding::kIdentity);
  EXPECT_EQ(Text(small), Text(page.Get(Format::kText, Coding::kIdentity)));
}

TEST(PageTest, ANewOrLostCollectorShows) {
  FakeSource source;
  source.Publish("a", 1);
  Page page(source);
  EXPECT_EQ(Text(page.Get(Format::kText, Coding::kIdentity)),
            "# HELP value A value.\n# TYPE value gauge\nvalue{from=\"a\",n=\"0\"} 1\n");
  source.Publish("b", 2);
  EXPECT_EQ(Text(page.Get(Format::kText, Coding::kIdentity)),
            "# HELP value A value.\n# TYPE value gauge\nvalue{from=\"a\",n=\"0\"} 1\n"
            "value{from=\"b\",n=\"0\"} 2\n");
  source.Lose(0);
  EXPECT_EQ(Text(page.Get(Format::kText, Coding::kIdentity)),
            "# HELP value A value.\n# TYPE value gauge\nvalue{from=\"b\",n=\"0\"} 2\n");
}

TEST(PageTest, CollectorsAreSelected) {
  FakeSource source;
  for (const auto* name : {"a", "b", "c"}) source.Publish(name, 1);
  Page page(source);
  const auto names = [&](const PageSelection& selection) {
    std::string found;
    const std::string text = Text(page.Get(Format::kText, Coding::kIdentity, selection));
    for (const char c : {'a', 'b', 'c'}) {
      if (text.find(std::string("from=\"") + c) != std::string::npos) found += c;
    }
    return found;
  };
  EXPECT_EQ(names({}), "abc");
  EXPECT_EQ(names({.collect = {"b"}, .exclude = {}}), "b");
  EXPECT_EQ(names({.collect = {"c", "a", "c"}, .exclude = {}}), "ac");
  EXPECT_EQ(names({.collect = {}, .exclude = {"a"}}), "bc");
  EXPECT_EQ(page.Get(Format::kText, Coding::kIdentity, {{"a"}, {"b"}}).error().message(),
            "collect[] and exclude[] cannot be used together");
  EXPECT_EQ(page.Get(Format::kText, Coding::kIdentity, {{"x"}, {}}).error().code(), Errc::kInvalid);

  const auto misses = page.stats().misses;
  EXPECT_EQ(names({.collect = {"a", "c"}, .exclude = {}}), "ac");
  EXPECT_EQ(page.stats().misses, misses) << "a selection is cached, whatever its order";
}

TEST(PageTest, OnlyAFewSelectionsAreKept) {
  FakeSource source;
  std::vector<std::string> names;
  for (char c = 'a'; c <= 'h'; ++c) source.Publish(names.emplace_back(1, c), 1);
  Page page(source);
  const auto get = [&](const std::string& name) {
    ASSERT_TRUE(page.Get(Format::kText, Coding::kIdentity, {{name}, {}}).ok());
  };
  for (const std::string& name : names) get(name);
  EXPECT_EQ(page.stats().misses, 8u);
  get("h");
  EXPECT_EQ(page.stats().hits, 1u);
  get("a");  // long gone
  EXPECT_EQ(page.stats().misses, 9u);
}

TEST(PageTest, ManyAtOnceRenderOnce) {
  FakeSource source;
  source.Publish("a", 1, 300);
  Page page(source);
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int k = 0; k < 50; ++k) {
        const auto got = page.Get(i % 2 == 0 ? Format::kText : Format::kOpenMetrics,
                                  i % 4 < 2 ? Coding::kIdentity : Coding::kGzip);
        ASSERT_TRUE(got.ok());
        ASSERT_FALSE(got->body->text.empty());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(page.stats().misses, 4u);
  EXPECT_EQ(page.stats().hits, 8u * 50 - 4);
}

TEST(PageTest, PagesAreWholeWhileRoundsGoOn) {
  FakeSource source;
  source.Publish("a", 0, 50);
  Page page(source);
  std::atomic<bool> done = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      while (!done) {
        const auto got = page.Get(Format::kText, Coding::kIdentity);
        // All values of one page are of one round.
        const std::string& text = got->body->text;
        const std::string value = text.substr(text.rfind(' '));
        std::size_t count = 0;
        for (auto at = text.find("} "); at != std::string::npos; at = text.find("} ", at + 1)) {
          ASSERT_EQ(text.compare(at + 1, value.size(), value), 0);
          ++count;
        }
        ASSERT_EQ(count, 50u);
      }
    });
  }
  for (int round = 1; round <= 300; ++round) source.Publish("a", round, 50);
  done = true;
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace tocsin::exposition
