#include "collectors/cgroup/cgroup_path.h"

#include <gtest/gtest.h>

namespace tocsin {
namespace {

const std::string kId(64, 'a');
const std::string kShort(12, 'a');

void ExpectContainer(const std::string& path, const std::string& runtime,
                     const std::string& pod = "") {
  SCOPED_TRACE(path);
  const auto identity = IdentifyCgroup(path);
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->runtime, runtime);
  EXPECT_EQ(identity->container, kId);
  EXPECT_EQ(identity->name, kShort);
  EXPECT_EQ(identity->pod, pod);
}

TEST(CgroupPathTest, TellsContainersOfEveryLayout) {
  ExpectContainer("/docker/" + kId, "docker");
  ExpectContainer("/system.slice/docker-" + kId + ".scope", "docker");
  ExpectContainer("/machine.slice/libpod-" + kId + ".scope", "podman");
  ExpectContainer(
      "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + kId + ".scope",
      "podman");
  ExpectContainer("/default/" + kId, "containerd");
  ExpectContainer(
      "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod12_34.slice/"
      "cri-containerd-" +
          kId + ".scope",
      "containerd", "12-34");
  ExpectContainer("/kubepods/besteffort/pod12-34/" + kId, "containerd", "12-34");
  ExpectContainer("/kubepods.slice/kubepods-pod9_9.slice/crio-" + kId + ".scope", "crio", "9-9");
  EXPECT_EQ(IdentifyCgroup("/lxc/web")->name, "web");
  EXPECT_EQ(IdentifyCgroup("/lxc.payload.web")->runtime, "lxc");
}

TEST(CgroupPathTest, TellsUnits) {
  EXPECT_EQ(IdentifyCgroup("/system.slice/cron.service")->name, "cron.service");
  EXPECT_EQ(IdentifyCgroup("/system.slice")->name, "system.slice");
  EXPECT_EQ(IdentifyCgroup("/init.scope")->name, "init.scope");
  EXPECT_EQ(IdentifyCgroup("/system.slice/a\\x2db.service")->name, "a-b.service");
  EXPECT_EQ(IdentifyCgroup("/system.slice/a\\x2.service")->name, "a\\x2.service");
}

TEST(CgroupPathTest, LeavesOutWhatIsNeither) {
  for (const char* path :
       {"", "/", "/system.slice/cron.service/child", "/kubepods.slice",
        "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod12_34.slice",
        "/system.slice/docker-short.scope/init", "/docker", "/.service", "/kubepods/pod1-2"}) {
    EXPECT_EQ(IdentifyCgroup(path), std::nullopt) << path;
  }
  EXPECT_EQ(IdentifyCgroup("/docker/" + kId + "/child"), std::nullopt);
}

}  // namespace
}  // namespace tocsin
