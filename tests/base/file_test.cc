#include "base/file.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

namespace tocsin {
namespace {

TEST(FileTest, ReadsAllUpToTheLimit) {
  const std::string path = ::testing::TempDir() + "file_test";
  const std::string text = std::string(200'000, 'x') + '\0' + "end";
  std::ofstream(path, std::ios::binary) << text;
  EXPECT_EQ(*ReadWholeFile(path, text.size()), text);
  const auto refused = ReadWholeFile(path, text.size() - 1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::kLimit);
  EXPECT_EQ(refused.error().message(), path + ": larger than 200003 bytes");
  std::ofstream(path, std::ios::trunc).close();
  EXPECT_EQ(*ReadWholeFile(path, 0), "");
  std::remove(path.c_str());
}

TEST(FileTest, SaysWhatIsWrong) {
  EXPECT_EQ(ReadWholeFile("/nonexistent", 10).error().message(),
            "/nonexistent: No such file or directory");
  EXPECT_EQ(ReadWholeFile("/", 10).error().message(), "/: Is a directory");
}

TEST(FileTest, IsReplacedAsAWhole) {
  const std::string path = ::testing::TempDir() + "file_test_replaced";
  for (const char* text : {"one", "", "two two"}) {
    ASSERT_TRUE(ReplaceFile(path, text, FileSync::kNo).ok());
    EXPECT_EQ(*ReadWholeFile(path, 100), text);
  }
  EXPECT_FALSE(std::ifstream(path + ".new").good());
  std::remove(path.c_str());
  EXPECT_EQ(ReplaceFile("/nonexistent/x", "", FileSync::kYes).error().message(),
            "/nonexistent/x.new: No such file or directory");
}

TEST(FileTest, EndlessFilesAreRefused) {
  EXPECT_EQ(ReadWholeFile("/dev/zero", 1 << 20).error().code(), Errc::kLimit);
}

}  // namespace
}  // namespace tocsin
