#include "rules/data_age.h"

namespace tocsin {

milliseconds DataAge::At(const Moment& now) {
  const auto step = (now.wall - last_.wall) - (now.mono - last_.mono);
  if (std::chrono::abs(step) > kTolerated) since_ = now.mono;
  last_ = now;
  return std::chrono::duration_cast<milliseconds>(now.mono - since_);
}

}  // namespace tocsin
