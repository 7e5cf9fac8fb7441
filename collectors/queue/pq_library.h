#pragma once
// libpq's functions, found at run time: linked in, it and what it needs (OpenSSL, Kerberos) would
// cost every agent memory. Only sources that speak to libpq include this.

#include <libpq-fe.h>

#include "base/result.h"

namespace tocsin {

// Every function that is called, and what it is called here.
// clang-format off
#define TOCSIN_PQ_FUNCTIONS(X) \
  X(PQconnectStartParams, connect_start_params) \
  X(PQconnectPoll, connect_poll) \
  X(PQsocket, socket) \
  X(PQstatus, status) \
  X(PQfinish, finish) \
  X(PQerrorMessage, error_message) \
  X(PQserverVersion, server_version) \
  X(PQconnectionNeedsPassword, connection_needs_password) \
  X(PQconnectionUsedPassword, connection_used_password) \
  X(PQsetNoticeReceiver, set_notice_receiver) \
  X(PQsetnonblocking, set_nonblocking) \
  X(PQsendQuery, send_query) \
  X(PQsendQueryParams, send_query_params) \
  X(PQsetSingleRowMode, set_single_row_mode) \
  X(PQflush, flush) \
  X(PQconsumeInput, consume_input) \
  X(PQisBusy, is_busy) \
  X(PQgetResult, get_result) \
  X(PQresultStatus, result_status) \
  X(PQresultErrorField, result_error_field) \
  X(PQresultErrorMessage, result_error_message) \
  X(PQclear, clear) \
  X(PQntuples, ntuples) \
  X(PQnfields, nfields) \
  X(PQfname, fname) \
  X(PQgetvalue, getvalue) \
  X(PQgetlength, getlength) \
  X(PQgetisnull, getisnull)
// clang-format on

struct PqLibrary {
#define TOCSIN_PQ_MEMBER(name, member) decltype(&::name) member;
  TOCSIN_PQ_FUNCTIONS(TOCSIN_PQ_MEMBER)
#undef TOCSIN_PQ_MEMBER

  /// Loads libpq.so.5 once; it then stays for the life of the process. Thread-safe.
  /// Errors: kUnsupported, saying what to install; tried anew at the next call.
  static Result<const PqLibrary*> Load();
};

}  // namespace tocsin
