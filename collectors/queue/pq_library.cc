#include "collectors/queue/pq_library.h"

#include "base/shared_library.h"

namespace tocsin {
namespace {

Status Fill(PqLibrary& pq) {
  TRY_ASSIGN(const SharedLibrary library, SharedLibrary::Load("libpq.so.5", "libpq5"));
#define TOCSIN_PQ_FIND(name, member) &&library.Find(#name, pq.member)
  const bool complete = true TOCSIN_PQ_FUNCTIONS(TOCSIN_PQ_FIND);
#undef TOCSIN_PQ_FIND
  if (complete) return Unit{};
  return Error{Errc::kUnsupported, "libpq.so.5 is too old: PostgreSQL 9.2's or later is needed"};
}

}  // namespace

Result<const PqLibrary*> PqLibrary::Load() { return FilledOnce(Fill); }

}  // namespace tocsin
