#pragma once
// What a cgroup's path says of what runs in it. Pure.
//
// Sources: systemd.unit(5) (names of units), and the cgroup drivers of docker, containerd, podman
// and CRI-O with either the cgroupfs or the systemd layout; the kubelet's
// kubepods[.slice]/…/pod<uid> trees.

#include <optional>
#include <string>
#include <string_view>

namespace tocsin {

struct CgroupIdentity {
  std::string name;       // of the unit, or the first 12 digits of the container's id
  std::string runtime;    // "docker", "containerd", "podman", "crio", "lxc"; empty for units
  std::string container;  // the whole id; empty for units
  std::string pod;        // its uid, with dashes; empty outside of kubepods
};

/// `path` is relative to the cgroup mount and begins with '/': "/system.slice/cron.service".
/// Nothing for cgroups that are neither a systemd unit nor a container (those within a unit, the
/// pods of the kubelet, a container's own children).
std::optional<CgroupIdentity> IdentifyCgroup(std::string_view path);

/// Undoes systemd's escaping of unit names: "dev-disk\x2dby.swap" → "dev-disk-by.swap".
std::string UnescapeUnit(std::string_view name);

}  // namespace tocsin
