#include "tests/collectors/fixture_sources.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <sstream>

#include "base/parse.h"
#include "tests/collectors/fixture.h"

namespace tocsin {
namespace {

namespace fs = std::filesystem;

std::string BytesOf(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    const auto byte = ParseInt<std::uint8_t>(std::string_view(hex).substr(i, 2), 16);
    EXPECT_TRUE(byte.has_value()) << "the fixture's netlink is not hexadecimal";
    bytes += static_cast<char>(byte.value_or(0));
  }
  return bytes;
}

/// Answers of the kernel, from the file `netlink`.
class FixtureNetlink final : public NetlinkSocket {
 public:
  FixtureNetlink(fs::path file, int protocol)
      : file_(std::move(file)), protocol_(std::to_string(protocol)) {}

  Status Start(const NetlinkRequest& request) override {
    batches_.clear();
    next_ = 0;
    bool wanted = false;
    bool found = false;
    for (const auto& row : FixtureRows(file_)) {
      if (row[0] == "ask") {
        wanted = row.at(1) == protocol_ && row.at(2) == std::to_string(request.type) &&
                 (row.size() < 4 || request.payload == BytesOf(row[3]));
        found |= wanted;
      } else if (wanted) {
        batches_.push_back(BytesOf(row[0]));
      }
    }
    if (!found) return Error{Errc::kUnsupported, "netlink: the fixture has no answer"};
    return Unit{};
  }

  Result<std::string_view> Next() override {
    if (next_ == batches_.size()) return std::string_view{};
    return std::string_view(batches_[next_++]);
  }

 private:
  const fs::path file_;
  const std::string protocol_;
  std::vector<std::string> batches_;
  std::size_t next_ = 0;
};

/// Drivers of network cards, from the file `ethtool`.
class FixtureEthtool final : public EthtoolSource {
 public:
  explicit FixtureEthtool(fs::path file) : file_(std::move(file)) {}

  int ReadDriver(const std::string& device, ethtool_drvinfo& driver) override {
    driver = {};
    for (const auto& row : RowsOf(device, "driver")) {
      const auto text = [&](std::size_t i) { return row.at(i) == "-" ? std::string() : row.at(i); };
      text(2).copy(driver.driver, sizeof driver.driver);
      text(3).copy(driver.version, sizeof driver.version);
      text(4).copy(driver.fw_version, sizeof driver.fw_version);
      text(5).copy(driver.bus_info, sizeof driver.bus_info);
      text(6).copy(driver.erom_version, sizeof driver.erom_version);
      driver.n_stats = static_cast<std::uint32_t>(RowsOf(device, "statistic").size());
      return 0;
    }
    return EOPNOTSUPP;
  }

  int ReadLink(const std::string& device, ethtool_cmd& link) override {
    link = {};
    for (const auto& row : RowsOf(device, "link")) {
      link.supported = static_cast<std::uint32_t>(std::stoul(row.at(2), nullptr, 16));
      link.advertising = static_cast<std::uint32_t>(std::stoul(row.at(3), nullptr, 16));
      link.autoneg = static_cast<std::uint8_t>(std::stoul(row.at(4)));
      return 0;
    }
    return EOPNOTSUPP;
  }

  int ReadStatisticNames(const std::string& device, std::uint32_t,
                         std::vector<std::string>& names) override {
    names.clear();
    for (const auto& row : RowsOf(device, "statistic")) {
      std::string name;
      for (std::size_t i = 3; i < row.size(); ++i) name += (i > 3 ? " " : "") + row[i];
      names.push_back(std::move(name));
    }
    return 0;
  }

  int ReadStatistics(const std::string& device, std::uint32_t,
                     std::vector<std::uint64_t>& values) override {
    values.clear();
    for (const auto& row : RowsOf(device, "statistic")) values.push_back(std::stoull(row.at(2)));
    return 0;
  }

 private:
  std::vector<std::vector<std::string>> RowsOf(const std::string& device, std::string_view what) {
    auto rows = FixtureRows(file_);
    std::erase_if(rows, [&](const auto& row) { return row[0] != device || row.at(1) != what; });
    return rows;
  }

  const fs::path file_;
};

/// Answers of services, from the file `dbus`.
class FixtureDbus final : public DbusConnection {
 public:
  explicit FixtureDbus(fs::path file) : file_(std::move(file)) {}

  Result<std::string_view> Call(const DbusCall& call) override {
    std::vector<std::string> asked{"ask", std::string(call.path), std::string(call.member)};
    asked.insert(asked.end(), call.arguments.begin(), call.arguments.end());
    bool found = false;
    for (const auto& row : FixtureRows(file_)) {
      if (row[0] == "ask") {
        found = row == asked;
      } else if (found) {
        body_ = BytesOf(row[0]);
        return std::string_view(body_);
      }
    }
    const bool any = fs::exists(file_);
    return Error{any ? Errc::kNotFound : Errc::kUnsupported,
                 any ? "the fixture has no answer" : "the fixture has no bus"};
  }

 private:
  const fs::path file_;
  std::string body_;
};

}  // namespace

std::vector<std::vector<std::string>> FixtureRows(const fs::path& path) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream text(ReadTextFile(path));
  for (std::string line; std::getline(text, line);) {
    std::istringstream fields(line);
    std::vector<std::string> row;
    for (std::string field; fields >> field;) row.push_back(field);
    if (!row.empty()) rows.push_back(std::move(row));
  }
  return rows;
}

std::unique_ptr<NetlinkSocket> MakeFixtureNetlink(const fs::path& file, int protocol) {
  return std::make_unique<FixtureNetlink>(file, protocol);
}

std::unique_ptr<EthtoolSource> MakeFixtureEthtool(const fs::path& file) {
  return std::make_unique<FixtureEthtool>(file);
}

std::unique_ptr<DbusConnection> MakeFixtureDbus(const fs::path& file) {
  return std::make_unique<FixtureDbus>(file);
}

}  // namespace tocsin
