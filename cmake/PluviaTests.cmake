# SPDX-License-Identifier: Apache-2.0
# pluvia_test(NAME LABELS a b FILES... LIBS ...): one test program; its cases are named NAME.case.
function(pluvia_test name)
  cmake_parse_arguments(ARG "" "" "FILES;LIBS;LABELS" ${ARGN})
  if(NOT ARG_LABELS)
    set(ARG_LABELS fast)
  endif()
  add_executable(${name} ${ARG_FILES})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
  target_link_libraries(${name} PRIVATE ${ARG_LIBS} GTest::gtest GTest::gtest_main pluvia_warnings)
  target_compile_definitions(${name} PRIVATE
    PLUVIA_SOURCE_DIR="${PROJECT_SOURCE_DIR}" PLUVIA_BINARY_DIR="${PROJECT_BINARY_DIR}")
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT 300)
endfunction()
