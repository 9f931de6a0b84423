# SPDX-License-Identifier: Apache-2.0
# LibTorch as the imported target `pluvia_torch`, made from a Python package's folder.
#
# Torch's own CMake package is not used: that of a CUDA build refuses to configure without a CUDA
# toolkit, and its link line drags in everything. What is needed is two include folders and two
# libraries. The CUDA half of such a build is opened at run time where there is a GPU
# (models/torch_cuda.cpp), so one build serves machines with and without one.

set(PLUVIA_TORCH "$ENV{PLUVIA_TORCH}" CACHE STRING
  "site-packages/torch of some Python, or that Python; empty: what scripts/build installed")

# Where the package of interpreter `python` lies; found without importing it, which takes seconds.
function(pluvia_torch_of_python python out)
  execute_process(
    COMMAND "${python}" -c "import importlib.util as u; print(u.find_spec('torch').submodule_search_locations[0])"
    OUTPUT_VARIABLE place RESULT_VARIABLE status OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "PLUVIA_TORCH=${python} is a Python that has no torch package")
  endif()
  set(${out} "${place}" PARENT_SCOPE)
endfunction()

set(torch_dir "${PLUVIA_TORCH}")
if(NOT torch_dir)
  set(cache "$ENV{PLUVIA_CACHE}")
  if(NOT cache AND DEFINED ENV{XDG_CACHE_HOME} AND NOT "$ENV{XDG_CACHE_HOME}" STREQUAL "")
    set(cache "$ENV{XDG_CACHE_HOME}/pluvia")
  elseif(NOT cache)
    set(cache "$ENV{HOME}/.cache/pluvia")
  endif()
  file(GLOB found "${cache}/torch-*/lib/python3*/site-packages/torch")
  list(SORT found COMPARE NATURAL ORDER DESCENDING)
  list(APPEND found "")
  list(GET found 0 torch_dir)
elseif(NOT IS_DIRECTORY "${torch_dir}")
  pluvia_torch_of_python("${torch_dir}" torch_dir)
endif()

if(NOT EXISTS "${torch_dir}/lib/libtorch_cpu.so")
  message(FATAL_ERROR "LibTorch not found (${torch_dir}/lib/libtorch_cpu.so): run scripts/build, "
    "which installs it, or set PLUVIA_TORCH to site-packages/torch or a Python that has it, or "
    "configure with -DPLUVIA_WITH_TORCH=OFF")
endif()
set(PLUVIA_TORCH_DIR "${torch_dir}")

file(STRINGS "${torch_dir}/version.py" line REGEX "^__version__ = ")
string(REGEX REPLACE ".*'([^']*)'.*" "\\1" PLUVIA_TORCH_VERSION "${line}")
if(PLUVIA_TORCH_VERSION VERSION_LESS 2.11)
  message(FATAL_ERROR "${torch_dir} is torch ${PLUVIA_TORCH_VERSION}, expected 2.11 or newer")
endif()
message(STATUS "LibTorch ${PLUVIA_TORCH_VERSION}: ${torch_dir}")

add_library(pluvia_torch INTERFACE)
target_include_directories(pluvia_torch SYSTEM INTERFACE
  "${torch_dir}/include" "${torch_dir}/include/torch/csrc/api/include")
target_link_libraries(pluvia_torch INTERFACE
  "${torch_dir}/lib/libtorch_cpu.so" "${torch_dir}/lib/libc10.so")
# The libraries of a CUDA build are linked to NVIDIA packages beside torch; the linker asks for them.
file(GLOB nvidia_folders "${torch_dir}/../nvidia/*/lib")
foreach(folder "${torch_dir}/lib" ${nvidia_folders})
  target_link_options(pluvia_torch INTERFACE "LINKER:-rpath-link,${folder}")
endforeach()
# std::string in LibTorch's interface has the layout its build chose.
set(config "${torch_dir}/share/cmake/Torch/TorchConfig.cmake")
if(EXISTS "${config}")
  file(STRINGS "${config}" abi REGEX "_GLIBCXX_USE_CXX11_ABI=[01]")
  if(abi MATCHES "_GLIBCXX_USE_CXX11_ABI=0")
    message(FATAL_ERROR "${torch_dir} was built with the old C++ library interface; use torch 2.11 or newer from pip")
  endif()
endif()
