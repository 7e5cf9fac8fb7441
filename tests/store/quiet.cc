// The store warns of every damaged file: thousands of lines in these tests.

#include <gtest/gtest.h>

#include "base/log.h"

namespace tocsin::store {
namespace {

class Quiet final : public testing::Environment {
  void SetUp() override { ConfigureLog(LogLevel::kError, LogFormat::kLogfmt); }
};

[[maybe_unused]] const testing::Environment* const kQuiet =
    testing::AddGlobalTestEnvironment(new Quiet);

}  // namespace
}  // namespace tocsin::store
