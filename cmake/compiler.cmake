# Language, warnings, optimisation and sanitizers, the same for every target.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)

set(GATEHOUSE_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize takes them; clang only")
option(GATEHOUSE_FUZZ "Build the fuzz targets (clang only)" OFF)

add_compile_options(-Wall -Wextra -Wconversion -Wshadow -Werror -g1)
# clang runs sanitizers and fuzzers; g++ alone judges conversions, of which clang warns differently.
add_compile_options($<$<CXX_COMPILER_ID:Clang>:-Wno-conversion>)
add_compile_options($<$<CXX_COMPILER_ID:GNU>:-fcoroutines>)
# g++ 12 takes `std::string(view) + "text"` for an overflow (GCC bugs 105329, 105651).
add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds>
                    $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)

# Coroutines resume each other by tail calls; without this a debug build turns a long chain of
# ready awaits into a deep stack.
add_compile_options($<$<CXX_COMPILER_ID:GNU>:-foptimize-sibling-calls>)
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(CMAKE_CXX_FLAGS_DEBUG "-Og")
else()
  set(CMAKE_CXX_FLAGS_DEBUG "-O1")
endif()

if(GATEHOUSE_SANITIZE)
  add_compile_options(-fsanitize=${GATEHOUSE_SANITIZE} -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${GATEHOUSE_SANITIZE})
endif()

if(GATEHOUSE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
  # ccache reads a precompiled header only if the preprocessor names it.
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
  # clang writes the time into a precompiled header, which would make each one look different.
  add_compile_options("$<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>")
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()
