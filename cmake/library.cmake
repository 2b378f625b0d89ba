# gatehouse_library(NAME USES floor... [LINKS target...] [BOTH_ENGINES]): one static library per
# folder from every .cc in it (and in its subfolders), and one test program from every _test.cc.
# With GATEHOUSE_FUZZ, each x_fuzz.cc also becomes the fuzz target x_fuzz.
#
# BOTH_ENGINES: the tests stand on storage/test_databases.h, and run a second time on PostgreSQL.
#
# The target unit_tests builds all test programs, the target fuzzers all fuzz targets.
add_custom_target(unit_tests)
add_custom_target(fuzzers)

function(gatehouse_library name)
  cmake_parse_arguments(arg "BOTH_ENGINES" "" "USES;LINKS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  set(fuzzers ${sources})
  list(FILTER fuzzers INCLUDE REGEX "_fuzz\\.cc$")
  list(FILTER sources EXCLUDE REGEX "(_test|_fuzz|/main)\\.cc$")
  list(TRANSFORM arg_USES PREPEND gatehouse_)

  if(sources)
    add_library(gatehouse_${name} STATIC ${sources})
    target_include_directories(gatehouse_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(gatehouse_${name} PUBLIC ${arg_USES} ${arg_LINKS})
    target_precompile_headers(gatehouse_${name} PRIVATE ${PROJECT_SOURCE_DIR}/cmake/precompiled.h)
  else()
    add_library(gatehouse_${name} INTERFACE)
    target_include_directories(gatehouse_${name} INTERFACE ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(gatehouse_${name} INTERFACE ${arg_USES} ${arg_LINKS})
  endif()

  if(tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE gatehouse_${name} GTest::gmock GTest::gtest_main)
    # Built once and run once: what they cost to compile counts for more than how quick they are.
    target_compile_options(${name}_test PRIVATE $<IF:$<CXX_COMPILER_ID:Clang>,-O0,-Og>)
    target_precompile_headers(${name}_test PRIVATE ${PROJECT_SOURCE_DIR}/cmake/precompiled.h
                              <gtest/gtest.h>)
    add_test(NAME ${name} COMMAND ${name}_test)
    if(arg_BOTH_ENGINES)
      add_test(NAME ${name}_postgresql COMMAND ${name}_test)
      set_tests_properties(${name}_postgresql PROPERTIES
                           ENVIRONMENT GATEHOUSE_TEST_ENGINE=postgresql)
    endif()
    add_dependencies(unit_tests ${name}_test)
  endif()

  if(GATEHOUSE_FUZZ)
    foreach(fuzzer IN LISTS fuzzers)
      cmake_path(GET fuzzer STEM target)
      add_executable(${target} ${fuzzer})
      target_link_libraries(${target} PRIVATE gatehouse_${name})
      target_link_options(${target} PRIVATE -fsanitize=fuzzer)
      set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
      add_dependencies(fuzzers ${target})
    endforeach()
  endif()
endfunction()
