# SPDX-License-Identifier: Apache-2.0
# nvcc, and one way to give it kernel files. See core/backend.h for what such a file looks like.

if(PLUVIA_WITH_CUDA)
  # One architecture by default: its machine code, and PTX that newer GPUs translate at first use.
  if(NOT CMAKE_CUDA_ARCHITECTURES)
    set(CMAKE_CUDA_ARCHITECTURES 75 CACHE STRING "compute capabilities, e.g. 90 or native")
  endif()
  enable_language(CUDA)
  # CMake 3.25 does not know this standard for nvcc 13; asked for earlier, its compiler check fails.
  set(CMAKE_CUDA_STANDARD 20)
  set(CMAKE_CUDA_STANDARD_REQUIRED ON)
  set(CMAKE_CUDA_EXTENSIONS OFF)
  if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)
    set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION "-std=c++20")
  endif()
  find_package(CUDAToolkit 12 REQUIRED)
  # No contraction to fma, as on the CPU: content must be equal. A kernel that calls a function of the
  # host gets a warning and code that does nothing: an error.
  target_compile_options(pluvia_options INTERFACE
    $<$<COMPILE_LANGUAGE:CUDA>:--extended-lambda --fmad=false --expt-relaxed-constexpr
    --Werror=cross-execution-space-call>)
endif()

# pluvia_kernels(TARGET FILES...): compiles each file with the host compiler, and in CUDA builds
# once more with nvcc.
function(pluvia_kernels target)
  foreach(file ${ARGN})
    target_sources(${target} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}/${file}")
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      # Moving a sum into the one arm of a choice that needs it makes a branch, and a loop over
      # pixels with branches in it does not vectorise; joining two turns of a loop over shapes into
      # one, or exchanging the two loops, keeps the loop over pixels inside it scalar. So does
      # writing out a loop over 8 or 16 pixels before it has been vectorised.
      set_source_files_properties("${CMAKE_CURRENT_SOURCE_DIR}/${file}"
        PROPERTIES COMPILE_OPTIONS
        "-fno-tree-sink;-fno-loop-unroll-and-jam;-fno-loop-interchange")
    endif()
    if(PLUVIA_WITH_CUDA)
      file(RELATIVE_PATH from_root "${PROJECT_SOURCE_DIR}" "${CMAKE_CURRENT_SOURCE_DIR}/${file}")
      string(REPLACE "/" "_" flat "${from_root}")
      set(wrapper "${PROJECT_BINARY_DIR}/cuda/${flat}.cu")
      file(CONFIGURE OUTPUT "${wrapper}" CONTENT "#include \"${from_root}\"\n")
      target_sources(${target} PRIVATE "${wrapper}")
    endif()
  endforeach()
endfunction()
