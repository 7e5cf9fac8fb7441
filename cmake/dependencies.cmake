# Every library is a Debian package (scripts/packages). Those with a static archive are linked
# statically: each shared object costs the agent 100-300 KB of resident memory.

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
# Header-only: as shared objects they keep half a megabyte resident.
find_package(spdlog REQUIRED)
find_package(fmt REQUIRED)
find_package(prometheus-cpp REQUIRED)
find_package(ZLIB REQUIRED)
pkg_check_modules(SIMDJSON REQUIRED IMPORTED_TARGET simdjson)

# tocsin_static_archive(<name> <archive> [header directory relative to the system's])
function(tocsin_static_archive name archive)
  find_library(${name}_ARCHIVE NAMES ${archive} REQUIRED)
  add_library(tocsin_dep_${name} INTERFACE)
  target_link_libraries(tocsin_dep_${name} INTERFACE ${${name}_ARCHIVE} Threads::Threads)
endfunction()
tocsin_static_archive(yaml libyaml-cpp.a)
tocsin_static_archive(re2 libre2.a)
tocsin_static_archive(sqlite libsqlite3.a)
tocsin_static_archive(z libz.a)
tocsin_static_archive(hiredis libhiredis.a)

find_path(CIVETWEB_INCLUDE_DIR civetweb.h REQUIRED)
find_library(CIVETWEB_LIBRARY civetweb REQUIRED)
add_library(tocsin_dep_civetweb INTERFACE)
target_include_directories(tocsin_dep_civetweb SYSTEM INTERFACE ${CIVETWEB_INCLUDE_DIR})
target_link_libraries(tocsin_dep_civetweb INTERFACE ${CIVETWEB_LIBRARY})

find_package(CLI11 REQUIRED)
