# SPDX-License-Identifier: Apache-2.0
# Wherever the build folder lies.
set(pluvia_manifests "PLUVIA_MANIFESTS=${PROJECT_SOURCE_DIR}/manifests")

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
  gtest_discover_tests(${name} NO_PRETTY_VALUES DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT 300 ENVIRONMENT "${pluvia_manifests}")
endfunction()

# pluvia_python_test(NAME SCRIPT ARGS...): a script that exits with 0. PLUVIA_ORACLE_PYTHON, which
# scripts/build sets, also has numpy and h5py; tests that compare with those skip where it lacks them.
set(PLUVIA_ORACLE_PYTHON "" CACHE FILEPATH "Python of the tests; empty: the system's")
if(PLUVIA_ORACLE_PYTHON)
  set(pluvia_python "${PLUVIA_ORACLE_PYTHON}")
else()
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  set(pluvia_python "${Python3_EXECUTABLE}")
endif()
set(PLUVIA_SKIPPED 77)
function(pluvia_python_test name script)
  add_test(NAME ${name} COMMAND "${pluvia_python}" "${CMAKE_CURRENT_SOURCE_DIR}/${script}" ${ARGN})
  set_tests_properties(${name} PROPERTIES
    LABELS fast TIMEOUT 300 SKIP_RETURN_CODE ${PLUVIA_SKIPPED}
    ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1;${pluvia_manifests}")
endfunction()
