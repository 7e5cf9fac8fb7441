#include "collectors/ethtool.h"

#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

namespace tocsin {
namespace {

/// Drivers have hundreds of statistics, the largest some thousands.
constexpr std::uint32_t kMaxStatistics = 1 << 16;

class KernelEthtool final : public EthtoolSource {
 public:
  ~KernelEthtool() override {
    if (socket_ >= 0) ::close(socket_);
  }

  int ReadDriver(const std::string& device, ethtool_drvinfo& driver) override {
    driver = {};
    driver.cmd = ETHTOOL_GDRVINFO;
    return Ask(device, &driver);
  }

  int ReadLink(const std::string& device, ethtool_cmd& link) override {
    link = {};
    link.cmd = ETHTOOL_GSET;
    return Ask(device, &link);
  }

  int ReadStatisticNames(const std::string& device, std::uint32_t count,
                         std::vector<std::string>& names) override {
    if (count > kMaxStatistics) return E2BIG;
    ethtool_gstrings head{};
    head.cmd = ETHTOOL_GSTRINGS;
    head.string_set = ETH_SS_STATS;
    head.len = count;
    if (const int error = AskWithHead(device, head, std::size_t{count} * ETH_GSTRING_LEN)) {
      return error;
    }
    names.clear();
    const char* text = reinterpret_cast<const char*>(buffer_.data()) + sizeof head;
    for (std::uint32_t i = 0; i < count; ++i, text += ETH_GSTRING_LEN) {
      names.emplace_back(text, ::strnlen(text, ETH_GSTRING_LEN));
    }
    return 0;
  }

  int ReadStatistics(const std::string& device, std::uint32_t count,
                     std::vector<std::uint64_t>& values) override {
    if (count > kMaxStatistics) return E2BIG;
    ethtool_stats head{};
    head.cmd = ETHTOOL_GSTATS;
    head.n_stats = count;
    if (const int error = AskWithHead(device, head, std::size_t{count} * sizeof(std::uint64_t))) {
      return error;
    }
    values.resize(count);
    std::memcpy(values.data(), reinterpret_cast<const char*>(buffer_.data()) + sizeof head,
                count * sizeof(std::uint64_t));
    return 0;
  }

 private:
  /// A request whose answer follows its header.
  template <class Head>
  int AskWithHead(const std::string& device, const Head& head, std::size_t answer_bytes) {
    const std::size_t words = (sizeof head + answer_bytes) / sizeof(std::uint64_t) + 1;
    if (buffer_.size() < words) buffer_.resize(words);
    std::memcpy(buffer_.data(), &head, sizeof head);
    return Ask(device, buffer_.data());
  }

  int Ask(const std::string& device, void* request) {
    if (socket_ < 0) socket_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket_ < 0) return errno;
    if (device.size() >= IFNAMSIZ) return ENODEV;
    ifreq message{};
    device.copy(message.ifr_name, IFNAMSIZ - 1);
    message.ifr_data = static_cast<char*>(request);
    return ::ioctl(socket_, SIOCETHTOOL, &message) == 0 ? 0 : errno;
  }

  int socket_ = -1;
  std::vector<std::uint64_t> buffer_;  // aligned for the kernel's structs
};

}  // namespace

std::unique_ptr<EthtoolSource> MakeEthtoolSource() { return std::make_unique<KernelEthtool>(); }

}  // namespace tocsin
