# SPDX-License-Identifier: Apache-2.0
# Language level, warnings and sanitizers as INTERFACE targets, and one way to add a library.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
# No fast-math, no -march=native: content must be equal on every supported machine.
set(CMAKE_CXX_FLAGS_RELEASE "-O3 -DNDEBUG")
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g -DNDEBUG")

# Programs and the libraries they load lie side by side and find each other wherever they are moved.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")
set(CMAKE_BUILD_RPATH_USE_ORIGIN ON)
set(CMAKE_INSTALL_RPATH "$ORIGIN;$ORIGIN/../lib")

add_library(pluvia_options INTERFACE)
target_include_directories(pluvia_options INTERFACE "${PROJECT_SOURCE_DIR}")
target_compile_options(pluvia_options INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-ffp-contract=off -fno-math-errno -fno-trapping-math>)

add_library(pluvia_warnings INTERFACE)
target_compile_options(pluvia_warnings INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast
  -Wcast-align -Woverloaded-virtual -Wdouble-promotion -Wimplicit-fallthrough>
  # g++ 12 sees overlapping copies in std::string's operator+ that are not there (GCC bug 105651).
  $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CXX_COMPILER_ID:GNU>>:-Wno-restrict>)
option(PLUVIA_WERROR "treat warnings as errors (the presets do)" OFF)
if(PLUVIA_WERROR)
  target_compile_options(pluvia_warnings INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Werror>)
endif()

set(PLUVIA_SANITIZE "" CACHE STRING "comma list for -fsanitize=, e.g. address,undefined")
add_library(pluvia_sanitizers INTERFACE)
if(PLUVIA_SANITIZE)
  target_compile_options(pluvia_sanitizers INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-fsanitize=${PLUVIA_SANITIZE} -fno-omit-frame-pointer -g>)
  target_link_options(pluvia_sanitizers INTERFACE -fsanitize=${PLUVIA_SANITIZE})
endif()

if(PLUVIA_FUZZ)
  # Coverage in every library, so that the fuzzer sees which inputs lead further.
  target_compile_options(pluvia_sanitizers INTERFACE -fsanitize=fuzzer-no-link)
  target_link_options(pluvia_sanitizers INTERFACE -fsanitize=fuzzer-no-link)
endif()

# pluvia_library(NAME [SHARED] FILES...): a room of the house.
function(pluvia_library name)
  cmake_parse_arguments(ARG "SHARED" "" "" ${ARGN})
  if(ARG_SHARED)
    add_library(${name} SHARED ${ARG_UNPARSED_ARGUMENTS})
  else()
    add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  endif()
  target_link_libraries(${name} PUBLIC pluvia_options pluvia_sanitizers PRIVATE pluvia_warnings)
endfunction()
