# How a room, a test binary, a benchmark and a fuzzer are declared.

add_library(tocsin_flags INTERFACE)
target_compile_options(tocsin_flags INTERFACE
  -Wall -Wextra -Wconversion -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Werror)
target_include_directories(tocsin_flags INTERFACE ${PROJECT_SOURCE_DIR})
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  target_compile_options(tocsin_flags INTERFACE -Wthread-safety)
else()
  # GCC 12 reports these inside its own std::string and std::variant when it optimises.
  target_compile_options(tocsin_flags INTERFACE
    -Wno-restrict -Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-array-bounds)
endif()
if(TOCSIN_SANITIZE)
  target_compile_options(tocsin_flags INTERFACE
    -fsanitize=${TOCSIN_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(tocsin_flags INTERFACE -fsanitize=${TOCSIN_SANITIZE})
  target_compile_definitions(tocsin_flags INTERFACE TOCSIN_SANITIZED=1)
endif()

# tocsin_room(<name> [COLD] SOURCES … [DEPS …] [PRIVATE_DEPS …])
# COLD: runs seldom, so it is built for size (TOCSIN_COLD_FLAGS) and costs less resident memory.
function(tocsin_room name)
  cmake_parse_arguments(ARG "COLD" "" "SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  add_library(tocsin_${name} STATIC ${ARG_SOURCES})
  if(ARG_COLD)
    separate_arguments(flags UNIX_COMMAND "${TOCSIN_COLD_FLAGS}")
    target_compile_options(tocsin_${name} PRIVATE ${flags})
  endif()
  target_link_libraries(tocsin_${name} PUBLIC tocsin_flags ${ARG_DEPS} PRIVATE ${ARG_PRIVATE_DEPS})
endfunction()

# tocsin_test(<room> [THREADED] SOURCES … [DEPS …]): one binary a room, tests/<room>/*_test.cc.
# THREADED tests are also run under TSan by scripts/test.
function(tocsin_test name)
  if(NOT TOCSIN_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "THREADED" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name}_tests ${ARG_SOURCES})
  target_link_libraries(${name}_tests PRIVATE tocsin_flags ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name}_tests PRIVATE TOCSIN_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  # Where scripts/test looks for it, whichever folder it was declared in.
  set_target_properties(${name}_tests PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/${name})
  set(labels unit)
  if(ARG_THREADED)
    list(APPEND labels threaded)
  endif()
  add_test(NAME ${name}_tests COMMAND ${name}_tests)
  set_tests_properties(${name}_tests PROPERTIES LABELS "${labels}" TIMEOUT 300)
endfunction()

# tocsin_bench(<name> SOURCES … [DEPS …])
function(tocsin_bench name)
  if(NOT TOCSIN_BENCH)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  find_package(benchmark REQUIRED)
  add_executable(${name}_bench ${ARG_SOURCES})
  target_link_libraries(${name}_bench PRIVATE tocsin_flags ${ARG_DEPS} benchmark::benchmark benchmark::benchmark_main)
  target_compile_definitions(${name}_bench PRIVATE TOCSIN_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
endfunction()

# tocsin_fuzz(<name> SOURCE <file> [DEPS …]): a libFuzzer binary fuzz_<name>; its seeds are in
# tests/fuzz/corpus/<name>/.
function(tocsin_fuzz name)
  if(NOT TOCSIN_FUZZ)
    return()
  endif()
  cmake_parse_arguments(ARG "" "SOURCE" "DEPS" ${ARGN})
  if(NOT TARGET fuzzers)
    add_custom_target(fuzzers)
  endif()
  add_dependencies(fuzzers fuzz_${name})
  add_executable(fuzz_${name} EXCLUDE_FROM_ALL ${ARG_SOURCE})
  target_link_libraries(fuzz_${name} PRIVATE tocsin_flags ${ARG_DEPS})
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
endfunction()
