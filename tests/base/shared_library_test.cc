#include "base/shared_library.h"

#include <gtest/gtest.h>

#include <cstring>

namespace tocsin {
namespace {

TEST(SharedLibraryTest, FindsFunctionsByName) {
  const auto library = SharedLibrary::Load("libc.so.6", "libc6");
  ASSERT_TRUE(library.ok()) << library.error().message();
  std::size_t (*length)(const char*) = nullptr;
  ASSERT_TRUE(library->Find("strlen", length));
  EXPECT_EQ(length("four"), 4u);
  EXPECT_FALSE(library->Find("no_such_function", length));
  EXPECT_EQ(length, nullptr);
}

TEST(SharedLibraryTest, WhatIsAbsentSaysWhatToInstall) {
  const auto library = SharedLibrary::Load("libnone.so.9", "libnone9");
  ASSERT_FALSE(library.ok());
  EXPECT_EQ(library.error().code(), Errc::kUnsupported);
  EXPECT_TRUE(library.error().message().starts_with(
      "libnone.so.9 cannot be loaded (Debian package libnone9): libnone.so.9: "))
      << library.error().message();
}

int fills = 0;
struct Table {
  int value = 0;
};
Status FillAtTheSecondCall(Table& table) {
  if (++fills == 1) return Error{Errc::kUnsupported, "not yet"};
  table.value = fills;
  return Unit{};
}

TEST(FilledOnceTest, IsTriedUntilItHasSucceeded) {
  EXPECT_FALSE(FilledOnce(FillAtTheSecondCall).ok());
  for (int i = 0; i < 3; ++i) {
    const auto table = FilledOnce(FillAtTheSecondCall);
    ASSERT_TRUE(table.ok());
    EXPECT_EQ((*table)->value, 2);
  }
}

}  // namespace
}  // namespace tocsin
