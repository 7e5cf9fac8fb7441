// A web configuration file: parsed or refused with a position.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "agent/web/bcrypt.h"
#include "agent/web/web_config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto config = tocsin::web::ParseWebConfig(text, "web.yml");
  if (!config) return 0;
  for (const auto& [name, hash] : config->users) {
    if (!tocsin::web::IsBcryptHash(hash)) std::abort();
  }
  if (config->tls && (config->tls->certificate.empty() || config->tls->key.empty())) std::abort();
  return 0;
}
