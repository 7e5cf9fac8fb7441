#pragma once
// What of a fixture's host does not come from files, answered from one: the kernel's netlink,
// drivers of network cards, services on the system bus. fixture.h says what stands in each.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "collectors/dbus.h"
#include "collectors/ethtool.h"
#include "collectors/netlink.h"

namespace tocsin {

/// The lines of a file that are not empty, each split at blanks; none if there is no file.
std::vector<std::vector<std::string>> FixtureRows(const std::filesystem::path& path);

/// Each reads its file again at every question; a file that is not there supports nothing.
std::unique_ptr<NetlinkSocket> MakeFixtureNetlink(const std::filesystem::path& file, int protocol);
std::unique_ptr<EthtoolSource> MakeFixtureEthtool(const std::filesystem::path& file);
std::unique_ptr<DbusConnection> MakeFixtureDbus(const std::filesystem::path& file);

}  // namespace tocsin
