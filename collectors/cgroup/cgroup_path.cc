#include "collectors/cgroup/cgroup_path.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace tocsin {
namespace {

constexpr std::size_t kContainerIdDigits = 64;
constexpr std::size_t kShortIdDigits = 12;

struct RuntimeScope {
  std::string_view prefix;  // of a scope's name, before the id
  std::string_view runtime;
};
constexpr std::array<RuntimeScope, 4> kScopes{{{"docker-", "docker"},
                                               {"cri-containerd-", "containerd"},
                                               {"libpod-", "podman"},
                                               {"crio-", "crio"}}};

constexpr std::array<std::string_view, 3> kUnitSuffixes{".service", ".scope", ".slice"};

bool IsContainerId(std::string_view text) {
  return text.size() == kContainerIdDigits &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// Takes the last component off `path`.
std::string_view TakeLast(std::string_view& path) {
  const auto slash = path.rfind('/');
  const std::string_view last = path.substr(slash + 1);
  path = slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
  return last;
}

/// "…-pod0a1b_2c.slice" or "pod0a1b-2c" → "0a1b-2c".
std::string PodOf(std::string_view parent) {
  const auto at = parent.rfind("pod");
  const bool starts = at == 0 || (at != std::string_view::npos && parent[at - 1] == '-');
  if (!starts) return {};
  std::string_view uid = parent.substr(at + 3);
  if (uid.ends_with(".slice")) uid.remove_suffix(6);
  std::string out(uid);
  std::replace(out.begin(), out.end(), '_', '-');
  return out;
}

CgroupIdentity Container(std::string_view runtime, std::string_view id, std::string_view parents) {
  const bool kube = parents.find("kubepods") != std::string_view::npos;
  std::string_view rest = parents;
  return {std::string(id.substr(0, kShortIdDigits)), std::string(runtime), std::string(id),
          kube ? PodOf(TakeLast(rest)) : std::string{}};
}

std::optional<CgroupIdentity> ScopedContainer(std::string_view last, std::string_view parents) {
  std::string_view id = last;
  if (id.ends_with(".scope")) id.remove_suffix(6);
  for (const RuntimeScope& scope : kScopes) {
    if (id.starts_with(scope.prefix) && IsContainerId(id.substr(scope.prefix.size()))) {
      return Container(scope.runtime, id.substr(scope.prefix.size()), parents);
    }
  }
  return std::nullopt;
}

/// The cgroupfs layouts: the id alone is the component, its parent tells the runtime.
std::optional<CgroupIdentity> BareContainer(std::string_view last, std::string_view parents) {
  if (!IsContainerId(last)) return std::nullopt;
  const bool docker = parents == "/docker" || parents.ends_with("/docker");
  return Container(docker ? "docker" : "containerd", last, parents);
}

std::optional<CgroupIdentity> LxcContainer(std::string_view last, std::string_view parents) {
  std::string_view name;
  if (last.starts_with("lxc.payload.")) name = last.substr(12);
  if (parents == "/lxc") name = last;
  if (name.empty()) return std::nullopt;
  return CgroupIdentity{std::string(name), "lxc", std::string(name), {}};
}

}  // namespace

std::string UnescapeUnit(std::string_view name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    unsigned byte = 0;
    if (name.substr(i, 2) == "\\x" && i + 4 <= name.size() &&
        std::from_chars(name.data() + i + 2, name.data() + i + 4, byte, 16).ptr ==
            name.data() + i + 4) {
      out += static_cast<char>(byte);
      i += 3;
    } else {
      out += name[i];
    }
  }
  return out;
}

std::optional<CgroupIdentity> IdentifyCgroup(std::string_view path) {
  std::string_view parents = path;
  const std::string_view last = TakeLast(parents);
  if (last.empty()) return std::nullopt;
  if (auto container = ScopedContainer(last, parents)) return container;
  if (auto container = BareContainer(last, parents)) return container;
  if (auto container = LxcContainer(last, parents)) return container;
  // The kubelet's slices only hold its pods.
  if (path.find("kubepods") != std::string_view::npos) return std::nullopt;
  for (const std::string_view suffix : kUnitSuffixes) {
    if (last.size() > suffix.size() && last.ends_with(suffix)) {
      return CgroupIdentity{UnescapeUnit(last), {}, {}, {}};
    }
  }
  return std::nullopt;
}

}  // namespace tocsin
