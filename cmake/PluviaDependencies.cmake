# SPDX-License-Identifier: Apache-2.0
# Every third-party package, as one imported target each, looked for only when its feature is on.

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(nlohmann_json 3.10 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
find_package(PNG REQUIRED)
find_package(JPEG REQUIRED)
pkg_check_modules(LIBDEFLATE REQUIRED IMPORTED_TARGET libdeflate)

if(PLUVIA_WITH_HDF5)
  pkg_check_modules(HDF5 IMPORTED_TARGET hdf5)
  if(NOT HDF5_FOUND)
    message(FATAL_ERROR "HDF5 not found: install libhdf5-dev, or configure with -DPLUVIA_WITH_HDF5=OFF")
  endif()
endif()

if(PLUVIA_WITH_LIBAV)
  pkg_check_modules(LIBAV REQUIRED IMPORTED_TARGET libavformat libavcodec libavutil libswscale)
endif()

if(PLUVIA_WITH_OPENCV)
  # Debian's module packages carry no CMake configuration; the complete one pulls in 200 packages.
  find_path(OPENCV_INCLUDE opencv2/core.hpp PATH_SUFFIXES opencv4 REQUIRED)
  foreach(module core imgproc imgcodecs)
    find_library(OPENCV_${module}_LIBRARY opencv_${module} REQUIRED)
    add_library(pluvia_opencv_${module} INTERFACE)
    target_include_directories(pluvia_opencv_${module} SYSTEM INTERFACE "${OPENCV_INCLUDE}")
    target_link_libraries(pluvia_opencv_${module} INTERFACE "${OPENCV_${module}_LIBRARY}")
  endforeach()
endif()

if(PLUVIA_BUILD_TESTS)
  find_package(GTest REQUIRED)
endif()
if(PLUVIA_BUILD_BENCHMARKS)
  find_package(benchmark REQUIRED)
endif()
