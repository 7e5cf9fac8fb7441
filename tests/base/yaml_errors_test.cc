#include "base/yaml_errors.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/yaml.h"

namespace tocsin {
namespace {

std::vector<std::string> Messages(const std::vector<Error>& errors) {
  std::vector<std::string> messages;
  for (const Error& error : errors) messages.push_back(error.message());
  return messages;
}

std::vector<Error> Errors(const std::vector<std::string>& messages) {
  std::vector<Error> errors;
  for (const std::string& message : messages) errors.emplace_back(Errc::kInvalid, message);
  return errors;
}

TEST(InFileOrderTest, SortsByFileThenPlaceAndPutsThePlacelessFirst) {
  const auto sorted = InFileOrder(Errors({"b.yml:10:2: x", "a:b.yml:3:1: y", "b.yml:9:30: z",
                                          "--flag: f", "b.yml:9:4: first", "a:b.yml:1:1: w"}));
  EXPECT_EQ(Messages(sorted),
            (std::vector<std::string>{"--flag: f", "b.yml:9:4: first", "b.yml:9:30: z",
                                      "b.yml:10:2: x", "a:b.yml:1:1: w", "a:b.yml:3:1: y"}));
}

TEST(YamlErrorsTest, NotesAPlaceOnceAndNoMoreThanItsLimit) {
  YamlErrors errors;
  for (const char* text : {"f:1:1: a", "f:1:1: b", "f:1:2: c", "no place", "no place"}) {
    errors.Note({Errc::kInvalid, text});
  }
  EXPECT_EQ(Messages(errors.found),
            (std::vector<std::string>{"f:1:1: a", "f:1:2: c", "no place", "no place"}));
  for (int i = 0; i < 5000; ++i) errors.Note({Errc::kInvalid, "x"});
  EXPECT_EQ(errors.found.size(), YamlErrors::kMax);
}

struct Server {
  std::string address;
  std::int64_t port = 0;
};

/// As readers of configuration are written.
Result<Server> ReadServer(const YamlFile& file, const YamlNode& node) {
  YamlFields fields(file, node, "server");
  Server server;
  TRY_ASSIGN(server.address, fields.ReadRequired("address", YamlString));
  TRY_ASSIGN(server.port, fields.Read("port", YamlInt, 80));
  TRY(fields.Finish());
  if (server.port < 1) return file.At(node, "a port is 1 or more");
  return server;
}

Status ReadServers(const YamlFile& file, std::vector<Server>& servers) {
  YamlFields fields(file, *file.root, "the file");
  TRY_ASSIGN(const YamlNode* list, fields.Require("servers"));
  TRY(ReadItems(file, *list, [&](const YamlNode& item) -> Status {
    TRY_ASSIGN(Server server, ReadServer(file, item));
    servers.push_back(std::move(server));
    return Unit{};
  }));
  return fields.Finish();
}

constexpr std::string_view kFourMistakes =
    "servers:\n"
    "- {address: a, port: 1}\n"
    "- {adress: b, port: x}\n"            // what is missing, and what was perhaps meant by it
    "- {address: c, port: y, prot: 2}\n"  // two; that the port is bad must not be said a third time
    "- {address: d, port: 0}\n"
    "sevrers: 5\n";

TEST(YamlErrorsTest, AReaderGoesOnAfterEachMistake) {
  auto file = ParseYaml(kFourMistakes, "s.yml");
  ASSERT_TRUE(file);
  file->errors = std::make_shared<YamlErrors>();
  std::vector<Server> servers;
  ASSERT_TRUE(ReadServers(*file, servers));
  EXPECT_EQ(Messages(InFileOrder(file->errors->found)),
            (std::vector<std::string>{
                "s.yml:3:4: server needs \"address\": is it meant by \"adress\"?",
                "s.yml:4:22: expected a whole number, found \"y\"",
                "s.yml:4:25: unknown key \"prot\" in server: did you mean \"port\"?",
                "s.yml:5:3: a port is 1 or more",
                "s.yml:6:1: unknown key \"sevrers\" in the file: did you mean \"servers\"?"}));
}

TEST(YamlErrorsTest, WithoutAListTheFirstMistakeEndsTheReading) {
  const auto file = ParseYaml(kFourMistakes, "s.yml");
  ASSERT_TRUE(file);
  std::vector<Server> servers;
  const Status read = ReadServers(*file, servers);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message(),
            "s.yml:3:4: server needs \"address\": is it meant by \"adress\"?");
  EXPECT_EQ(servers.size(), 1u);
}

TEST(YamlErrorsTest, AMisspeltFirstKeyIsSaid) {
  auto file = ParseYaml("servers:\n- adress: a\n", "s.yml");
  ASSERT_TRUE(file);
  file->errors = std::make_shared<YamlErrors>();
  std::vector<Server> servers;
  ASSERT_TRUE(ReadServers(*file, servers));
  EXPECT_EQ(Messages(file->errors->found),
            std::vector<std::string>{"s.yml:2:3: server needs \"address\": is it meant by "
                                     "\"adress\"?"});
}

TEST(YamlErrorsTest, WhatFollowsFromAMistakeIsNotSaid) {
  auto file = ParseYaml("servers:\n- {address: a, port: [0]}\n- {port: 0}\n", "s.yml");
  ASSERT_TRUE(file);
  file->errors = std::make_shared<YamlErrors>();
  file->Spoil(*file->root->Find("servers")->items[1]);
  std::vector<Server> servers;
  ASSERT_TRUE(ReadServers(*file, servers));
  EXPECT_EQ(Messages(file->errors->found),
            std::vector<std::string>{"s.yml:2:22: expected a whole number, found a list"});
}

}  // namespace
}  // namespace tocsin
