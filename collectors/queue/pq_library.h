#pragma once
// libpq's functions, found at run time: linked in, it and what it needs (OpenSSL, Kerberos) would
// cost every agent memory. Only sources that speak to libpq include this.

#include <libpq-fe.h>

#include "base/result.h"

namespace tocsin {

struct PqLibrary {
  decltype(&::PQconnectStartParams) connect_start_params;
  decltype(&::PQconnectPoll) connect_poll;
  decltype(&::PQsocket) socket;
  decltype(&::PQstatus) status;
  decltype(&::PQfinish) finish;
  decltype(&::PQerrorMessage) error_message;
  decltype(&::PQserverVersion) server_version;
  decltype(&::PQconnectionNeedsPassword) connection_needs_password;
  decltype(&::PQconnectionUsedPassword) connection_used_password;
  decltype(&::PQsetNoticeReceiver) set_notice_receiver;
  decltype(&::PQsetnonblocking) set_nonblocking;
  decltype(&::PQsendQuery) send_query;
  decltype(&::PQsendQueryParams) send_query_params;
  decltype(&::PQsetSingleRowMode) set_single_row_mode;
  decltype(&::PQflush) flush;
  decltype(&::PQconsumeInput) consume_input;
  decltype(&::PQisBusy) is_busy;
  decltype(&::PQgetResult) get_result;
  decltype(&::PQresultStatus) result_status;
  decltype(&::PQresultErrorField) result_error_field;
  decltype(&::PQresultErrorMessage) result_error_message;
  decltype(&::PQclear) clear;
  decltype(&::PQntuples) ntuples;
  decltype(&::PQnfields) nfields;
  decltype(&::PQfname) fname;
  decltype(&::PQgetvalue) getvalue;
  decltype(&::PQgetlength) getlength;
  decltype(&::PQgetisnull) getisnull;

  /// Loads libpq.so.5 once; it then stays for the life of the process. Thread-safe.
  /// Errors: kUnsupported, saying what to install; tried anew at the next call.
  static Result<const PqLibrary*> Load();
};

}  // namespace tocsin
