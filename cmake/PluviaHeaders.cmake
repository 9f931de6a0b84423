# SPDX-License-Identifier: Apache-2.0
# Every header compiles alone: one generated file per header that includes it and nothing else.
# Headers of parts that are switched off, and those that need LibTorch's precompiled header, are
# left to the files that include them.

# pluvia_check_headers(ROOM...): an object library that fails to build when a header leans on others.
function(pluvia_check_headers)
  add_library(pluvia_headers OBJECT)
  foreach(room ${ARGN})
    file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}"
      "${PROJECT_SOURCE_DIR}/${room}/*.h")
    foreach(header ${headers})
      if(header MATCHES "torch_pch\\.h$")
        continue()
      endif()
      file(READ "${PROJECT_SOURCE_DIR}/${header}" text)
      if((NOT PLUVIA_WITH_HDF5 AND header MATCHES "^(datasets/(store|preview)|eval/harness)/")
          OR (NOT PLUVIA_WITH_LIBAV AND text MATCHES "#include <lib(av|sw)")
          OR (NOT PLUVIA_WITH_OPENCV AND text MATCHES "#include <opencv2")
          OR text MATCHES "#include <(torch|ATen|c10)/" OR text MATCHES "torch_pch\\.h\"")
        continue()
      endif()
      string(REPLACE "/" "_" flat "${header}")
      set(file "${PROJECT_BINARY_DIR}/headers/${flat}.cpp")
      # Twice: the second time only its guard may answer.
      file(CONFIGURE OUTPUT "${file}" CONTENT
        "#include \"${header}\"\n#include \"${header}\"\n")
      target_sources(pluvia_headers PRIVATE "${file}")
    endforeach()
  endforeach()
  target_compile_definitions(pluvia_headers PRIVATE PLUVIA_VERSION="${PROJECT_VERSION}")
  target_compile_options(pluvia_headers PRIVATE -O0)
  target_link_libraries(pluvia_headers PRIVATE pluvia_core CLI11::CLI11 pluvia_warnings)
  foreach(other pluvia_store pluvia_media)
    if(TARGET ${other})
      target_link_libraries(pluvia_headers PRIVATE ${other})
    endif()
  endforeach()
endfunction()
