#include "collectors/response/probe/failure.h"

namespace tocsin::probe {
namespace {

Reason FromNet(net::Reason reason) {
  switch (reason) {
    case net::Reason::kResolve:
      return Reason::kResolve;
    case net::Reason::kConnect:
      return Reason::kConnect;
    case net::Reason::kTimeout:
      return Reason::kTimeout;
    case net::Reason::kTls:
      return Reason::kTls;
    case net::Reason::kAuth:
      return Reason::kAuth;
    case net::Reason::kClosed:
      return Reason::kClosed;
    case net::Reason::kTooLarge:
      return Reason::kTooLarge;
    case net::Reason::kRedirect:
      return Reason::kRedirect;
    case net::Reason::kStatus:
    case net::Reason::kRefused:
      return Reason::kStatus;
    case net::Reason::kProtocol:
    case net::Reason::kContent:
      return Reason::kProtocol;
    case net::Reason::kLocal:
      return Reason::kLocal;
  }
  return Reason::kLocal;
}

}  // namespace

Failure FromNet(const net::Failure& failure) { return {FromNet(failure.reason), failure.message}; }

}  // namespace tocsin::probe
