#include "base/json.h"

#include <gtest/gtest.h>

#include <cmath>

namespace tocsin {
namespace {

TEST(JsonWriterTest, PutsCommasWhereTheyBelong) {
  std::string out;
  JsonWriter json(out);
  json.BeginObject()
      .Key("a")
      .BeginArray()
      .Int(1)
      .String("x\"")
      .BeginObject()
      .EndObject()
      .EndArray();
  json.Key("b").Bool(true).Key("c").Null().Key("d").Double(0.5).Key("e").Double(NAN);
  json.Key("f").Raw("[2]").EndObject();
  EXPECT_EQ(out, R"({"a":[1,"x\"",{}],"b":true,"c":null,"d":0.5,"e":null,"f":[2]})");
}

}  // namespace
}  // namespace tocsin
